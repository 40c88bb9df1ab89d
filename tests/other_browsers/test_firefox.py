"""One whole call in Firefox, on a real room and with the demo's agent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.calls.conftest import Shop, shop, stack
from tests.parts.firefox import Firefox, firefox
from tests.parts.listener import Listener
from tests.parts.watch import ENERGY, WATCH

__all__ = ["shop", "stack"]

PLAYERS = """
seen.players = [];
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () { seen.players.push(this); return play.call(this); };
"""
ROOT = "document.querySelector('vaani-widget').shadowRoot"
PANEL = f"{ROOT}.querySelector('[part=panel]')"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(WATCH + PLAYERS, tmp_path_factory.mktemp("firefox") / "log") as window:
        yield window


@pytest.mark.parametrize(("variant", "size"), [("button", (182, 52)), ("compact", (56, 56))])
def test_the_launcher(shop: Shop, window: Firefox, variant: str, size: tuple[int, int]) -> None:
    window.go(shop.page(shop.tag(site="shop", variant=variant)))
    window.until("document.querySelector('vaani-widget')?.shadowRoot.querySelector('[part=button]') && true")
    box = window.run(f"{ROOT}.querySelector('[part=button]').getBoundingClientRect().toJSON()")
    assert (box["width"], box["height"]) == (pytest.approx(size[0], abs=12), pytest.approx(size[1], abs=1))


def test_a_call_heard_both_ways(shop: Shop, window: Firefox) -> None:
    window.go(shop.page(shop.tag(site="shop")))
    before = time.time()
    window.click("[part=button]")
    connected = window.until_event("vaani-call-connected")
    room = shop.stack.agent.wait_for("joined", where=lambda event: event["at"] > before)["room"]

    # The visitor's sound, in the room; the agent's, out of the loudspeaker.
    with Listener(shop.stack, room) as listener:
        listener.until_heard()
    window.until(f"({ENERGY})().then(({{ heard }}) => heard > 0.01)")
    window.until(
        "seen.players.some(player => !player.paused && !player.muted && player.currentTime > 0.2"
        " && player.srcObject?.getAudioTracks().some(track => track.readyState === 'live'))"
    )
    said = window.until_event("vaani-transcript", "detail.role === 'agent' && detail.final")["text"]
    window.until(f"{PANEL}.innerText.includes({json.dumps(said)})")

    # What is typed goes the other way, over the data channel.
    window.click("textarea, input")
    window.keys("What are your opening hours?")
    window.press("Enter")
    window.until_event("vaani-transcript", "detail.role === 'agent' && /nine/i.test(detail.text)")

    window.click("button.red")
    ended = window.until_event("vaani-call-end")
    assert ended["reason"] == "visitor"
    assert ended["callId"] == connected["callId"]
    shop.stack.agent.wait_for("visitor_left", room=room)
    assert window.run("seen.streams.flatMap(s => s.getTracks()).every(t => t.readyState === 'ended')")
    assert window.run("seen.events.filter(({ name }) => name === 'vaani-error')") == []
    assert window.errors == []
    states = window.run(
        "seen.events.flatMap(({ name, detail }) => name === 'vaani-state' ? detail.state : [])"
    )
    assert states[:3] == ["asking", "connecting", "waiting"]
    assert {"listening", "speaking"} <= set(states)
    assert states[-1] == "ended"
