"""No call can be had, or nothing comes: the loader says so by itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.clicking import NEVER, until_asked
from tests.browser.conftest import Window
from tests.parts.watch import events, until_event


@pytest.mark.parametrize("warm", [False, True])
def test_panel_that_cannot_be_loaded_is_told_by_the_loader(window: Window, warm: bool) -> None:
    broken = True

    def chunk(route: Route) -> None:
        if broken:
            route.abort()
        else:
            route.fallback()

    window.page.route("**/assets/panel-*", chunk)
    # the loader that knows its site has asked for the microphone by then
    tag = window.tag("/sites/shop/widget.js", site="shop", fallback_url="tel:+911234567890")
    window.show(tag, head=NEVER)
    window.ready()
    if warm:
        with window.page.expect_event("requestfailed"):
            window.launcher.dispatch_event("pointerdown")
    problem = window.element("widget => widget.start().catch(problem => problem)")
    assert problem == {"code": "load_failed"}
    assert events(window.page, "vaani-error")[0]["detail"] == {"code": "load_failed", "fatal": True}
    expect(window.launcher).to_have_text("↻ Talk to agent")
    expect(window.launcher).to_have_attribute("aria-busy", "false")
    link = window.page.locator("vaani-widget").get_by_role("link")
    expect(link).to_have_attribute("href", "tel:+911234567890")
    window.page.wait_for_function("seen.streams[0].getTracks().every(track => track.readyState === 'ended')")
    assert window.asked("/v1/calls") == []

    broken = False
    window.launcher.click()
    until_event(window.page, "vaani-call-start")
    expect(link).to_be_hidden()
    assert [request.url for request in window.asked("/assets/panel-")][-1].endswith("?")


def test_panel_that_does_not_come_is_given_up(window: Window) -> None:
    """The network says nothing at all; what it was asked for comes when it is too late."""
    held: list[Route] = []
    window.page.clock.install()
    window.page.route(re.compile(r"/assets/panel-\w+\.js$"), lambda route: held.append(route))
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.click()
    expect(window.launcher).to_have_attribute("aria-busy", "true")
    until_asked(window, "/assets/panel-")
    window.page.clock.run_for(30_000)
    assert until_event(window.page, "vaani-error") == {"code": "load_failed", "fatal": True}
    expect(window.launcher).to_have_text("↻ Talk to agent")
    expect(window.launcher).to_have_attribute("aria-busy", "false")
    ended = "seen.streams.flatMap(stream => stream.getTracks()).every(track => track.readyState === 'ended')"
    window.page.wait_for_function(ended)

    window.launcher.click()
    until_event(window.page, "vaani-call-start")
    assert len(held) == 1
    held[0].continue_()
    # The same address is the same module: this waits until it is there.
    window.page.evaluate("address => import(address).then(() => {})", held[0].request.url)
    window.element("widget => widget.end()")
    until_event(window.page, "vaani-call-end")


def test_button_that_is_not_drawn_still_says_that_nothing_could_be_loaded(window: Window) -> None:
    window.page.route("**/assets/panel-*", lambda route: route.abort())
    window.show("<button data-vaani-call>Ask</button>" + window.tag(site="shop", variant="none"))
    window.ready()
    expect(window.launcher).to_be_hidden()
    window.page.get_by_text("Ask").click()
    expect(window.launcher).to_have_text("↻ Talk to agent")
    expect(window.launcher).to_be_visible()
    # whatever the page goes on to say of it
    window.element("widget => { widget.label = 'Ask us'; widget.theme = 'dark'; }")
    expect(window.launcher).to_have_text("↻ Ask us")
    expect(window.launcher).to_be_visible()


def test_yesterdays_loader_works_today(window: Window) -> None:
    """A tab from before an upgrade asks for names that are no more."""

    def yesterday(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"-[0-9a-z]{6}\.js", "-0ld0ld.js", answer.text()))

    window.page.route("**/widget.js", yesterday)
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.click()
    until_event(window.page, "vaani-call-start")
    assert len(window.asked("0ld0ld")) >= 3


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("<script>delete window.RTCPeerConnection</script>", "unsupported"),
        (
            "<script>Object.defineProperty(navigator, 'mediaDevices', { value: undefined })</script>",
            "unsupported",
        ),
    ],
)
def test_browser_that_can_make_no_call(window: Window, head: str, code: str) -> None:
    window.show(window.tag(site="shop"), head=head)
    window.ready()
    window.launcher.dispatch_event("pointerdown")
    window.launcher.click()
    assert until_event(window.page, "vaani-error")["code"] == code
    assert window.asked("/v1/") == []
    assert window.asked("/assets/livekit") == []


def test_page_opened_as_a_file(window: Window, tmp_path: Any) -> None:
    page = tmp_path / "index.html"
    page.write_text(f"<!doctype html><title>File</title>{window.tag(site='shop')}", "utf-8")
    window.page.goto(page.as_uri())
    window.launcher.click()
    assert until_event(window.page, "vaani-error")["code"] == "insecure_context"
    assert window.asked("/v1/") == []
    assert window.page.evaluate("seen.streams.length") == 0


def secure_page(window: Window, api: str) -> None:
    """A page of https with a server of this address, and the click."""
    tag = f"<script src=/vaani/widget.js data-site=shop data-server={api}></script>"
    html = f"<!doctype html><title>Secure</title>{NEVER}{tag}"

    def secure(route: Route) -> None:
        path = route.request.url.removeprefix("https://shop.example")
        if path == "/":
            route.fulfill(content_type="text/html", body=html)
        else:
            route.fulfill(response=route.fetch(url=window.server + path))

    window.page.route("https://shop.example/**", secure)
    window.page.goto("https://shop.example/")
    window.launcher.click()


@pytest.mark.parametrize(
    "api",
    ["http://elsewhere.example", "http://live.acme.example/vaani", "http://10.0.0.5:8000", "http://1.1.1.1"],
)
def test_secure_page_with_an_insecure_server(window: Window, api: str) -> None:
    """Told before the microphone is asked for, and before a request that the browser would block."""
    secure_page(window, api)
    assert until_event(window.page, "vaani-error")["code"] == "insecure_context"
    assert [request.url for request in window.requests if request.url.startswith(api)] == []
    assert window.page.evaluate("seen.streams.length") == 0


@pytest.mark.parametrize("api", ["http://localhost:1", "http://127.0.0.1:1/vaani", "http://[::1]:1"])
def test_secure_page_with_a_server_of_this_machine(window: Window, api: str) -> None:
    secure_page(window, api)
    until_event(window.page, "vaani-call-start")
