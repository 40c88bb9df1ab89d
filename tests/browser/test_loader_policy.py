"""Pages with a strict Content-Security-Policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.parts.watch import until_event

NONCE = "r4nd0m"


def policy(server: str, script: str) -> dict[str, str]:
    rules = [
        "default-src 'none'",
        f"script-src 'nonce-{NONCE}'{script}",
        f"style-src 'nonce-{NONCE}'",
        f"connect-src {server}",
        "media-src blob: mediastream:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return {"Content-Security-Policy": "; ".join(rules)}


@pytest.mark.parametrize("script", ["", " 'strict-dynamic'"])
@pytest.mark.parametrize("kind", [f"async nonce={NONCE}", f'type="module" nonce={NONCE}'])
def test_button_and_everything_up_to_the_call(window: Window, script: str, kind: str) -> None:
    window.show(
        window.tag(kind=kind, site="shop", accent_color="#ffd400"), headers=policy(window.server, script)
    )
    expect(window.launcher).to_be_visible()
    style = "widget => getComputedStyle(widget.shadowRoot.querySelector('button')).backgroundColor"
    assert window.element(style) == "rgb(255, 212, 0)"
    window.page.route("**/v1/calls", lambda route: route.abort())
    with window.page.expect_request("**/v1/calls"):
        window.launcher.click()
    until_event(window.page, "vaani-call-start")
    assert window.page.evaluate("seen.violations") == []


def test_policy_is_one_that_bites(window: Window) -> None:
    window.show("<p style='color: red'>Text" + window.tag(site="shop"), headers=policy(window.server, ""))
    window.page.wait_for_function("seen.violations.length >= 2")
    window.ready(0)
