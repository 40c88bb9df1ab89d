"""The same call under the strictest policy a page can set."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.calls.conftest import Shop
from tests.parts.watch import energy, until_event


@pytest.mark.parametrize("dynamic", ["", " 'strict-dynamic'"], ids=["nonce", "strict-dynamic"])
def test_a_call_under_a_nonce_policy_with_trusted_types(shop: Shop, visitor: Page, dynamic: str) -> None:
    live = shop.stack.livekit.url
    policy = (
        f"default-src 'none'; script-src 'nonce-r4nd0m'{dynamic}; style-src 'nonce-r4nd0m';"
        f" connect-src {shop.server} {live} {live.replace('ws', 'http', 1)};"
        " media-src blob: mediastream:; require-trusted-types-for 'script'"
    )
    tag = shop.tag(site="shop").replace("<script", '<script nonce="r4nd0m"')
    visitor.goto(shop.page(tag, {"Content-Security-Policy": policy}))
    visitor.get_by_role("button", name="Talk to").click()
    until_event(visitor, "vaani-state", where="detail.state === 'speaking'")
    until_event(visitor, "vaani-transcript", where="detail.role === 'agent' && detail.final")
    until_event(visitor, "vaani-transcript", where="detail.role === 'visitor' && detail.final", timeout=60)
    assert energy(visitor)["heard"] > 0.01
    assert energy(visitor)["captured"] > 0.01
    visitor.evaluate("document.querySelector('vaani-widget').end()")
    until_event(visitor, "vaani-call-end", where="detail.reason === 'visitor'")
    assert visitor.evaluate("seen.violations") == []
