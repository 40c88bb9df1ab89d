"""Typing: beside the voice, and instead of it, without a microphone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.parts.watch import events, until_event

from .conftest import AXE, ROOT, Site


def field(site: Site) -> Locator:
    return site.panel.get_by_role("textbox", name="Write a message")


def send(site: Site) -> Locator:
    return site.panel.get_by_role("button", name="Send")


def sent(site: Site) -> list[str]:
    texts: list[str] = site.page.evaluate("room.sent")
    return texts


def type_instead(site: Site, agent: str | None = "listening") -> None:
    """Starts a call in writing from the opened panel."""
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    site.click("Type instead")
    until_event(site.page, "vaani-call-connected")
    if agent:
        site.agent(agent)


def test_a_message_goes_to_the_agent_and_into_the_transcript(site: Site) -> None:
    site.show()
    site.call()
    field(site).fill("  Do you sell Assam? ")
    send(site).click()
    expect(site.panel.get_by_role("log").locator(".line")).to_have_text(["You: Do you sell Assam?"])
    expect(field(site)).to_have_value("")
    expect(field(site)).to_be_focused()
    assert sent(site) == ["Do you sell Assam?"]
    told = [event["detail"] for event in events(site.page, "vaani-transcript")]
    assert told == [{"id": "typed-1", "role": "visitor", "text": "Do you sell Assam?", "final": True}]


def test_enter_sends_and_shift_makes_a_line(site: Site) -> None:
    site.show()
    site.call()
    low = field(site).bounding_box()
    field(site).press_sequentially("one")
    field(site).press("Shift+Enter")
    field(site).press_sequentially("two")
    high = field(site).bounding_box()
    assert sent(site) == []
    assert low
    assert high
    assert high["height"] > low["height"] + 15
    field(site).press("Enter")
    assert sent(site) == ["one\ntwo"]
    field(site).press("Enter")
    assert sent(site) == ["one\ntwo"], "nothing is not sent"
    field(site).fill("\n".join("abcdefgh"))
    longest = field(site).bounding_box()
    assert longest
    assert longest["height"] < low["height"] + 3.5 * (high["height"] - low["height"]), (
        "four lines, then it scrolls"
    )


def test_a_word_that_is_being_put_together_is_not_sent(site: Site) -> None:
    """Enter takes the word that an input method proposes; Escape drops it, and the panel stays."""
    site.show()
    site.call()
    field(site).fill("नमस")
    for script in (
        "new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, composed: true })",
        "new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, composed: true })",
        "new KeyboardEvent('keydown', { key: 'Escape', isComposing: true, bubbles: true, composed: true })",
    ):
        field(site).evaluate(f"area => area.dispatchEvent({script})")
    assert sent(site) == []
    expect(field(site)).to_have_value("नमस")
    expect(site.panel).to_be_visible()
    field(site).press("Enter")
    assert sent(site) == ["नमस"]


def test_the_page_s_shortcuts_do_not_hear_what_is_typed(site: Site) -> None:
    site.show()
    site.page.evaluate(
        "() => { window.keys = []; for (const type of ['keydown', 'keypress', 'keyup'])"
        " addEventListener(type, event => keys.push(event.key)); }"
    )
    site.call()
    field(site).press_sequentially("s/")
    assert site.page.evaluate("keys") == []
    field(site).press("Tab")
    assert "Tab" in site.page.evaluate("keys")


def test_a_message_has_an_end(site: Site) -> None:
    site.show()
    site.call()
    count = site.panel.locator(".count")
    field(site).fill("x" * 1_800)
    expect(count).to_be_empty()
    field(site).fill("x" * 1_990)
    expect(count).to_have_text("1990 / 2000")
    field(site).fill("x" * 2_001)
    expect(count).to_have_text("2001 / 2000")
    expect(field(site)).to_have_attribute("aria-invalid", "true")
    expect(send(site)).to_have_attribute("aria-disabled", "true")
    field(site).press("Enter")
    assert sent(site) == []
    field(site).fill("x" * 2_000)
    field(site).press("Enter")
    assert sent(site) == ["x" * 2_000]


def test_the_draft_outlives_a_bad_network_and_a_small_panel(site: Site) -> None:
    site.show()
    site.call()
    field(site).fill("Where is my")
    site.on("reconnecting(true)")
    expect(send(site)).to_have_attribute("aria-disabled", "true")
    field(site).press("End")
    field(site).press_sequentially(" order?")
    field(site).press("Enter")
    assert sent(site) == []
    field(site).press("Escape")
    expect(site.panel).to_have_count(0)
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(field(site)).to_have_value("Where is my order?")
    site.on("reconnecting(false)")
    field(site).press("Enter")
    assert sent(site) == ["Where is my order?"]


def test_a_message_that_could_not_be_sent_comes_back(site: Site) -> None:
    site.show()
    site.call()
    site.page.evaluate("room.sent.push = () => { throw new Error('no data channel'); }; 0")
    field(site).fill("Hello?")
    send(site).click()
    expect(site.failure).to_have_text("Check your internet connection, then try again.")
    expect(field(site)).to_have_value("Hello?")
    site.page.evaluate("delete room.sent.push")
    field(site).press("Enter")
    expect(site.failure).to_have_count(0)
    assert sent(site) == ["Hello?"]


def test_nobody_reads_before_the_agent_has_come(site: Site) -> None:
    site.show()
    site.call(agent=None)
    field(site).fill("Hello?")
    expect(send(site)).to_have_attribute("aria-disabled", "true")
    site.agent("listening")
    expect(send(site)).to_have_attribute("aria-disabled", "false")


def test_a_site_without_typing(site: Site) -> None:
    site.show(text_input="false")
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(site.panel.get_by_role("button", name="Start call")).to_be_visible()
    site.click("Start call")
    until_event(site.page, "vaani-call-connected")
    site.say("agent", "Hello")
    expect(site.panel.get_by_role("log")).to_be_visible()
    expect(site.panel.get_by_role("textbox")).to_have_count(0)
    expect(site.panel.get_by_role("button", name="Type instead")).to_have_count(0)


def test_the_button_is_as_large_as_a_finger(site: Site) -> None:
    site.show()
    site.call()
    expect(send(site)).to_be_visible()
    site.settle()
    box = send(site).bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    assert field(site).evaluate("area => parseFloat(getComputedStyle(area).fontSize)") >= 16, "iOS zooms else"


@pytest.mark.parametrize("look", [{"position": "bottom-right"}, {"variant": "compact"}], ids=["card", "full"])
def test_the_keyboard_of_a_phone_does_not_cover_it(
    open_site: Callable[..., Site], look: dict[str, str]
) -> None:
    site = open_site(viewport={"width": 360, "height": 640})
    site.page.add_init_script(
        """const view = new EventTarget(); Object.assign(view, { height: 640, offsetTop: 0, scale: 1 });
           Object.defineProperty(window, "visualViewport", { value: view });"""
    )
    site.show(**look)
    site.page.locator("vaani-widget").get_by_role("button").click()
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    site.panel.locator(".field").wait_for()
    site.settle()
    site.page.evaluate("visualViewport.height = 340; visualViewport.dispatchEvent(new Event('resize'))")
    box = site.panel.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 340
    assert box["y"] >= 0
    field(site).scroll_into_view_if_needed()
    area = field(site).bounding_box()
    assert area
    assert area["y"] + area["height"] <= 340
    site.page.evaluate("visualViewport.height = 640; visualViewport.dispatchEvent(new Event('resize'))")
    box = site.panel.bounding_box()
    assert box
    assert box["y"] + box["height"] > 600
    # Who zooms in has no keyboard.
    site.page.evaluate(
        "Object.assign(visualViewport, { height: 320, scale: 2 }).dispatchEvent(new Event('resize'))"
    )
    assert site.panel.bounding_box() == box


def test_a_call_by_voice_starts_anew_in_writing(site: Site) -> None:
    """For whoever could not choose before: their microphone was allowed long ago."""
    site.show()
    site.call()
    site.click("Microphone and speaker")
    site.click("Type instead")
    expect(site.panel.get_by_role("alert")).to_have_text(re.compile("^The call starts anew in writing"))
    site.click("Not now")
    assert site.page.evaluate("room.left") == 0
    site.click("Type instead")
    site.page.evaluate("window.spoken = room")
    site.click("Start anew")
    connected = "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 2"
    site.page.wait_for_function(connected)
    assert site.page.evaluate("spoken.left") == 1
    assert site.page.evaluate("seen.streams.flatMap(s => s.getTracks()).every(t => t.readyState === 'ended')")
    assert site.page.evaluate("room.options.microphone === undefined")
    site.agent("listening")
    expect(field(site)).to_be_visible()
    expect(site.panel.get_by_role("button", name="Mute", exact=True)).to_have_count(0)
    assert [sent["event"] for sent in site.progress()] == ["connected", "ended", "connected"]


@pytest.mark.parametrize(
    ("width", "height", "left"), [(320, 568, 315), (667, 375, 175), (844, 390, 180), (360, 640, 340)]
)
def test_what_one_types_is_seen_above_a_low_keyboard(
    open_site: Callable[..., Site], width: int, height: int, left: int
) -> None:
    site = open_site(viewport={"width": width, "height": height})
    site.page.add_init_script(
        f"""const view = new EventTarget();
           Object.assign(view, {{ height: {height}, offsetTop: 0, scale: 1 }});
           Object.defineProperty(window, "visualViewport", {{ value: view }});"""
    )
    site.show()
    type_instead(site, agent=None)
    site.agent("listening")
    site.say("agent", "We are open from nine to seven, and on Sundays from ten to four.")
    expect(field(site)).to_be_focused()
    site.settle()
    site.page.evaluate(f"visualViewport.height = {left}; visualViewport.dispatchEvent(new Event('resize'))")
    middle = field(site).bounding_box()
    assert middle
    assert middle["y"] + middle["height"] <= left
    point = [middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2]
    hit = "([x, y]) => document.querySelector('vaani-widget').shadowRoot.elementFromPoint(x, y).localName"
    assert site.page.evaluate(hit, point) == "textarea"


def test_the_keyboard_stops_at_nothing_hidden(open_site: Callable[..., Site]) -> None:
    """In a low window without any keyboard of a phone: what Tab comes to is not under the row of buttons."""
    site = open_site(viewport={"width": 667, "height": 375})
    site.show()
    site.call()
    site.say("agent", "We are open from nine to seven, and on Sundays from ten to four.")
    site.panel.locator(".field").wait_for()
    site.settle()
    site.panel.focus()
    hit = """() => {
      const root = document.querySelector('vaani-widget').shadowRoot;
      const { left, top, width, height } = root.activeElement.getBoundingClientRect();
      return root.activeElement.contains(root.elementFromPoint(left + width / 2, top + height / 2));
    }"""
    while True:
        site.page.keyboard.press("Tab")
        assert site.page.evaluate(hit), site.page.evaluate(f"{ROOT}.activeElement.outerHTML")
        if site.page.evaluate(f"{ROOT}.activeElement.matches('.red')"):
            break


def test_a_call_in_writing_asks_for_no_microphone(site: Site) -> None:
    site.show()
    type_instead(site, agent=None)
    assert site.page.evaluate("seen.streams.length") == 0
    assert site.page.evaluate("room.options.microphone === undefined")
    assert site.page.evaluate("room.options.audio.muted"), "nobody is startled"
    site.agent("listening")
    assert site.events == [
        "ready", "before-call", "call-start", "asking", "connecting", "waiting", "call-connected",
        "listening",
    ]  # fmt: skip
    expect(field(site)).to_be_focused()
    expect(site.panel.locator(".state")).to_contain_text("Ready for your message")
    expect(site.panel.get_by_role("status").last).to_have_text("Ready for your message")
    expect(site.panel.get_by_role("button", name="Mute")).to_have_count(0)
    site.agent("speaking")
    expect(site.panel.locator(".state")).to_contain_text("Thinking")
    site.click("Turn sound on")
    assert site.page.evaluate("room.options.audio.muted") is False
    expect(site.panel.locator(".state")).to_contain_text("Speaking")
    site.click("Turn sound off")
    assert site.page.evaluate("room.options.audio.muted")
    field(site).press("Escape")
    bar = site.page.get_by_role("group", name="Call with Tea Shop")
    expect(bar.get_by_role("button", name="End call")).to_be_visible()
    expect(bar.get_by_role("button", name="Mute")).to_have_count(0)


def test_who_has_no_microphone_listens_and_types(open_site: Callable[..., Site]) -> None:
    site = open_site(microphone=False)
    site.show()
    site.call(wait=False)
    expect(site.failure).to_be_visible()
    site.click("Type instead")
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    assert site.page.evaluate("room.options.microphone === undefined")
    assert site.page.evaluate("room.options.audio.muted") is False
    expect(site.panel.get_by_role("button", name="Turn sound off")).to_be_visible()
    field(site).fill("Hello")
    field(site).press("Enter")
    assert sent(site) == ["Hello"]
    assert len(site.started()) == 1


def test_who_is_asked_for_the_microphone_may_type_instead(site: Site) -> None:
    """The browser's question stays open; a microphone that is allowed later is let go of."""
    site.page.add_init_script(
        """const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
           devices.getUserMedia = (wanted) => new Promise((done) => { window.allow = async () => {
             window.late = await ask(wanted); done(late); }; });"""
    )
    site.show()
    site.call(wait=False)
    site.click("Type instead")
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    expect(field(site)).to_be_visible()
    assert site.page.evaluate("room.options.microphone === undefined")
    site.page.evaluate("allow()")
    site.page.wait_for_function(
        "window.late && late.getTracks().every(track => track.readyState === 'ended')"
    )
    assert len(site.started()) == 1


