"""Two tabs of one site: a visitor has one call, in the tab of their choice."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.calls.conftest import Shop, call, hang_up
from tests.parts.watch import events, until, until_event

LOCALES = Path("widget_static/locales")
TEXTS = json.loads((LOCALES / "more/en.json").read_text("utf-8"))
PLAIN = json.loads((LOCALES / "en.json").read_text("utf-8"))
MICROPHONE_OFF = "seen.streams.flatMap(s => s.getTracks()).every(t => t.readyState === 'ended')"


def test_a_call_in_another_tab_is_said_and_can_be_had_here_instead(shop: Shop, visitor: Page) -> None:
    shop.stack.api.requests.clear()
    room = call(shop, visitor)
    here = visitor.context.new_page()
    here.goto(shop.page(shop.tag(site="shop", variant="button")))
    here.get_by_role("button", name="Talk to").click()
    panel = here.get_by_role("dialog")
    expect(panel).to_contain_text(TEXTS["elsewhere"])

    # Not now: nothing has been spent, nothing is left open, and the other call has noticed nothing.
    panel.get_by_role("button", name="Not now").click()
    assert until_event(here, "vaani-call-end") == {"callId": None, "reason": "visitor", "durationSeconds": 0}
    expect(here.get_by_role("button", name="Talk to")).to_be_visible()
    here.wait_for_function(MICROPHONE_OFF)
    assert events(here, "vaani-error") == []
    assert len(shop.stack.api.requests) == 1
    assert events(visitor, "vaani-call-end") == []

    here.get_by_role("button", name="Talk to").click()
    panel.get_by_role("button", name=TEXTS["here"]).click()
    until_event(here, "vaani-call-connected")
    ended = until_event(visitor, "vaani-call-end")
    assert ended["reason"] == "visitor"
    assert events(visitor, "vaani-error") == []
    visitor.wait_for_function(MICROPHONE_OFF)
    shop.stack.agent.wait_for("visitor_left", room=room)
    assert len(shop.stack.api.requests) == 2
    until_event(here, "vaani-state", where="detail.state === 'speaking'")

    # A tab that goes takes its call along: the next one is asked nothing.
    here.close()
    visitor.get_by_role("button", name="Call again").click()
    visitor.wait_for_function(
        "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 2"
    )
    hang_up(visitor)
    assert len(shop.stack.api.requests) == 3


def test_the_call_taken_from_another_tab_is_over_before_the_next_one_is_asked_for(
    shop: Shop, visitor: Page
) -> None:
    """A site with one line has it free again."""
    call(shop, visitor, site="single")
    # What tells the server of the end is on its way for a while.
    visitor.evaluate(
        """() => { const send = fetch; window.fetch = async (...given) => {
             if (given[0].endsWith("/progress")) await new Promise((over) => setTimeout(over, 700));
             return send(...given); }; }"""
    )
    here = visitor.context.new_page()
    here.goto(shop.page(shop.tag(site="single")))
    here.get_by_role("button", name="Talk to").click()
    with here.expect_response("**/v1/calls") as answer:
        here.get_by_role("dialog").get_by_role("button", name=TEXTS["here"]).click()
    assert answer.value.status == 201, answer.value.json()
    until_event(here, "vaani-call-connected")
    assert until_event(visitor, "vaani-call-end")["reason"] == "visitor"
    hang_up(here)


def test_it_is_said_in_plainer_words_where_the_further_ones_are_lost(shop: Shop, visitor: Page) -> None:
    call(shop, visitor)
    here = visitor.context.new_page()
    here.route("**/assets/more*", lambda route: route.abort())
    here.goto(shop.page(shop.tag(site="shop")))
    here.get_by_role("button", name="Talk to").click()
    panel = here.get_by_role("dialog")
    expect(panel).to_contain_text(PLAIN["token_spent_help"])
    panel.get_by_role("button", name=PLAIN["start"]).click()
    until_event(here, "vaani-call-connected")
    until_event(visitor, "vaani-call-end")
    hang_up(here)


def test_other_origins_and_calls_that_are_over_are_in_nobodys_way(shop: Shop, visitor: Page) -> None:
    call(shop, visitor)
    other = visitor.context.new_page()
    other.goto(shop.page(shop.tag(site="shop")).replace("127.0.0.1", "localhost"))
    other.get_by_role("button", name="Talk to").click()
    until_event(other, "vaani-call-connected")
    hang_up(other)
    assert events(visitor, "vaani-call-end") == []
    hang_up(visitor)
    same = visitor.context.new_page()
    call(shop, same)
    hang_up(same)


def test_whose_turn_it_is_is_found_out_while_the_visitor_answers(shop: Shop, visitor: Page) -> None:
    """What took its time after the microphone is granted, the visitor would wait for."""
    visitor.goto(shop.page(shop.tag(site="shop")))
    visitor.evaluate(
        """() => { const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
             const granted = new Promise((grant) => { window.grant = grant; });
             devices.getUserMedia = async (...given) => (await granted, ask(...given)); }"""
    )
    visitor.get_by_role("button", name="Talk to").click()
    held = "async () => (await navigator.locks.query()).held.map(({ name }) => name)"
    until(visitor, f"async () => (await ({held})()).includes('vaani_call')")
    assert events(visitor, "vaani-state")[-1]["detail"]["state"] == "asking"
    visitor.evaluate("grant()")
    until_event(visitor, "vaani-call-connected")
    hang_up(visitor)
