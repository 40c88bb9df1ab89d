"""The page mutes and unmutes while the room is joined: what it says last is what the agent hears."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from tests.parts.listener import Listener

from .conftest import Call, Rooms

WIDGET = "document.querySelector('vaani-widget')"
PUBLISHING = """
(() => {
  // The microphone is told to the room by now, and whether it is muted; not yet that it is there.
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (given, ...more) {
    if (seen.streams.some((stream) => stream.getTracks().includes(given))) whilePublishing();
    return add.call(this, given, ...more);
  };
})();
"""


@pytest.mark.parametrize("states", [[True, False], [False, True], [False, True, False]], ids=json.dumps)
def test_what_the_page_says_last_holds(rooms: Rooms, page: Page, call: Call, states: list[bool]) -> None:
    """The first of the states is the page's before the microphone is published, the others come within."""
    first, *others = states
    page.add_init_script(PUBLISHING)
    page.goto(rooms.page())
    page.wait_for_selector("vaani-widget", state="attached")
    later = " ".join(f"{WIDGET}.mute({json.dumps(state)});" for state in others)
    page.evaluate(f"() => {{ window.came = 0; window.whilePublishing = () => {{ came++; {later} }}; }}")
    agent = call(page, meanwhile=lambda: page.evaluate(f"{WIDGET}.mute({json.dumps(first)})"))
    assert page.evaluate("came") == 1
    agent.until_muted(states[-1])
    if not states[-1]:
        with Listener(rooms, agent.room) as listener:
            listener.until_heard(within=15)
