"""Whole calls by keyboard alone, and what a screen reader has of them at each step."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent, indent

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.calls.conftest import Shop
from tests.parts import chromium
from tests.parts.readout import Readout
from tests.parts.watch import WATCH, energy, events, until_event


def on_page(widget: str) -> str:
    """The shop's page, with this of the widget."""
    page = 'RootWebArea "Shop"\n  heading "Shop"\n  link "Tea"\n'
    return page + indent(dedent(widget).strip("\n"), "  ")


def muted(rest: str, *, focused: bool = False) -> str:
    """The card of a call whose visitor is muted: this is between what it says first and how it ends."""
    first = f"""
        dialog "Call with Tea Shop"{" [focused]" * focused}
          button "Make small, keep the call"
          heading "Tea Shop"
          text "You are muted"
          text "0:00"
          text "You are talking to an AI assistant"
          status
            text "You are muted"
    """
    last = """
          button "End call"
          status
            text "You are connected. Go ahead and speak."
    """
    parts = (
        dedent(first).strip("\n "),
        indent(dedent(rest).strip("\n"), "  "),
        indent(dedent(last).strip("\n "), "  "),
    )
    return on_page("\n".join(parts))


LAUNCHER = on_page("""
    button "Talk to agent" [focused]
""")

# the agent has greeted, and nobody speaks
MUTED = muted(
    """
    log "Transcript" [live=off] …
    button "Copy conversation"
    form
      textbox "Write a message"
      button "Send" [disabled]
    button "Unmute" [keyshortcuts=m]
    button "Call settings" [expanded=false]
""",
    focused=True,
)

# the settings are where the conversation was
CHOOSING = muted("""
    button "Unmute" [keyshortcuts=m]
    button "Call settings" [expanded]
    group "Call settings"
      text "Microphone"
      combobox "Microphone" [focused, expanded=false, value="Fake Audio Input 1"]
        option "Fake Default Audio Input"
        option "Fake Audio Input 1"
        option "Fake Audio Input 2"
      text "Speaker"
      combobox "Speaker" [expanded=false, value="Fake Default Audio Output"] …
      button "Type instead"
      button "Continue in its own window"
""")

ANSWERED = muted("""
    log "Transcript" [live=off]
      text "Tea Shop"
      text ":"
      text "Hello! This is the demo agent of Mela Tea, a computer. Ask me about opening hours, delivery, returns or prices."
      text "You"
      text ":"
      text "mm, What are your opening hours?"
      text "Tea Shop"
      text ":"
      text "We are open from nine to six, Monday to Saturday."
    button "Copy conversation"
    form
      textbox "Write a message" [focused]
      button "Send" [disabled]
    button "Unmute" [keyshortcuts=m]
    button "Call settings" [expanded=false]
""")  # noqa: E501

SMALL = on_page("""
    group "Call with Tea Shop"
      status
        text "You are muted"
      text "We are open from nine to six, Monday to Saturday."
      button "Show the call: You are muted 0:00" [focused]
      button "Unmute" [keyshortcuts=m]
      button "End call"
      status
        text "You are connected. Go ahead and speak."
""")

ENDED = on_page("""
    dialog "Call with Tea Shop" [focused]
      button "Close"
      heading "Tea Shop"
      text "Call ended"
      text "0:00"
      log "Transcript" [live=off] …
      button "Copy conversation"
      text "Thank you for calling."
      group "How was this call?"
        text "How was this call?"
        button "Good"
        button "Not good"
        text "Call ID"
        code …
        button "Copy call ID"
      button "Close"
      button "Call again"
      status
        text "Call ended. Thank you for calling."
""")

RATED = """
    group "How was this call?"
      text "How was this call?"
      button "Good" [focused, pressed]
      button "Not good"
      form
        textbox "Anything you want to tell us?"
        button "Send"
      text "Call ID"
      code …
      button "Copy call ID"
"""

THANKED = """
    group "How was this call?"
      status [focused]
        text "Thank you for your feedback."
      text "Call ID"
      code …
      button "Copy call ID"
"""

# a page that opens the panel does not take the keyboard along; the site's name comes with its first answer
BEFORE = on_page("""
    dialog "Call with Voice assistant"
      button "Close"
      heading "Voice assistant"
      text "Ready when you are"
      text "You are talking to an AI assistant"
      button "Start call"
      button "Type instead"
      button "Hide the call button"
""")

# what comes is read, for nobody hears the agent
WRITTEN = on_page("""
    dialog "Call with Tea Shop"
      button "Make small, keep the call"
      heading "Tea Shop"
      text "Ready for your message"
      text "0:00"
      text "You are talking to an AI assistant"
      log "Transcript" [live=polite]
        text "Tea Shop"
        text ":"
        text "Hello! This is the demo agent of Mela Tea, a computer. Ask me about opening hours, delivery, returns or prices."
        text "You"
        text ":"
        text "What are your opening hours?"
        text "Tea Shop"
        text ":"
        text "We are open from nine to six, Monday to Saturday."
      button "Copy conversation"
      form
        textbox "Write a message" [focused]
        button "Send" [disabled]
      button "Turn sound on"
      button "Call settings" [expanded=false]
      button "End call"
      status
        text "Ready for your message"
""")  # noqa: E501


