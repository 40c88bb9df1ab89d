"""From a pasted script tag to a voice that answers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.calls.conftest import Shop, call, hang_up
from tests.parts.watch import energy, events, until_event


def test_a_visitor_talks_with_the_agent_and_hangs_up(shop: Shop, visitor: Page) -> None:
    shop.stack.api.requests.clear()
    room = call(shop, visitor)
    connected = until_event(visitor, "vaani-call-connected")
    until_event(visitor, "vaani-transcript", where="detail.role === 'agent' && detail.final")
    asked = until_event(
        visitor,
        "vaani-transcript",
        where="detail.role === 'visitor' && detail.final && detail.text",
        timeout=60,
    )
    until_event(
        visitor,
        "vaani-transcript",
        where="detail.role === 'agent' && /nine|open|hour/i.test(detail.text) && detail.final",
        timeout=60,
    )

    measured = energy(visitor)
    assert measured["heard"] > 0.01, "the agent's voice came over the wire"
    assert measured["captured"] > 0.01, "it was the visitor's voice that the agent heard"
    assert measured["bytesHeard"] > 4000
    assert measured["bytesSent"] > 4000

    panel = visitor.locator("vaani-widget")
    expect(panel.get_by_text(asked["text"]).first).to_be_visible()
    panel.get_by_role("button", name="End call").click()
    ended = until_event(visitor, "vaani-call-end")
    assert ended["callId"] == connected["callId"]
    assert ended["reason"] == "visitor"
    assert ended["durationSeconds"] > 0

    names = [event["name"] for event in events(visitor)]
    order = ["vaani-ready", "vaani-before-call", "vaani-call-start", "vaani-call-connected", "vaani-call-end"]
    assert [name for name in names if name in order] == order
    states = [event["detail"]["state"] for event in events(visitor, "vaani-state")]
    assert states[:3] == ["asking", "connecting", "waiting"]
    assert {"listening", "speaking"} <= set(states)
    assert states[-1] == "ended"
    previous = [event["detail"]["previous"] for event in events(visitor, "vaani-state")]
    assert previous == ["idle", *states[:-1]]

    assert len(shop.stack.api.requests) == 1
    shop.stack.agent.wait_for("visitor_left", room=room)
    assert visitor.evaluate("seen.streams.flatMap(s => s.getTracks()).every(t => t.readyState === 'ended')")


def test_the_sound_is_played_and_not_only_received(shop: Shop, visitor: Page) -> None:
    """A page that had no sound before: the audio element runs, unmuted, with the agent's stream in it."""
    visitor.add_init_script(
        """
        seen.players = [];
        const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = function () { seen.players.push(this); return play.call(this); };
        """
    )
    call(shop, visitor)
    visitor.wait_for_function(
        "seen.players.some(p => !p.paused && !p.muted && p.volume > 0 && p.currentTime > 0.2"
        " && p.srcObject && p.srcObject.getAudioTracks().some(t => t.readyState === 'live'))"
    )
    hang_up(visitor)


def test_a_page_view_makes_one_request_and_mints_nothing(shop: Shop, visitor: Page) -> None:
    requests: list[str] = []
    visitor.on("request", lambda request: requests.append(request.url))
    page = shop.page(shop.tag(site="shop"))
    visitor.goto(page, wait_until="networkidle")
    expect(visitor.get_by_role("button", name="Talk to")).to_be_visible()
    ours = [url for url in requests if url.startswith(shop.server)]
    assert ours == [f"{shop.server}/vaani/widget.js"]


def test_a_double_click_makes_one_call(shop: Shop, visitor: Page) -> None:
    shop.stack.api.requests.clear()
    visitor.goto(shop.page(shop.tag(site="shop")))
    visitor.get_by_role("button", name="Talk to").dblclick()
    until_event(visitor, "vaani-call-connected")
    until_event(visitor, "vaani-state", where="detail.state === 'speaking'")
    assert len(shop.stack.api.requests) == 1
    assert len(events(visitor, "vaani-call-start")) == 1
    hang_up(visitor)


def test_the_script_tag_twice_makes_one_button(shop: Shop, visitor: Page) -> None:
    visitor.goto(shop.page(shop.tag(site="shop") * 2), wait_until="networkidle")
    expect(visitor.locator("vaani-widget")).to_have_count(1)
    expect(visitor.get_by_role("button", name="Talk to")).to_have_count(1)


def test_start_resolves_when_connected_and_the_methods_work(shop: Shop, visitor: Page) -> None:
    visitor.goto(shop.page(shop.tag(site="shop")))
    visitor.wait_for_selector("vaani-widget", state="attached")
    visitor.evaluate("customElements.whenDefined('vaani-widget')")
    outcome = visitor.evaluate(
        """async () => {
          const widget = document.querySelector("vaani-widget");
          await widget.start();
          return seen.events.some(event => event.name === "vaani-call-connected");
        }"""
    )
    assert outcome is True
    until_event(visitor, "vaani-state", where="detail.state === 'speaking'")
    visitor.evaluate("document.querySelector('vaani-widget').sendText('What are your hours?')")
    until_event(
        visitor,
        "vaani-transcript",
        where="detail.role === 'agent' && /nine/i.test(detail.text)",
        timeout=60,
    )
    visitor.evaluate("document.querySelector('vaani-widget').end()")
    until_event(visitor, "vaani-call-end", where="detail.reason === 'visitor'")
