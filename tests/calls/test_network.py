"""A network that loses everything in mid-call, for a while and for good; nobody says so to the page."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.calls.conftest import Shop, call, hang_up, opened
from tests.parts.listener import Listener
from tests.parts.watch import energy, events, until_event
from vaani_widget.demo.livekit_server import LiveKitServer
from vaani_widget.demo.stack import DemoStack

LOCALES = Path("widget_static/locales")
TEXTS = json.loads((LOCALES / "en.json").read_text("utf-8"))
MORE = json.loads((LOCALES / "more/en.json").read_text("utf-8"))

AWAY = 10.0
"""Seconds."""
NOTICED = 14.0
"""Seconds within which it is shown. Chromium hopes for about seven; a busy machine takes longer."""
GIVEN_UP = 30.0
"""Seconds after which the panel gives a network up."""

WIDGET = "document.querySelector('vaani-widget')"
STATE = "seen.events.findLast(({ name }) => name === 'vaani-state').detail.state"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose LiveKit server may be stopped and killed."""
    with DemoStack() as stack, opened(stack, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@contextmanager
def nothing_gets_through(server: LiveKitServer) -> Iterator[None]:
    """Neither signal nor sound, either way: the server's process is stopped, its sockets stay open."""
    assert server._child is not None
    supervisor = server._child.pid
    (program,) = map(int, Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split())
    os.kill(program, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(program, signal.SIGCONT)


def test_ten_seconds_without_a_network(own: Shop, beeping: Page) -> None:
    """They are said, and the same call goes on, in voice and in writing."""
    own.stack.api.requests.clear()
    room = call(own, beeping)
    panel = beeping.get_by_role("dialog")
    expect(panel).to_contain_text(TEXTS["state_speaking"])
    notice = panel.get_by_text(MORE["reconnecting"])

    with nothing_gets_through(own.stack.livekit):
        cut = time.monotonic()
        expect(notice).to_be_visible(timeout=NOTICED * 1000)
        expect(panel.get_by_text(TEXTS["state_reconnecting"]).first).to_be_visible()
        assert beeping.evaluate(STATE) == "reconnecting"
        beeping.wait_for_timeout(max(0, AWAY - (time.monotonic() - cut)) * 1000)
        assert beeping.evaluate(STATE) == "reconnecting"
        before = energy(beeping)["heard"]

    expect(notice).to_be_hidden(timeout=30_000)
    beeping.wait_for_function(f"{STATE} !== 'reconnecting'")
    with Listener(own.stack, room) as listener:
        listener.until_heard()
    # what beeps would interrupt the answer
    beeping.evaluate(f"{WIDGET}.mute(true)")
    beeping.evaluate(f"{WIDGET}.sendText('Do you deliver?')")
    until_event(beeping, "vaani-transcript", where="detail.role === 'agent' && /free/i.test(detail.text)")
    assert energy(beeping)["heard"] > before + 0.01, "the agent's voice came over the wire again"

    assert len(own.stack.api.requests) == 1, "it is the same call"
    assert len(events(beeping, "vaani-call-connected")) == 1
    assert events(beeping, "vaani-call-end") == events(beeping, "vaani-error") == []
    hang_up(beeping)
    assert len(own.stack.api.requests) == 1


def test_one_that_does_not_return(own: Shop, beeping: Page) -> None:
    """LiveKit dies without a word: the call ends with a sentence, after everything was tried for a while."""
    beeping.clock.install()
    call(own, beeping)
    own.stack.livekit.kill()
    until_event(beeping, "vaani-state", where="detail.state === 'reconnecting'", timeout=60)
    beeping.wait_for_function(f"{STATE} === 'reconnecting'")
    beeping.clock.fast_forward(GIVEN_UP * 1000)
    assert until_event(beeping, "vaani-call-end", timeout=60)["reason"] == "network"
    assert [event["detail"] for event in events(beeping, "vaani-error")] == [
        {"code": "network_lost", "fatal": True}
    ]
    expect(beeping.get_by_role("button", name=TEXTS["again"])).to_be_visible()
    assert beeping.evaluate("seen.streams.flatMap(s => s.getTracks()).every(t => t.readyState === 'ended')")
