"""The card that covers a phone's window keeps keyboard and finger; no other card does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.parts.watch import until_event

from .conftest import ROOT, Site

PHONE: Any = {"width": 390, "height": 700}
WIDE: Any = {"width": 844, "height": 390}
BEHIND = "<a href=#behind>Behind</a><button data-vaani-call=shop>Ring</button><p style='height: 4000px'>Tea"
WHERE = f"{ROOT}.activeElement?.getAttribute('aria-label') ?? {ROOT}.activeElement?.textContent ?? 'page'"


def tabs(site: Site, key: str, times: int) -> list[str]:
    """What the keyboard comes to, key by key."""
    found = []
    for _ in range(times):
        site.page.keyboard.press(key)
        found.append(site.page.evaluate(WHERE))
    return found


@pytest.fixture
def phone(open_site: Callable[..., Site]) -> Site:
    site = open_site(viewport=PHONE, has_touch=True)
    site.show(BEHIND)
    return site


def test_tab_goes_round_inside(phone: Site) -> None:
    phone.call()
    expect(phone.panel.get_by_role("textbox")).to_be_visible()
    expect(phone.panel).to_be_focused()
    expect(phone.panel).to_have_attribute("aria-modal", "true")
    # nothing is written: there is nothing to send
    forth = tabs(phone, "Tab", 12)
    assert forth[0] == "Make small, keep the call"
    assert forth[1:].index(forth[0]) + 1 == len(set(forth)), forth
    assert forth[len(set(forth)) - 1] == "End call"
    assert "page" not in forth
    phone.panel.get_by_role("button", name="Make small").focus()
    assert tabs(phone, "Shift+Tab", 1) == ["End call"]
    phone.panel.focus()
    assert tabs(phone, "Shift+Tab", 1) == ["End call"]
    assert tabs(phone, "Tab", 1) == ["Make small, keep the call"]


def test_settings_belong_to_the_round_and_what_they_cover_does_not(phone: Site) -> None:
    phone.call()
    phone.say("agent", "Hello")
    phone.panel.get_by_role("button", name="Microphone and speaker").click()
    phone.panel.get_by_role("button", name="End call").focus()
    there = tabs(phone, "Tab", 8)
    assert there[0] == "Make small, keep the call"
    assert not {"page", "Transcript", "Copy conversation"} & set(there)


def test_escape_and_corner_make_it_small(phone: Site) -> None:
    phone.call()
    phone.page.keyboard.press("Escape")
    bar = phone.page.get_by_role("group", name="Call with Tea Shop")
    expect(bar).to_be_visible()
    expect(phone.panel).to_have_count(0)
    # the bar is no dialog: the page is there, and the keyboard goes on to it
    seen = tabs(phone, "Tab", 6)
    assert "page" in seen
    bar.locator(".expand").click()
    expect(phone.panel).to_have_attribute("aria-modal", "true")
    phone.click("Make small, keep the call")
    expect(bar).to_be_visible()


def test_a_window_that_becomes_wide_has_a_plain_dialog(phone: Site) -> None:
    phone.call()
    expect(phone.panel).to_have_attribute("aria-modal", "true")
    phone.page.set_viewport_size(WIDE)
    expect(phone.panel).not_to_have_attribute("aria-modal", "true")
    assert "page" in tabs(phone, "Tab", 12)
    phone.page.get_by_role("link", name="Behind").focus()
    expect(phone.page.get_by_role("link", name="Behind")).to_be_focused()
    # and back: what is covered now has not kept the keyboard
    phone.page.set_viewport_size(PHONE)
    expect(phone.panel).to_have_attribute("aria-modal", "true")
    expect(phone.panel).to_be_focused()


@pytest.mark.parametrize("look", [{"position": "inline"}, {"variant": "button"}])
def test_a_card_that_does_not_cover_the_page_is_a_plain_one(
    open_site: Callable[..., Site], look: dict[str, str]
) -> None:
    site = open_site(viewport=PHONE)
    site.show(BEHIND, **look)
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(site.panel).to_be_visible()
    expect(site.panel).not_to_have_attribute("aria-modal", "true")
    site.panel.focus()
    assert "page" in tabs(site, "Tab", 8)


def test_the_keyboard_does_not_stay_on_what_is_covered(phone: Site) -> None:
    """Also where the page starts the call, or puts the keyboard somewhere; in the end it is where it was."""
    field = phone.page.get_by_label("Search")
    field.focus()
    phone.page.evaluate("() => void VaaniWidget('open')")
    expect(phone.panel).to_be_focused()
    phone.page.evaluate("document.querySelector('a').focus()")
    expect(phone.panel).to_be_focused()
    phone.page.keyboard.press("Escape")
    expect(field).to_be_focused()


def test_what_the_page_lays_over_the_card_can_be_used(phone: Site) -> None:
    """A challenge of the page's own, say."""
    phone.page.evaluate("() => void VaaniWidget('open')")
    expect(phone.panel).to_be_visible()
    phone.page.evaluate("""() => {
      const over = document.createElement("input");
      over.id = "over";
      over.style = "position: fixed; inset: 100px auto auto 100px; z-index: 2147483647";
      document.body.append(over);
    }""")
    phone.page.locator("#over").click()
    phone.page.keyboard.type("42")
    expect(phone.page.locator("#over")).to_have_value("42")


