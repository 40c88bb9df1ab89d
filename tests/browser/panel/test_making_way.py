"""Bar and card make way for what the keyboard has come to behind them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.parts.watch import until_event

from .conftest import Site

BEHIND = (
    '<a id=behind href="#" style="position: fixed; right: 60px; bottom: {bottom}px">Terms</a>'
    '<a id=next href="#" style="position: fixed; right: 160px; bottom: {bottom}px">Next</a>'
)
LIES_OPEN = """(id) => {
  const { x, y, width, height } = document.getElementById(id).getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2)?.id === id;
}"""
PLACE = """() => {
  const { shadowRoot } = document.querySelector("vaani-widget");
  const { top, bottom } = shadowRoot.querySelector(".bar").getBoundingClientRect();
  return [top, bottom];
}"""


def focus(site: Site) -> None:
    assert not site.page.evaluate(LIES_OPEN, "behind"), "else nothing is tested"
    site.page.locator("#behind").focus()


@pytest.mark.parametrize("position", ["bottom-right", "top-right"])
def test_the_bar_makes_way_and_comes_back(site: Site, position: str) -> None:
    height = site.page.evaluate("innerHeight")
    site.show(
        BEHIND.format(bottom=40 if position == "bottom-right" else height - 60),
        variant="button",
        position=position,
    )
    site.call()
    until_event(site.page, "vaani-call-connected")
    bar = site.page.get_by_role("group", name="Call with")
    expect(bar.get_by_role("button", name="Mute")).to_be_visible()
    site.agent("listening")
    focus(site)
    site.page.wait_for_function(LIES_OPEN, arg="behind")
    # all of it is in the window, and can be used where it is
    top, bottom = site.page.evaluate(PLACE)
    assert 0 <= top < bottom <= height
    expect(site.page.locator("#behind")).to_be_focused()
    # the next one likewise
    site.page.locator("#next").focus()
    site.page.evaluate("() => new Promise((done) => setTimeout(done, 700))")
    assert site.page.evaluate(LIES_OPEN, "next")
    assert site.page.evaluate(PLACE) == [top, bottom]
    bar.get_by_role("button", name="Mute").click()
    expect(bar.get_by_role("button", name="Unmute")).to_be_visible()
    site.page.wait_for_function(f"!({LIES_OPEN})('next')")


def test_a_card_that_has_no_room_beside_it_becomes_small(site: Site) -> None:
    site.page.set_viewport_size({"width": 1000, "height": 560})
    site.show(BEHIND.format(bottom=300))
    site.call()
    for number in range(12):
        site.say("agent", f"Sentence {number}", id=str(number))
    expect(site.panel.get_by_role("log")).to_contain_text("Sentence 11")
    focus(site)
    bar = site.page.get_by_role("group", name="Call with")
    expect(bar).to_be_visible()
    expect(site.panel).to_have_count(0)
    expect(site.page.locator("#behind")).to_be_focused()
    assert site.page.evaluate(LIES_OPEN, "behind")
    assert not site.page.evaluate("seen.events.some(({ name }) => name === 'vaani-call-end')")


def test_what_it_does_not_cover_moves_nothing(site: Site) -> None:
    site.show(variant="button")
    site.call()
    bar = site.page.get_by_role("group", name="Call with")
    expect(bar.get_by_role("button", name="Mute")).to_be_visible()
    field = site.page.get_by_label("Search")
    field.focus()
    # longer than it waits before it looks
    site.page.evaluate("() => new Promise((done) => setTimeout(done, 700))")
    box = "document.querySelector('vaani-widget').shadowRoot.querySelector('.box')"
    assert site.page.evaluate(f"getComputedStyle({box}).translate") == "none"
