"""The launcher makes way for what the keyboard has come to, and goes when it is told to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window

CORNER = "position: fixed; right: 40px; bottom: 30px; width: 90px; height: 20px"
"""Wholly below the launcher."""
LAUNCHER = "document.querySelector('vaani-widget').shadowRoot.querySelector('[part=button]')"
LIES_OPEN = """selector => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  const seen = document.elementFromPoint(x + width / 2, y + height / 2);
  return seen?.matches(selector) || String(seen?.localName);
}"""


def lies_open(window: Window, selector: str) -> None:
    window.page.wait_for_function(f"selector => ({LIES_OPEN})(selector) === true", arg=selector)


def test_what_is_focused_is_seen(window: Window) -> None:
    window.show(
        f'<a id=first href="#">One</a><a id=below href="#" style="{CORNER}">Two</a>{window.tag(site="shop")}'
    )
    window.ready()
    expect(window.launcher).to_be_visible()
    assert window.page.evaluate(LIES_OPEN, "#below") == "vaani-widget"
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Tab")
    lies_open(window, "#below")
    # it is still the next stop, and comes back for it
    window.page.keyboard.press("Tab")
    expect(window.launcher).to_be_focused()
    window.page.wait_for_function(f"({LIES_OPEN})('#below') === 'vaani-widget'")


@pytest.mark.parametrize("scrolling", ["auto", "smooth"])
def test_what_is_scrolled_to_is_seen(window: Window, scrolling: str) -> None:
    style = f"<style>html {{ scroll-behavior: {scrolling} }} a {{ position: absolute; right: 60px }}</style>"
    links = '<a href="#" style="top: 0">One</a><a id=far href="#" style="top: 1400px">Two</a>'
    # the page ends where the launcher is
    window.show(f'<div style="height: 1450px">{links}</div>{window.tag(site="shop")}', head=style)
    window.ready()
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Tab")
    window.page.wait_for_function("scrollY > 500")
    lies_open(window, "#far")


def test_a_large_part_of_the_page_may_have_it_in_its_corner(window: Window) -> None:
    body = (
        '<main tabindex=-1 style="position: fixed; inset: 0"></main><a id=below href="#" style="'
        + CORNER
        + '">Two</a>'
    )
    window.show(body + window.tag(site="shop"))
    window.ready()
    window.page.evaluate("document.querySelector('#below').focus()")
    lies_open(window, "#below")
    window.page.evaluate("document.querySelector('main').focus()")
    window.page.wait_for_function(f"({LIES_OPEN})('#below') === 'vaani-widget'")


def test_it_comes_back_when_the_keyboard_has_gone(window: Window) -> None:
    window.show(f'<input id=below style="{CORNER}">{window.tag(site="shop")}')
    window.ready()
    window.page.evaluate("document.querySelector('#below').focus()")
    lies_open(window, "#below")
    window.page.evaluate("document.activeElement.blur()")
    window.page.wait_for_function(f"({LIES_OPEN})('#below') === 'vaani-widget'")


def test_a_button_in_the_page_stays_in_what_is_focused_around_it(window: Window) -> None:
    middle = "display: grid; place-items: center; height: 300px"
    inline = "<vaani-widget site=shop position=inline></vaani-widget>"
    window.show(f'<main tabindex=-1 style="{middle}">{inline}</main>{window.tag(site="shop")}')
    window.ready()
    before = window.launcher.bounding_box()
    window.page.evaluate("document.querySelector('main').focus()")
    # it has been looked at what this covers
    window.page.wait_for_function(f"{LAUNCHER}.className === 'away'")
    assert window.launcher.bounding_box() == before
    window.launcher.focus()
    window.page.keyboard.press("Escape")
    expect(window.launcher).to_be_visible()


def test_escape_dismisses_the_launcher(window: Window) -> None:
    window.show(f"<button data-vaani-call>Ask</button>{window.tag(site='shop')}")
    window.ready()
    # on the page's own it is the page's matter
    window.page.get_by_text("Ask").focus()
    window.page.keyboard.press("Escape")
    expect(window.launcher).to_be_visible()
    window.launcher.focus()
    window.page.keyboard.press("Escape")
    expect(window.launcher).to_be_hidden()
    assert window.asked("/assets/") == []
    # the page may still use the widget, and gives nobody the button back by that
    window.element("widget => widget.open()")
    expect(window.page.get_by_role("dialog")).to_be_visible()
    window.element("widget => widget.close()")
    expect(window.page.get_by_role("dialog")).to_have_count(0)
    expect(window.launcher).to_be_hidden()


def test_the_escape_that_closed_the_card_dismisses_nothing(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    window.launcher.focus()
    window.element("widget => widget.open()")
    panel = window.page.get_by_role("dialog")
    expect(panel).to_be_visible()
    panel.focus()
    window.page.keyboard.down("Escape")
    expect(window.launcher).to_be_focused()
    # held down
    window.page.keyboard.down("Escape")
    window.page.keyboard.up("Escape")
    expect(window.launcher).to_be_visible()


def test_escape_does_not_hide_a_call_that_begins(window: Window) -> None:
    window.page.route("**/assets/panel-*", lambda route: None)
    window.show(window.tag(site="shop"))
    window.ready()
    window.launcher.focus()
    window.page.keyboard.press("Enter")
    expect(window.launcher).to_have_attribute("aria-busy", "true")
    window.page.keyboard.press("Escape")
    expect(window.launcher).to_be_visible()
    expect(window.launcher).to_have_attribute("aria-busy", "true")


def test_two_quick_clicks_are_one(window: Window) -> None:
    window.show(
        window.tag(site="shop")
        + "<script>let starts = 0; addEventListener('vaani-before-call', event => {"
        + " starts++; event.preventDefault(); })</script>"
    )
    window.ready()
    window.launcher.dblclick()
    assert window.page.evaluate("starts") == 1
    window.launcher.click()
    assert window.page.evaluate("starts") == 2


@pytest.mark.parametrize(
    ("accent", "ink"),
    [
        ("oklch(0.93 0.12 100)", "rgb(0, 0, 0)"),
        ("oklch(0.35 0.12 260)", "rgb(255, 255, 255)"),
        ("oklab(0.9 -0.1 0.1)", "rgb(0, 0, 0)"),
        ("oklch(1 0 0)", "rgb(0, 0, 0)"),
        ("rgb(1 2 3)", "rgb(255, 255, 255)"),
    ],
)
def test_words_on_an_accent_of_any_kind(window: Window, accent: str, ink: str) -> None:
    window.show(window.tag(site="shop", accent_color=accent))
    window.ready()
    expect(window.launcher).to_have_css("color", ink)


def test_the_pages_font_on_request(open_window: Callable[..., Window]) -> None:
    window = open_window()
    window.show(window.tag(site="shop"), head="<style>vaani-widget { --vaani-font: Georgia, serif }</style>")
    window.ready()
    expect(window.launcher).to_have_css("font-family", "Georgia, serif")
