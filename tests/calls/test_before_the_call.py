"""What must not spend anything, and what must not be noticed."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, Playwright, Route

from tests.calls.conftest import Shop, call, hang_up
from tests.parts import chromium
from tests.parts.watch import WATCH, events, until_event


def test_a_denied_microphone_makes_no_upstream_request(shop: Shop, playwright: Playwright) -> None:
    browser: Browser = chromium.launch(playwright, deny_microphone=True)
    try:
        context = browser.new_context()
        context.add_init_script(WATCH)
        page = context.new_page()
        shop.stack.api.requests.clear()
        page.goto(shop.page(shop.tag(site="shop")))
        page.get_by_role("button", name="Talk to").click()
        until_event(page, "vaani-error", where="detail.code === 'mic_denied'")
        assert shop.stack.api.requests == []
    finally:
        browser.close()


def test_a_stale_token_is_renewed_unnoticed(shop: Shop, visitor: Page) -> None:
    """Pointed at, left for three minutes, then clicked: the server no longer takes the token it holds."""
    shop.stack.api.requests.clear()
    answers: list[tuple[str, int]] = []
    visitor.on("response", lambda answer: answers.append((answer.url.rpartition("/")[2], answer.status)))
    visitor.goto(shop.page(shop.tag(site="shop")))
    button = visitor.get_by_role("button", name="Talk to")
    with visitor.expect_response("**/token"):
        button.hover()
    shop.clock_ahead = 180
    try:
        button.click()
        until_event(visitor, "vaani-call-connected")
    finally:
        shop.clock_ahead = 0
    asked = [answer for answer in answers if answer[0] in ("token", "calls")]
    assert asked == [("token", 201), ("calls", 401), ("token", 201), ("calls", 201)]
    assert len(shop.stack.api.requests) == 1
    assert events(visitor, "vaani-error") == []
    hang_up(visitor)


def test_yesterdays_loader_works_with_todays_server(shop: Shop, visitor: Page) -> None:
    """A tab from before an upgrade asks for chunks by names that are no longer there."""

    def yesterdays(route: Route) -> None:
        answer = route.fetch()
        text = answer.text()
        chunks = set(re.findall(r"-[0-9a-z]{6,8}(?=\.js)", text))
        assert chunks
        for chunk in chunks:
            text = text.replace(chunk, "-00c0ffee")
        route.fulfill(response=answer, body=text)

    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.route("**/widget.js", yesterdays)
    call(shop, visitor)
    assert any("panel-00c0ffee.js" in url for url in asked)
    assert any("livekit-00c0ffee.js" in url for url in asked)
    hang_up(visitor)