@pytest.mark.parametrize("late", [False, True], ids=["at_once", "later"])
def test_a_page_that_holds_the_keyboard_as_well_keeps_it(phone: Site, late: bool) -> None:
    """Two traps that answer each other would never come to an end."""
    errors: list[str] = []
    phone.page.on("pageerror", lambda error: errors.append(f"{error}"))
    phone.page.evaluate(
        """late => {
      const field = document.querySelector("input");
      window.answers = 0;
      const hold = () => { answers++; field.focus(); };
      document.addEventListener("focusin", ({ target }) => {
        if (target !== field) late ? setTimeout(hold) : hold();
      });
      field.focus();
    }""",
        late,
    )
    phone.page.evaluate("() => void VaaniWidget('open')")
    expect(phone.panel).to_be_visible()
    phone.page.wait_for_function("answers > 0")
    further = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/assets/moreen'))"
    phone.page.wait_for_function(further)
    phone.page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    assert phone.page.evaluate("answers") == 1
    # nor does it begin when the page moves the keyboard again
    phone.page.evaluate("document.querySelector('a').focus()")
    phone.page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    assert phone.page.evaluate("answers") <= 3
    expect(phone.page.get_by_label("Search")).to_be_focused()
    assert errors == []
    # the card goes on working: with a finger all of it can be used
    phone.click("Start call")
    until_event(phone.page, "vaani-call-connected")
    phone.agent("listening")
    phone.page.evaluate("() => new Promise((done) => setTimeout(done, 700))")
    expect(phone.panel.get_by_role("button", name="End call")).to_be_visible()


def test_nothing_behind_scrolls_along_and_nothing_is_written_there(phone: Site) -> None:
    phone.page.evaluate("""() => {
      window.written = [];
      const look = new MutationObserver((all) => written.push(all[0].attributeName));
      for (const one of [document.documentElement, document.body]) look.observe(one, { attributes: true });
    }""")
    touch = phone.page.context.new_cdp_session(phone.page)

    def push() -> None:
        phone.settle()
        phone.page.mouse.move(195, 350)
        phone.page.mouse.wheel(0, 400)
        touch.send(
            "Input.synthesizeScrollGesture",
            {"x": 195, "y": 350, "yDistance": -200, "gestureSourceType": "touch"},
        )
        phone.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")

    phone.page.evaluate("() => void VaaniWidget('open')")
    expect(phone.panel).to_be_visible()
    push()  # nothing in it to scroll
    assert phone.page.evaluate("scrollY") == 0
    phone.panel.get_by_role("button", name="Start call").click()
    phone.page.wait_for_function("() => window.room")
    phone.agent("listening")
    for number in range(30):
        phone.say("agent", f"Sentence {number}", id=str(number))
    log = phone.panel.get_by_role("log")
    expect(log).to_contain_text("Sentence 29")
    push()  # it is at its end
    assert phone.page.evaluate("scrollY") == 0
    log.evaluate("log => { log.scrollTop = 0; }")
    push()
    assert log.evaluate("log => log.scrollTop") > 100, "what was said scrolls"
    assert phone.page.evaluate("scrollY") == 0
    phone.page.keyboard.press("Escape")
    expect(phone.panel).to_have_count(0)
    push()
    assert phone.page.evaluate("scrollY") > 100, "the page has its own again"
    assert phone.page.evaluate("written") == []
