"""Accents that are no red, green and blue, and those that change with the page's theme."""

from __future__ import annotations

import pytest

from .conftest import ROOT, Site
from .test_accent import poor

ACCENTS = [
    "oklch(0.86 0.17 92)", "oklch(0.72 0.19 150)", "oklch(0.55 0.2 260)", "oklch(0.3 0.1 300)",
    "oklab(0.9 -0.1 0.1)", "lab(80 -20 40)", "lch(35 60 300)", "color(display-p3 0.1 0.8 0.3)",
    "color(srgb 1 0.9 0.2)", "hwb(60 10% 5%)", "color-mix(in srgb, gold, white)",
    "color-mix(in oklch, navy 80%, white)", "var(--modern)", "papayawhip",
]  # fmt: skip

MODERN = "<style>html { --modern: color-mix(in oklab, yellow 90%, black) }</style>"
FACE = f"""() => {{
  const button = {ROOT}.querySelector("[part=button]");
  const {{ backgroundColor, color }} = getComputedStyle(button);
  return [button.hidden, backgroundColor, color];
}}"""

AWAY = f"""async ([name, value]) => {{
  const widget = document.querySelector("vaani-widget");
  const place = widget.parentNode;
  widget.remove();
  // off the page nothing has a color
  widget[name] = value;
  for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
  place.append(widget);
  return ({FACE})();
}}"""


@pytest.mark.parametrize("state", ["speaking", "listening"])
def test_words_on_it_can_be_read_and_it_can_be_seen(site: Site, state: str) -> None:
    site.show(MODERN)
    site.call(agent=state)
    site.state(state)
    site.page.wait_for_function(f"() => {ROOT}.querySelector('.send')")
    site.page.get_by_role("textbox", name="Write a message").fill("Hello")
    bad, seen = poor(site.page, ACCENTS)
    assert bad == {}
    assert {"launcher: words", "send[aria-disabled=false]: words", "send[aria-disabled=false]: rim"} <= seen


def test_the_button_follows_the_pages_theme(site: Site) -> None:
    day, night = "oklch(0.9 0.15 100)", "oklch(0.3 0.1 300)"
    site.show(f"<style>html {{ --vaani-accent: {day} }} html.night {{ --vaani-accent: {night} }}</style>")
    site.call()
    site.click("End call")
    site.page.evaluate("document.querySelector('vaani-widget').close()")
    shown = "([wanted, face]) => JSON.stringify(eval(face)()) === JSON.stringify(wanted)"
    site.page.wait_for_function(shown, arg=[[False, day, "rgb(0, 0, 0)"], FACE])
    site.page.evaluate("document.documentElement.className = 'night'")
    site.page.wait_for_function(shown, arg=[[False, night, "rgb(255, 255, 255)"], FACE])
    # an accent of red, green and blue is the loader's affair again
    site.page.evaluate("document.querySelector('vaani-widget').accentColor = '#ffd400'")
    site.page.wait_for_function(shown, arg=[[False, "rgb(255, 212, 0)", "rgb(0, 0, 0)"], FACE])


def test_the_button_can_be_read_when_it_comes_back_to_the_page(site: Site) -> None:
    day, night = "oklch(0.9 0.15 100)", "oklch(0.3 0.1 300)"
    site.show(**{"accent-color": day})
    site.call()
    site.click("End call")
    site.page.evaluate("document.querySelector('vaani-widget').close()")
    shown = "([wanted, face]) => JSON.stringify(eval(face)()) === JSON.stringify(wanted)"
    site.page.wait_for_function(shown, arg=[[False, day, "rgb(0, 0, 0)"], FACE])
    assert site.page.evaluate(AWAY, ["theme", "dark"]) == [False, day, "rgb(0, 0, 0)"]
    site.page.evaluate(AWAY, ["accentColor", night])
    site.page.wait_for_function(shown, arg=[[False, night, "rgb(255, 255, 255)"], FACE])
