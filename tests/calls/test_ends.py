"""How a call ends, and what does not end it."""

from __future__ import annotations

import queue

from playwright.sync_api import Page, expect

from tests.calls.conftest import Shop, call, hang_up, until_the_visitor_is_heard
from tests.parts.watch import ENERGY, energy, events, until, until_event
from vaani_widget.signals import call_ended

MICROPHONE_OFF = (
    "seen.streams.flatMap(stream => stream.getTracks()).every(track => track.readyState === 'ended')"
)


def test_the_agent_says_goodbye_and_leaves(shop: Shop, visitor: Page) -> None:
    call(shop, visitor)
    visitor.evaluate("document.querySelector('vaani-widget').sendText('bye')")
    until_event(visitor, "vaani-call-end", where="detail.reason === 'agent'", timeout=60)


def test_an_agent_that_never_comes_ends_the_call_with_a_sentence(shop: Shop, visitor: Page) -> None:
    visitor.goto(shop.page(shop.tag(site="nobody")))
    visitor.get_by_role("button", name="Talk to").click()
    until_event(visitor, "vaani-call-connected")
    until_event(visitor, "vaani-error", where="detail.code === 'agent_absent' && detail.fatal", timeout=40)
    until_event(visitor, "vaani-call-end", where="detail.reason === 'agent_absent'")
    expect(visitor.locator("vaani-widget").get_by_role("button", name="Call again")).to_be_visible()
    assert visitor.evaluate(MICROPHONE_OFF)


def test_leaving_the_page_ends_the_call(shop: Shop, visitor: Page) -> None:
    room = call(shop, visitor)
    told: queue.Queue[object] = queue.Queue()

    def note(_: object, **ended: object) -> None:
        told.put(ended["reason"])

    with call_ended.connected_to(note):
        visitor.goto(shop.page("<p>Another page</p>"))
        assert told.get(timeout=10) == "page_left"
    shop.stack.agent.wait_for("visitor_left", room=room)


def test_mail_and_telephone_links_do_not_end_it(shop: Shop, visitor: Page) -> None:
    links = '<a href="mailto:shop@example.com">Write</a> <a href="tel:+911234567">Ring</a>'
    call(shop, visitor, body=links)
    visitor.get_by_role("link", name="Write").click()
    visitor.get_by_role("link", name="Ring").click()
    until_the_visitor_is_heard(visitor)
    assert events(visitor, "vaani-call-end") == []
    hang_up(visitor)


def test_a_microphone_that_ends_in_mid_call_is_taken_up_again(shop: Shop, visitor: Page) -> None:
    call(shop, visitor)
    visitor.evaluate(
        """() => { const [track] = seen.streams[0].getAudioTracks();
                   track.stop(); track.dispatchEvent(new Event("ended")); }"""
    )
    visitor.wait_for_function(
        "seen.streams.length > 1 && seen.streams.at(-1).getAudioTracks()[0].readyState === 'live'"
    )
    until_the_visitor_is_heard(visitor)
    assert events(visitor, "vaani-call-end") == []
    hang_up(visitor)


def test_muting_silences_what_is_sent(shop: Shop, beeping: Page) -> None:
    """For some of the beeps that the microphone hears, nothing goes out."""
    call(shop, beeping)
    panel = beeping.locator("vaani-widget")
    until_the_visitor_is_heard(beeping)
    panel.get_by_role("button", name="Mute").click()
    expect(panel.get_by_role("button", name="Unmute")).to_be_visible()
    beeping.wait_for_function("seen.streams.flatMap(s => s.getTracks()).every(t => !t.enabled)")
    beeping.evaluate("window.energy = " + ENERGY)
    sampled = "async (seconds) => (await energy()).sampledSeconds > seconds"
    # what was said before is still being counted
    until(beeping, sampled, energy(beeping)["sampledSeconds"] + 0.5)
    muted = energy(beeping)
    until(beeping, sampled, muted["sampledSeconds"] + 5)
    after = energy(beeping)
    assert after["captured"] - muted["captured"] < 0.001
    assert after["bytesSent"] - muted["bytesSent"] < 3000, "more than five seconds of silence take"
    panel.get_by_role("button", name="Unmute").click()
    until_the_visitor_is_heard(beeping)
    hang_up(beeping)
