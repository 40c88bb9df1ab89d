"""Every call setting, from the page's attribute or the site's table to what Vaani is sent."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.calls.conftest import ADVANCED, AGENT, Shop, hang_up
from tests.parts.watch import until_event

FROM_THE_PAGE = [
    ("primary_language", "hi", "hi"),
    ("secondary_language", "ta", "ta"),
    ("voice_gender", "male", "male"),
    ("voice_speed", "1.3", 1.3),
    ("welcome_message", "Welcome to the tea shop.", "Welcome to the tea shop."),
    ("welcome_interruptible", "false", False),
    ("bg_noise_enabled", "true", True),
    ("bg_noise_volume", "35", 35),
]


def sent_by_one_call(shop: Shop, page: Page, *, site: str = "shop", **attributes: str) -> dict[str, Any]:
    shop.stack.api.requests.clear()
    page.goto(shop.page(shop.tag(site=site, **attributes)))
    page.get_by_role("button", name="Talk to").click()
    until_event(page, "vaani-call-connected")
    hang_up(page)
    (request,) = shop.stack.api.requests
    body: dict[str, Any] = request.body
    return body


@pytest.mark.parametrize(("name", "written", "sent"), FROM_THE_PAGE, ids=[row[0] for row in FROM_THE_PAGE])
def test_an_attribute_arrives_and_nothing_else_is_sent(
    shop: Shop, visitor: Page, name: str, written: str, sent: object
) -> None:
    body = sent_by_one_call(shop, visitor, **{name: written})
    assert body == {"agent_id": AGENT, "primary_language": "en", name: sent}


def test_metadata_arrives_but_for_keys_that_the_site_does_not_take(shop: Shop, visitor: Page) -> None:
    warnings: list[str] = []
    visitor.on(
        "console", lambda message: warnings.append(message.text) if message.type == "warning" else None
    )
    body = sent_by_one_call(
        shop, visitor, metadata="{&quot;plan&quot;:&quot;gold&quot;,&quot;role&quot;:&quot;admin&quot;}"
    )
    assert body["metadata"] == {"plan": "gold"}
    assert any("metadata.role" in warning for warning in warnings)


def test_what_the_owner_locked_arrives_and_the_page_changes_none_of_it(shop: Shop, visitor: Page) -> None:
    tried = {
        "voice_gender": "female",
        "secondary_language": "ta",
    }
    body = sent_by_one_call(shop, visitor, site="advanced", **tried)
    assert body == {"agent_id": AGENT, **ADVANCED, "websocket_url": shop.stack.livekit.url}
