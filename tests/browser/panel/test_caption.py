"""The bar's line of words: first what one should know, for as long as it takes to read, then what is said."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import ROOT, Site
from .test_texts import LOCALES

NOTICE = "You are talking to an AI assistant"
WORDS = "Hello, this is the tea shop, how can I help you on this very fine day?"


def calling(site: Site, **attributes: Any) -> Locator:
    """A call in its bar, with all that a call has; time passes when the test says so. Its line of words."""
    site.page.clock.install()
    site.show(variant="button", **attributes)
    site.page.locator("vaani-widget").get_by_role("button").click()
    site.page.wait_for_function("() => window.room")
    site.agent("listening")
    # the further chunk comes once a second is over
    site.page.clock.run_for(1_500)
    site.page.wait_for_function(f"() => {ROOT}.querySelector('.time')")
    site.page.clock.pause_at(site.page.evaluate("Date.now()") / 1_000 + 1)
    return site.page.locator(".caption")


def test_fast_first_words_do_not_take_the_notice_away(site: Site) -> None:
    caption = calling(site)
    expect(caption).to_have_text(NOTICE)
    site.agent("speaking")
    site.say("agent", WORDS)
    for _ in range(10):
        site.page.clock.run_for(590)
        expect(caption).to_have_text(NOTICE)
    site.page.clock.run_for(200)
    expect(caption).to_have_text(WORDS)


def test_a_silent_agent_leaves_it_there(site: Site) -> None:
    """The time is that of the agent's first words, not of the call."""
    caption = calling(site)
    site.page.clock.run_for(15_000)
    site.say("visitor", "Is anybody there?", id="0")
    site.say("agent", WORDS)
    site.page.clock.run_for(5_900)
    expect(caption).to_have_text(NOTICE)
    site.page.clock.run_for(200)
    expect(caption).to_have_text(WORDS)


def test_a_longer_notice_has_longer(site: Site) -> None:
    notice = "This is a computer. " * 8
    caption = calling(site, texts=json.dumps({"en": {"ai_notice": notice}}))
    site.say("agent", WORDS)
    site.page.clock.run_for(10_000)
    expect(caption).to_have_text(notice)
    site.page.clock.run_for(3_000)
    expect(caption).to_have_text(WORDS)


def test_a_notice_left_out_leaves_no_empty_line(site: Site) -> None:
    """Nothing has to be read first: not before the agent's words, nor before the visitor's."""
    caption = calling(site, texts=json.dumps({"en": {"ai_notice": ""}}))
    site.say("visitor", "Is anybody there?", id="0")
    expect(caption).to_contain_text("Is anybody there?")
    site.agent("speaking")
    site.say("agent", WORDS)
    expect(caption).to_have_text(WORDS)


def test_the_card_in_between_makes_no_difference(site: Site) -> None:
    caption = calling(site)
    site.say("agent", WORDS)
    site.page.clock.run_for(4_000)
    site.page.locator(".expand").click()
    expect(site.panel).to_contain_text(NOTICE)
    site.click("Make small, keep the call")
    expect(caption).to_have_text(NOTICE)
    site.page.clock.run_for(2_100)
    expect(caption).to_have_text(WORDS)
    site.page.locator(".expand").click()
    site.click("Make small, keep the call")
    expect(caption).to_have_text(WORDS)


def test_a_second_call_says_it_again(site: Site) -> None:
    caption = calling(site)
    site.say("agent", WORDS)
    site.page.clock.run_for(7_000)
    expect(caption).to_have_text(WORDS)
    site.click("End call")
    site.page.evaluate("delete window.room")
    site.page.clock.resume()
    site.click("Talk to agent")
    site.page.wait_for_function("() => window.room")
    site.agent("speaking")
    site.say("agent", WORDS)
    site.page.wait_for_function(f"() => {ROOT}.querySelector('.time')")
    expect(caption).to_have_text(NOTICE)


def test_a_connection_that_is_away_is_said_first(site: Site) -> None:
    caption = calling(site)
    site.say("agent", WORDS)
    site.on("reconnecting(true)")
    expect(caption).to_contain_text("Your connection is weak")
    site.on("reconnecting(false)")
    expect(caption).to_have_text(NOTICE)


def test_only_the_bar_keeps_room_for_the_longest_word(site: Site) -> None:
    calling(site)
    assert "Listening" in site.page.locator(".bar .state").get_attribute("data-words")  # type: ignore[operator]
    site.page.locator(".expand").click()
    expect(site.panel.locator(".state")).not_to_have_attribute("data-words", re.compile("."))


@pytest.mark.parametrize(("width", "locale"), [(1280, "en"), (320, "ta"), (320, "en"), (360, "ur")])
def test_nothing_moves_when_it_goes(site: Site, width: int, locale: str) -> None:
    """Also where the notice takes two lines: the words then have both."""
    site.page.set_viewport_size({"width": width, "height": 700})
    caption = calling(site, locale=locale, position="top-right")
    expect(caption).to_have_text(LOCALES[locale]["ai_notice"])
    site.settle()
    box = f"() => ['.bar', '.row'].map(name => {ROOT}.querySelector(name).getBoundingClientRect().toJSON())"
    site.say("agent", WORDS)
    before = site.page.evaluate(box)
    site.page.clock.run_for(12_000)
    expect(caption).to_have_text(WORDS)
    assert site.page.evaluate(box) == before
    site.say("visitor", "A word", id="2")
    expect(caption).to_contain_text("A word")
    assert site.page.evaluate(box) == before
