"""What must not spend anything, and what must not be noticed."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Playwright

from tests.calls.conftest import Shop, hang_up
from tests.parts import chromium
from tests.parts.watch import WATCH, until_event


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
    """The page was pointed at, left for three minutes, then clicked: the token it holds is too old."""
    visitor.clock.install()
    visitor.goto(shop.page(shop.tag(site="shop")))
    button = visitor.get_by_role("button", name="Talk to")
    with visitor.expect_response(lambda response: response.url.endswith("/token")):
        button.hover()
        visitor.clock.run_for(200)
    visitor.clock.fast_forward("03:00")
    visitor.clock.resume()
    with visitor.expect_response(lambda response: response.url.endswith("/token")):
        button.click()
    until_event(visitor, "vaani-call-connected")
    hang_up(visitor)


def test_a_token_that_the_server_calls_expired_is_renewed_unnoticed(shop: Shop, visitor: Page) -> None:
    """The two clocks differ: the page thinks its token is fresh, the server does not."""
    refused: list[int] = []

    def refuse_once(route, request) -> None:  # type: ignore[no-untyped-def]
        if refused:
            route.continue_()
            return
        refused.append(401)
        route.fulfill(
            status=401,
            headers={"Access-Control-Allow-Origin": "*", "Content-Type": "application/problem+json"},
            body='{"code":"token_expired","retryable":true,"spent":"no"}',
        )

    visitor.route("**/v1/calls", refuse_once)
    visitor.goto(shop.page(shop.tag(site="shop")))
    visitor.get_by_role("button", name="Talk to").click()
    until_event(visitor, "vaani-call-connected")
    assert refused == [401]
    hang_up(visitor)