def test_start_text_is_a_method(site: Site) -> None:
    site.show()
    site.page.evaluate(
        "async () => { const widget = document.querySelector('vaani-widget');"
        " await widget.open(); await widget.startText(); window.resolved = true; }"
    )
    assert site.page.evaluate("resolved")
    assert "call-connected" in site.events
    assert site.page.evaluate("room.options.microphone === undefined")
    # A second start is the same call.
    site.page.evaluate("document.querySelector('vaani-widget').startText()")
    assert len(site.started()) == 1


def test_a_call_in_writing_ends_and_another_begins(site: Site) -> None:
    site.show()
    type_instead(site)
    field(site).fill("not sent")
    site.click("End call")
    until_event(site.page, "vaani-call-end")
    site.click("Type instead")
    site.page.wait_for_function(
        "seen.events.filter(event => event.name === 'vaani-call-connected').length === 2"
    )
    site.agent("listening")
    expect(field(site)).to_have_value("")
    site.click("End call")
    site.click("Call again")
    site.page.wait_for_function("room.options.microphone")
    site.agent("listening")
    expect(site.panel.get_by_role("button", name="Mute")).to_be_visible()
    assert site.page.evaluate("room.options.audio.muted") is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_against_typing(open_site: Callable[..., Site], scheme: str) -> None:
    site = open_site(color_scheme=scheme)
    site.show()
    type_instead(site)
    site.on(
        "transcript({id:'1',role:'agent',final:true,typed:true,text:'- a\\n- [b](https://shop.example/)'})"
    )
    field(site).fill("x" * 2_001)
    expect(site.panel.locator(".rich li")).to_have_count(2)
    site.settle()
    site.page.add_script_tag(path=AXE)
    violations = site.page.evaluate("async () => (await axe.run('vaani-widget')).violations")
    assert [(one["id"], one["nodes"]) for one in violations] == []


def test_the_last_line_is_seen_when_something_is_sent(site: Site) -> None:
    site.show()
    site.call()
    for number in range(40):
        site.say("agent", f"Sentence {number}", id=str(number))
    log = site.panel.get_by_role("log")
    expect(log.locator(".line")).to_have_count(40)
    log.evaluate("log => { log.scrollTop = 0; }")
    expect(site.panel.get_by_role("button", name="To the newest")).to_be_visible()
    field(site).fill("And now?")
    field(site).press("Enter")
    site.page.wait_for_function(
        f"() => {{ const log = {ROOT}.querySelector('.log');"
        " return log.scrollHeight - log.scrollTop - log.clientHeight < 2; }"
    )
