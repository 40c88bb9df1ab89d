"""The call's course, as the page hears of it and the visitor reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.parts.watch import events, until_event

from .conftest import ROOT, Site


def test_events_come_in_order_and_once(site: Site) -> None:
    site.show()
    site.call()
    site.agent("thinking")
    site.agent("speaking")
    site.say("agent", "Hello")
    until_event(site.page, "vaani-transcript")
    site.click("End call")
    until_event(site.page, "vaani-call-end")

    assert site.events == [
        "ready", "before-call", "call-start", "asking", "connecting", "waiting", "call-connected",
        "listening", "thinking", "speaking", "ended", "call-end",
    ]  # fmt: skip
    ended = until_event(site.page, "vaani-call-end")
    assert ended == {**ended, "reason": "visitor"}
    assert 0 <= ended["durationSeconds"] <= 10
    assert ended["callId"] == until_event(site.page, "vaani-call-connected")["callId"]
    assert [sent["event"] for sent in site.progress()] == ["connected", "ended"]
    assert site.progress()[1]["reason"] == "visitor"


def test_start_resolves_when_the_room_is_joined(site: Site) -> None:
    site.show()
    site.page.evaluate("() => { window.roomOpens = new Promise((open) => { window.openRoom = open; }); }")
    site.page.evaluate(
        "() => { const element = document.querySelector('vaani-widget');"
        " element.start().then(() => { window.resolvedIn = seen.events.at(-1).name; }); }"
    )
    until_event(site.page, "vaani-state", where="detail.state === 'connecting'")
    site.page.wait_for_function("window.room")
    assert site.page.evaluate("window.resolvedIn") is None
    site.page.evaluate("openRoom()")
    site.page.wait_for_function("window.resolvedIn")
    assert "call-connected" in site.events


def test_states_are_said_in_words_and_each_turn_is_not_announced(site: Site) -> None:
    site.show()
    site.page.evaluate("() => { window.roomOpens = new Promise((open) => { window.openRoom = open; }); }")
    site.call(wait=False)
    announced = site.panel.get_by_role("status").last
    expect(site.panel).to_contain_text("Connecting…")
    expect(announced).to_have_text("Connecting…")
    site.page.evaluate("openRoom()")
    expect(announced).to_have_text("Waiting for the assistant…")
    for state, words in [("listening", "Listening"), ("thinking", "Thinking…"), ("speaking", "Speaking")]:
        site.agent(state)
        expect(site.panel.locator(".state")).to_contain_text(words)
        expect(announced).to_have_text("You are connected. Go ahead and speak.")
    site.on("reconnecting(true)")
    expect(site.panel).to_contain_text("Your connection is weak.")
    expect(announced).to_have_text("Reconnecting…")
    site.on("reconnecting(false)")
    expect(site.panel.locator(".state")).to_contain_text("Speaking")
    expect(site.panel).not_to_contain_text("Your connection is weak.")


def test_a_visitor_hears_that_an_assistant_answers(site: Site) -> None:
    site.show()
    site.call()
    expect(site.panel).to_contain_text("You are talking to an AI assistant")
    expect(site.panel.get_by_role("heading")).to_have_text("Tea Shop")


def test_both_sides_are_written_down(site: Site) -> None:
    site.show()
    site.call()
    expect(site.panel.get_by_role("log")).to_have_count(0)
    site.say("agent", "Hel", id="a", final=False)
    site.say("agent", "Hello!", id="a")
    site.say("visitor", "Hi the", id="b", final=False)
    site.say("visitor", "Hi there", id="b")
    expect(site.panel.get_by_role("log").locator(".line")).to_have_text(["Tea Shop: Hello!", "You: Hi there"])
    told = [event["detail"] for event in events(site.page, "vaani-transcript")]
    assert told[1] == {"id": "a", "role": "agent", "text": "Hello!", "final": True}
    assert [(line["id"], line["text"]) for line in told] == [
        ("a", "Hel"), ("a", "Hello!"), ("b", "Hi the"), ("b", "Hi there"),
    ]  # fmt: skip


def test_text_from_anyone_is_text(site: Site) -> None:
    site.show()
    site.call()
    hostile = "<img src=x onerror='window.hit=1'>{name}<script>window.hit=1</script>"
    site.say("agent", hostile)
    expect(site.panel.get_by_role("log")).to_contain_text(hostile)
    assert site.panel.locator("img, script").count() == 0
    assert site.page.evaluate("window.hit") is None


def test_transcript_follows_only_who_reads_its_end(site: Site) -> None:
    site.show()
    site.call()
    for number in range(40):
        site.say("agent", f"Sentence {number}", id=str(number))
    log = site.panel.get_by_role("log")
    from_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight"
    expect(log).to_contain_text("Sentence 39")
    site.page.wait_for_function(f"() => ({from_end})({ROOT}.querySelector('.log')) < 2")
    log.evaluate("log => { log.scrollTop = 0; }")
    site.page.evaluate("() => new Promise(requestAnimationFrame)")
    site.say("agent", "One more", id="more")
    expect(log).to_contain_text("One more")
    assert log.evaluate("log => log.scrollTop") == 0
    log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
    site.page.evaluate("() => new Promise(requestAnimationFrame)")
    site.say("agent", "And another", id="another")
    expect(log).to_contain_text("And another")
    assert log.evaluate(from_end) < 2


def test_transcript_can_be_left_out(site: Site) -> None:
    site.show(transcript="false")
    site.call()
    site.say("agent", "Hello")
    until_event(site.page, "vaani-transcript")
    expect(site.panel.get_by_role("log")).to_have_count(0)


def test_mute_and_unmute(site: Site) -> None:
    site.show()
    site.call()
    site.click("Mute")
    expect(site.panel.locator(".state")).to_contain_text("You are muted")
    site.click("Unmute")
    expect(site.panel.locator(".state")).to_contain_text("Listening")
    assert site.page.evaluate("room.muted") == [False, True, False], "the first when the room is joined"


def test_a_microphone_that_is_gone_is_said(site: Site) -> None:
    site.show()
    site.call()
    site.on("muted(true)")
    expect(site.panel).to_contain_text("Your microphone was disconnected.")
    assert until_event(site.page, "vaani-error") == {"code": "mic_missing", "fatal": False}
    site.click("Unmute")
    expect(site.panel).not_to_contain_text("Your microphone was disconnected.")


def test_level_of_the_microphone_is_drawn(site: Site) -> None:
    site.show()
    site.call()
    bar = site.panel.locator(".meter i").nth(1)
    quiet = bar.evaluate("bar => getComputedStyle(bar).clipPath")
    site.page.evaluate("() => { room.levels = { visitor: 0.9, agent: 0 }; }")
    site.page.wait_for_function(
        f"quiet => getComputedStyle({ROOT}.querySelectorAll('.meter i')[1]).clipPath !== quiet",
        arg=quiet,
    )


def test_tap_to_hear_where_the_browser_keeps_sound_back(site: Site) -> None:
    site.show()
    site.call()
    site.on("soundBlocked(true)")
    assert until_event(site.page, "vaani-error") == {"code": "autoplay_blocked", "fatal": False}
    site.click("Tap to hear the assistant")
    expect(site.panel.get_by_role("button", name="Tap to hear the assistant")).to_have_count(0)
    assert site.page.evaluate("room.played") == 1


def test_a_typed_message_and_a_tool_reach_the_room(site: Site) -> None:
    site.show()
    site.page.evaluate("() => document.querySelector('vaani-widget').registerTool('cart', () => 1)")
    site.call()
    site.page.evaluate("() => document.querySelector('vaani-widget').sendText('Hi')")
    told = until_event(site.page, "vaani-transcript")
    assert (told["role"], told["text"], told["final"]) == ("visitor", "Hi", True)
    assert site.page.evaluate("[room.sent, room.tools]") == [["Hi"], ["cart"]]


def test_small_and_whole_again_keep_the_call(site: Site) -> None:
    site.show()
    site.call()
    site.click("Make small, keep the call")
    expect(site.panel).to_have_count(0)
    bar = site.page.get_by_role("group", name="Call with Tea Shop")
    expect(bar).to_contain_text("Listening")
    bar.get_by_role("button", name="Show the call").click()
    expect(site.panel).to_be_visible()
    assert site.page.evaluate("room.left") == 0
    assert [event["name"] for event in events(site.page)][-2:] == ["vaani-close", "vaani-open"]


def test_hanging_up_in_the_bar_gives_the_launcher_back(site: Site) -> None:
    site.show()
    site.call()
    site.click("Make small, keep the call")
    site.page.get_by_role("group", name="Call with Tea Shop").get_by_role("button", name="End call").click()
    expect(site.page.get_by_role("button", name="Talk to agent")).to_be_visible()
    assert until_event(site.page, "vaani-call-end")["reason"] == "visitor"


def test_the_second_click_on_end_call_starts_nothing(site: Site) -> None:
    site.show()
    site.call()
    end = site.panel.get_by_role("button", name="End call")
    end.click(trial=True)
    box = end.bounding_box()
    assert box
    site.page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(site.panel.get_by_role("button", name="Call again")).to_be_visible()
    site.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert len(site.started()) == 1
    assert site.page.evaluate("seen.streams.length") == 1


def test_cancel_before_the_room_is_joined(site: Site) -> None:
    site.show()
    site.page.evaluate("() => { window.roomOpens = new Promise((open) => { window.openRoom = open; }); }")
    rejected = "window.rejected = document.querySelector('vaani-widget').start().catch(({ code }) => code)"
    site.page.evaluate(f"() => {{ {rejected}; }}")
    site.page.wait_for_function("window.room")
    site.click("Cancel")
    assert site.page.evaluate("window.rejected") == "cancelled"
    assert until_event(site.page, "vaani-call-end")["reason"] == "visitor"
    expect(site.panel).to_have_count(0)
    assert "error" not in site.events
    # It was paid for: its line is given back.
    site.page.wait_for_function("seen.streams[0].getTracks()[0].readyState === 'ended'")
    assert [sent["event"] for sent in site.progress()] == ["ended"]


def test_everything_is_let_go_at_the_end(site: Site) -> None:
    site.page.add_init_script("""
        window.contexts = [];
        window.AudioContext = class extends AudioContext { constructor() { super(); contexts.push(this); } };
    """)
    site.show()
    for call in range(5):
        if call:
            site.click("Call again")
        else:
            site.click("Talk to agent")
        site.page.wait_for_function(
            "n => seen.events.filter(event => event.name === 'vaani-call-connected').length === n",
            arg=call + 1,
        )
        site.click("End call")
        site.state("ended")
    left: Any = site.page.evaluate(
        "seen.streams.map((stream) => stream.getTracks().map((t) => t.readyState))"
    )
    assert left == [["ended"]] * 5
    site.page.wait_for_function("contexts.every((context) => context.state === 'closed')")
    assert site.page.evaluate("contexts.length") == 5


def test_what_the_site_ignores_is_said_to_the_developer(site: Site) -> None:
    warnings: list[str] = []
    site.page.on(
        "console", lambda message: warnings.append(message.text) if message.type == "warning" else None
    )
    site.show(metadata=json.dumps({"colour": "red"}))
    site.call()
    assert [text for text in warnings if "metadata.colour" in text]


def test_who_draws_a_call_otherwise_gets_no_panel(site: Site) -> None:
    site.show('<button data-vaani-call="shop">Ring</button>', variant="none")
    site.click("Ring")
    until_event(site.page, "vaani-call-connected")
    site.agent("speaking")
    site.say("agent", "Hello")
    assert until_event(site.page, "vaani-transcript")["text"] == "Hello"
    expect(site.page.locator("vaani-widget [part]:visible")).to_have_count(0)
    # What only the visitor can do is asked for.
    site.on("soundBlocked(true)")
    site.panel.get_by_role("button", name="Tap to hear").click()
    expect(site.panel).to_have_count(0)
    assert site.page.evaluate("room.played") == 1
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    site.panel.get_by_role("button", name="End call").click()
    assert until_event(site.page, "vaani-call-end")["reason"] == "visitor"


def test_a_page_that_draws_its_own_has_a_card_to_type_in(site: Site) -> None:
    site.show(variant="none")
    site.page.evaluate("() => void VaaniWidget('startText')")
    expect(site.panel.get_by_role("textbox")).to_be_visible()
    site.page.keyboard.press("Escape")
    expect(site.panel).to_have_count(0)
    expect(site.page.locator(".bar")).to_have_count(0)


def test_the_button_becomes_a_bar_with_the_latest_words(site: Site) -> None:
    site.page.clock.install()
    site.show(variant="button")
    site.call()
    bar = site.page.get_by_role("group", name="Call with Tea Shop")
    expect(bar).to_contain_text("You are talking to an AI assistant")
    expect(bar).to_contain_text("Listening")
    expect(site.panel).to_have_count(0)
    site.say("agent", "Hello, this is the tea shop, how can I help you on this very fine day?")
    # until then it says who answers: test_caption.py
    site.page.wait_for_function(f"() => {ROOT}.querySelector('.time')")
    site.page.clock.fast_forward(7_000)
    caption = bar.locator("[part=caption]")
    expect(caption).to_contain_text("on this very fine day?")
    line = caption.bounding_box()
    assert line
    assert line["height"] < 40
    site.say("visitor", "Do you ship", id="2", final=False)
    expect(caption).to_have_text("YouDo you ship")
    bar.get_by_role("button", name="Show the call").click()
    expect(site.panel).to_contain_text("on this very fine day?")
    site.click("Make small, keep the call")
    bar.get_by_role("button", name="End call").click()
    expect(site.page.get_by_role("button", name="Talk to agent")).to_be_visible()


def test_the_bar_shows_no_words_where_the_page_wants_none(site: Site) -> None:
    site.show(variant="button", transcript="false")
    site.call()
    bar = site.page.get_by_role("group", name="Call with Tea Shop")
    site.say("agent", "Hello")
    until_event(site.page, "vaani-transcript")
    expect(bar).to_contain_text("You are talking to an AI assistant")
    expect(bar).not_to_contain_text("Hello")


def test_a_failure_of_the_button_is_a_card(open_site: Callable[..., Site]) -> None:
    site = open_site(microphone=False)
    site.show(variant="button")
    site.call(wait=False)
    expect(site.failure).to_contain_text("We can’t hear you yet")


def test_the_compact_card_fills_a_phone(open_site: Callable[..., Site]) -> None:
    site = open_site(viewport={"width": 390, "height": 700})
    site.show()
    site.call()
    site.settle()
    assert site.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 700}


@pytest.mark.parametrize("look", [{"variant": "compact"}, {"position": "inline"}, {"position": "top-left"}])
def test_each_shape_shows_the_same_call(site: Site, look: dict[str, str]) -> None:
    site.show(**look)
    site.call()
    expect(site.panel).to_contain_text("Listening")
    site.settle()
    box = site.panel.bounding_box()
    assert box
    assert box["width"] == 360
    assert box["x"] >= 0
    assert box["y"] >= 0
    if look.get("position") == "top-left":
        assert box["x"] < 40
        assert box["y"] < 40
