"""Bar and card make way for what the keyboard has come to behind them."""

from __future__ import annotations

from collections.abc import Callable

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
    site.page.evaluate(SETTLED)
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


SETTLED = "() => new Promise((done) => setTimeout(done, 700))"
"""Longer than it waits before it looks."""
STILL = """() => {
  const { shadowRoot } = document.querySelector("vaani-widget");
  return getComputedStyle(shadowRoot.querySelector(".box")).translate;
}"""


@pytest.mark.parametrize("position", ["bottom-right", "inline"])
def test_what_is_around_it_or_nothing_at_all_has_the_keyboard(site: Site, position: str) -> None:
    """The middle of both is below the card."""
    site.page.set_viewport_size({"width": 420, "height": 620})
    site.show("<main tabindex=-1 style='height: 560px'>Tea</main>", position=position, variant="button")
    site.call()
    site.page.evaluate("void document.querySelector('vaani-widget').open()")
    expect(site.panel.get_by_role("button", name="End call")).to_be_visible()
    site.say("agent", "Hello")
    expect(site.panel).to_contain_text("Hello")
    site.page.evaluate("""() => {
      const widget = document.querySelector("vaani-widget");
      if (widget.position === "inline") document.querySelector("main").append(widget);
      document.activeElement.blur();
    }""")
    site.page.evaluate(SETTLED)
    expect(site.panel).to_be_visible()
    site.page.locator("main").focus()
    site.page.evaluate(SETTLED)
    expect(site.panel).to_be_visible()
    assert site.page.evaluate(STILL) == "none"


def test_what_the_call_needs_a_tap_for_stays(open_site: Callable[..., Site]) -> None:
    """For a page that draws the call itself nothing else would be left of it."""
    site = open_site(viewport={"width": 390, "height": 500})
    site.show(
        '<button id=behind style="position: fixed; left: 100px; top: 400px">Ring</button>', variant="none"
    )
    ring = site.page.locator("#behind")
    ring.evaluate("button => { button.onclick = () => void document.querySelector('vaani-widget').start(); }")
    ring.click()
    until_event(site.page, "vaani-call-connected")
    site.page.evaluate("room.options.on.soundBlocked(true)")
    for number in range(9):
        site.say("agent", f"Sentence {number}", id=str(number))
    hear = site.panel.get_by_role("button", name="Tap to hear")
    expect(hear).to_be_visible()
    expect(site.panel.get_by_role("log")).to_contain_text("Sentence 8")
    site.page.get_by_label("Search").focus()
    focus(site)
    site.page.evaluate(SETTLED)
    expect(hear).to_be_visible()


def test_a_trigger_below_the_card_brings_the_call_forward(open_site: Callable[..., Site]) -> None:
    site = open_site(viewport={"width": 390, "height": 664})
    style = "position: fixed; left: 100px; top: 480px"
    site.show(f'<button id=behind data-vaani-call=shop style="{style}">Ring</button>', variant="button")
    site.page.locator("#behind").click()
    until_event(site.page, "vaani-call-connected")
    site.say("agent", "Hello")
    bar = site.page.get_by_role("group", name="Call with")
    expect(bar.get_by_role("button", name="Mute")).to_be_visible()
    site.page.locator("#behind").click()
    expect(site.panel).to_be_visible()
    expect(site.panel).to_be_focused()
    site.page.evaluate(SETTLED)
    expect(site.panel).to_be_visible()


def test_inside_of_an_app_made_of_shadow_roots(site: Site) -> None:
    """Of the second step its window hears nothing but the key."""
    site.show("<my-app></my-app>", variant="button")
    site.page.evaluate("""() => {
      const root = document.querySelector("my-app").attachShadow({ mode: "open" });
      root.innerHTML = `<a href="#">One</a>
        <a id=behind href="#" style="position: fixed; right: 60px; bottom: 40px">Two</a>`;
    }""")
    site.call()
    until_event(site.page, "vaani-call-connected")
    bar = site.page.get_by_role("group", name="Call with")
    # what makes way has come, and has looked for the first time
    expect(bar.locator(".time")).to_be_visible()
    site.page.locator("my-app").get_by_text("One").focus()
    site.page.evaluate(SETTLED)
    site.page.keyboard.press("Tab")
    site.page.wait_for_function("""() => {
      const link = document.querySelector("my-app").shadowRoot.getElementById("behind");
      const { x, y, width, height } = link.getBoundingClientRect();
      const seen = document.elementFromPoint(x + width / 2, y + height / 2);
      return link.matches(":focus") && seen?.localName === "my-app";
    }""")


def test_what_it_does_not_cover_moves_nothing(site: Site) -> None:
    site.show(variant="button")
    site.call()
    bar = site.page.get_by_role("group", name="Call with")
    site.agent("listening")
    # what makes way has come
    expect(bar.locator(".time")).to_be_visible()
    field = site.page.get_by_label("Search")
    field.focus()
    site.page.evaluate(SETTLED)
    assert site.page.evaluate(STILL) == "none"
