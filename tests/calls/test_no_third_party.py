"""Nobody is asked for anything but the page's server, the widget's and LiveKit: ever."""

from __future__ import annotations

import socket
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect

from tests.calls.conftest import Shop
from tests.parts.network_book import place, recorded
from tests.parts.pages import PageServer
from tests.parts.watch import WATCH, until_event

WIDGET = "document.querySelector('vaani-widget')"

STRANGERS = """
async (stun) => {
  const answered = (worker) => new Promise((done) => (worker.onmessage = worker.onerror = done));
  await fetch("https://fetch.invalid/").catch(() => {});
  navigator.sendBeacon("https://beacon.invalid/", "x");
  new Image().src = "https://image.invalid/x.gif";
  await answered(new WebSocket("wss://socket.invalid/"));
  const script = "fetch('https://worker.invalid/').catch(() => {}).then(() => postMessage(1))";
  await answered(new Worker(URL.createObjectURL(new Blob([script]))));
  const peer = new RTCPeerConnection({ iceServers: [{ urls: ["stun:name.invalid", stun] }] });
  peer.createDataChannel("x");
  await peer.setLocalDescription();
  await new Promise((done) => (peer.onicecandidateerror = done));
}
"""


def test_the_book_has_whatever_a_page_can_ask(playwright: Playwright, tmp_path: Path) -> None:
    """Else the next test would prove nothing."""
    with (
        PageServer() as pages,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
        recorded(playwright, tmp_path / "book.json") as (browser, book),
    ):
        stranger.connect(("192.0.2.1", 9))  # sends nothing, but tells this machine's address
        address = stranger.getsockname()[0]
        page = browser.new_page()
        page.goto(pages.add("<!doctype html><title>Shop</title>"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((address, 0))
            server.settimeout(20)
            stun = f"{address}:{server.getsockname()[1]}"
            page.evaluate(STRANGERS, f"stun:{stun}")
            assert server.recv(2000), "it has been asked"
    names = ("fetch", "beacon", "image", "socket", "worker")
    assert book.asked_by_pages() == {
        place(pages.origin), stun, "name.invalid:0", *(f"{name}.invalid:443" for name in names)
    }  # fmt: skip


def test_nobody_is_asked_but_page_server_and_livekit(
    shop: Shop, playwright: Playwright, tmp_path: Path
) -> None:
    """A page view, a button pointed at, a whole call, one that fails, the call's own page."""
    with recorded(playwright, tmp_path / "book.json") as (browser, book):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(WATCH)
        visitor = context.new_page()
        visitor.goto(shop.page(shop.tag(site="shop", locale="hi", label="Chai")), wait_until="networkidle")
        with visitor.expect_response("**/token"):
            visitor.get_by_role("button", name="Chai").hover()

        a_whole_call(shop, visitor)

        visitor.route("**/v1/calls", lambda route: route.abort())
        visitor.goto(shop.page(shop.tag(site="shop")))
        visitor.get_by_role("button", name="Talk to").click()
        until_event(visitor, "vaani-error", where="detail.fatal")
        visitor.goto(f"{shop.server}/vaani/call/shop", wait_until="networkidle")
        expect(visitor.get_by_role("button", name="Talk to")).to_be_visible()
    ours = {place(url) for url in (shop.pages.origin, shop.server, shop.stack.livekit.url)}
    assert book.asked_by_pages() == ours


def a_whole_call(shop: Shop, visitor: Page) -> None:
    visitor.goto(shop.page(shop.tag(site="shop", feedback="true")))
    visitor.get_by_role("button", name="Talk to").click()
    until_event(visitor, "vaani-transcript", where="detail.role === 'agent' && detail.final")
    panel = visitor.get_by_role("dialog")
    # what this microphone hears would interrupt the answer
    panel.get_by_role("button", name="Mute").click()
    panel.get_by_role("button", name="Call settings").click()
    expect(panel.get_by_label("Microphone", exact=True)).to_be_visible()
    visitor.keyboard.press("Escape")
    panel.get_by_role("textbox", name="Write a message").fill("What are your opening hours?")
    visitor.keyboard.press("Enter")
    until_event(visitor, "vaani-transcript", where="detail.role === 'agent' && /nine/i.test(detail.text)")
    panel.get_by_role("button", name="End call").click()
    until_event(visitor, "vaani-call-end")
    with visitor.expect_response("**/progress") as answer:
        panel.get_by_role("button", name="Good", exact=True).click()
    assert answer.value.status == 204