def tab_to(page: Page, name: str, back: bool = False) -> None:
    """Moves the focus as somebody does who has only the keyboard, until it is on what is named so."""
    passed = []
    for _ in range(16):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        passed.append(
            page.evaluate("""() => {
            let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
        }""")
        )
        if passed[-1] == name:
            return
    raise AssertionError(f"{name} was not reached by way of {passed}")


def state_is(page: Page, state: str) -> None:
    last = "seen.events.findLast(event => event.name === 'vaani-state')"
    page.wait_for_function(f"state => {last}?.detail.state === state", arg=state)


def test_a_call_by_keyboard(shop: Shop, visitor: Page) -> None:
    press = visitor.keyboard.press
    visitor.goto(shop.page('<a href="/tea">Tea</a>' + shop.tag(site="shop", feedback="true")))
    reads = Readout(visitor)
    expect(visitor.get_by_role("button", name="Talk to")).to_be_visible()
    # outside of the panel the letter is the page's
    press("m")
    tab_to(visitor, "Talk to agent")
    reads.until(LAUNCHER)

    press("Enter")
    room = until_event(visitor, "vaani-call-connected")
    until_event(visitor, "vaani-state", where="detail.state === 'speaking'")
    press("m")
    state_is(visitor, "listening")
    reads.until(MUTED)
    assert visitor.evaluate("seen.streams.flatMap(s => s.getAudioTracks()).every(t => !t.enabled)")

    tab_to(visitor, "Call settings")
    press("Enter")
    tab_to(visitor, "Microphone")
    # in a list a letter chooses, and mutes nobody
    visitor.keyboard.type("mF")
    press("ArrowDown")
    reads.until(CHOOSING)
    press("Escape")
    tab_to(visitor, "Write a message", back=True)
    visitor.keyboard.type("mm, What are your opening hours?")
    press("Enter")
    reads.until(ANSWERED, seconds=60)

    press("Escape")
    reads.until(SMALL)
    press("m")
    reads.until(SMALL.replace("You are muted", "Listening").replace("Unmute", "Mute"))
    press("Enter")
    expect(visitor.get_by_role("dialog")).to_be_focused()
    tab_to(visitor, "Write a message")
    tab_to(visitor, "End call")
    press("Enter")
    assert until_event(visitor, "vaani-call-end")["callId"] == room["callId"]
    reads.until(ENDED)

    tab_to(visitor, "Good")
    press("Enter")
    reads.until(RATED, within="group")
    tab_to(visitor, "Anything you want to tell us?")
    visitor.keyboard.type("Kind.")
    tab_to(visitor, "Send")
    press("Enter")
    reads.until(THANKED, within="group")
    press("Escape")
    reads.until(LAUNCHER)
    assert events(visitor, "vaani-error") == []


@pytest.fixture
def unasked(playwright: Playwright) -> Iterator[Page]:
    """Somebody whom nothing may ask for a microphone: a page that does notes it."""
    browser = chromium.launch(playwright, deny_microphone=True)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    context.add_init_script("""
        seen.asked = 0;
        const ask = MediaDevices.prototype.getUserMedia;
        MediaDevices.prototype.getUserMedia = function (...given) {
          seen.asked++;
          return ask.apply(this, given);
        };
    """)
    yield context.new_page()
    browser.close()


def test_a_call_in_writing_by_keyboard(shop: Shop, unasked: Page) -> None:
    press = unasked.keyboard.press
    unasked.goto(shop.page('<a href="/tea">Tea</a>' + shop.tag(site="shop")))
    reads = Readout(unasked)
    expect(unasked.get_by_role("button", name="Talk to")).to_be_visible()
    unasked.evaluate("document.querySelector('vaani-widget').open()")
    reads.until(BEFORE)
    tab_to(unasked, "Type instead")
    press("Enter")
    expect(unasked.get_by_role("textbox")).to_be_focused(timeout=30_000)
    until_event(unasked, "vaani-transcript", where="detail.role === 'agent' && detail.final")
    unasked.keyboard.type("What are your opening hours?")
    press("Enter")
    reads.until(WRITTEN, seconds=60)
    tab_to(unasked, "End call")
    press("Enter")
    assert until_event(unasked, "vaani-call-end")["reason"] == "visitor"
    assert unasked.evaluate("seen.asked") == 0, "no microphone was asked for"
    assert energy(unasked)["bytesSent"] == 0
    assert events(unasked, "vaani-error") == []
