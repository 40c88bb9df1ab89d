"""Whatever accent an owner chooses: words on it can be read, and what is drawn with it can be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import ROOT, Site

ACCENTS = [
    "#2f55e8", "#ffeb3b", "#111", "#fff", "#000", "#777", "#767676", "#757575", "#ffd400", "#0b5fff",
    "#d00", "#f00", "#0f0", "#00f", "#ff0", "#0ff", "#f0f", "#e11d48", "#16a34a", "#386641",
    "#1b1d22", "#282b32", "#f2f3f6", "#f5f5dc", "#c0c0c0", "#808000", "#006d77", "#ff6f00", "#ffb4a2",
    "rgb(22, 163, 74)", "rgb(117 117 117)", "hsl(48 100% 50%)", "hsl(260, 60%, 40%)", "yellow",
    "var(--brand)", "#0b6", "#b5179e", "#90e0ef", "#3d0c02", "rebeccapurple",
]  # fmt: skip

READ = """
async (accent) => {
  const widget = document.querySelector("vaani-widget");
  const root = widget.shadowRoot;
  widget.accentColor = accent;
  // what is drawn from it is drawn a frame later
  for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
  for (const change of root.getAnimations()) if (change instanceof CSSTransition) change.finish();
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (...colors) => {
    const [low, high] = colors.map(light).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const found = {};
  const words = (name, element) => {
    const { color, backgroundColor } = getComputedStyle(element);
    found[`${name}: words`] = [ratio(color, backgroundColor), 4.5];
  };
  const rim = (name, element, ground) => {
    // the last of its shadows is the rim: its color comes first in each
    const { boxShadow } = getComputedStyle(element);
    found[`${name}: rim`] = [ratio(boxShadow.match(/[a-z]+[(][^)]*[)]/g).at(-1), ground), 3];
  };
  words("launcher", root.querySelector("[part=button]"));
  const panel = root.querySelector(".panel, .bar");
  if (panel) {
    const paper = getComputedStyle(panel).backgroundColor;
    const fill = getComputedStyle(panel).getPropertyValue("--fill");
    for (const name of ["primary", "sound", "send[aria-disabled=false]", "thumb[aria-pressed=true]"]) {
      for (const element of panel.querySelectorAll(`.${name}`)) {
        words(name, element);
        rim(name, element, paper);
        if (name.startsWith("thumb")) rim(name + " on its box", element, fill);
      }
    }
    const orb = panel.querySelector(".orb");
    if (orb) {
      const ring = getComputedStyle(orb, "::after");
      if (parseFloat(ring.borderTopWidth)) {
        found["ring of the voice"] = [ratio(ring.borderTopColor, paper), 3];
      } else {
        words("orb", orb);
        rim("orb", orb, paper);
      }
    }
  }
  return found;
}
"""


def poor(page: Page, accents: list[str] = ACCENTS) -> tuple[dict[str, Any], set[str]]:
    """What falls short, by accent; and all that was looked at."""
    seen: set[str] = set()
    bad: dict[str, Any] = {}
    for accent in accents:
        found: dict[str, tuple[float, float]] = page.evaluate(READ, accent)
        seen |= set(found)
        short = {what: round(has, 2) for what, (has, needed) in found.items() if has < needed}
        if short:
            bad[accent] = short
    return bad, seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_seen(open_site: Callable[..., Site], scheme: str) -> None:
    assert len(ACCENTS) == 40
    site = open_site(color_scheme=scheme)
    site.show("<style>html { color-scheme: light dark; --brand: #fde047 }</style>", feedback="true")
    bad, seen = poor(site.page)
    assert bad == {}
    assert seen == {"launcher: words"}

    # a speaking agent: a full disc; a listening one: a ring
    site.call(agent="speaking")
    site.on("soundBlocked(true)")
    site.page.get_by_role("textbox", name="Write a message").fill("Hello")
    looked = set()
    for state in ("speaking", "listening"):
        site.agent(state)
        site.state(state)
        bad, seen = poor(site.page)
        assert bad == {}, state
        looked |= seen
    assert {
        "send[aria-disabled=false]: words",
        "send[aria-disabled=false]: rim",
        "sound: rim",
        "orb: rim",
        "ring of the voice",
    } <= looked

    site.click("End call")
    site.click("Good")
    bad, seen = poor(site.page)
    assert bad == {}
    assert {"primary: words", "primary: rim", "thumb[aria-pressed=true] on its box: rim"} <= seen


@pytest.mark.parametrize("surface", ["#ffeb3b", "oklch(0.35 0.1 250)"])
def test_also_on_a_surface_of_the_owners(site: Site, surface: str) -> None:
    site.show(f"<style>html {{ --vaani-surface: {surface}; --vaani-fill: {surface} }}</style>")
    site.call(agent="listening")
    site.state("listening")
    # The further chunk has come, and with it the rims.
    expect(site.panel.get_by_role("textbox")).to_be_visible()
    bad, seen = poor(site.page, ["#ffeb3b", "#2f55e8", "#234", "#fff", "#000"])
    assert bad == {}
    assert "ring of the voice" in seen


def test_an_accent_that_stands_out_is_left_as_it_is(site: Site) -> None:
    site.show(accent_color="#0a7c5a")
    site.call()
    site.state("listening")
    site.page.wait_for_function(
        f"() => {ROOT}.querySelector('.panel').parentElement.style.getPropertyValue('--v-edge')"
    )
    ring = f"getComputedStyle({ROOT}.querySelector('.orb'), '::after').borderTopColor"
    assert site.page.evaluate(ring) == "rgb(10, 124, 90)"


def test_a_page_sets_it_in_its_stylesheet_and_the_attribute_wins(site: Site) -> None:
    site.show(
        "<style>html { --vaani-accent: hsl(48 100% 50%) } html.night { --vaani-accent: #40007a }</style>"
    )
    look = f"""() => {{
      const {{ backgroundColor, color }} = getComputedStyle({ROOT}.querySelector('[part=button]'));
      return [backgroundColor, color];
    }}"""
    assert site.page.evaluate(look) == ["rgb(255, 204, 0)", "rgb(0, 0, 0)"]
    site.page.evaluate("document.querySelector('vaani-widget').accentColor = '#111'")
    assert site.page.evaluate(look) == ["rgb(17, 17, 17)", "rgb(255, 255, 255)"]
    site.page.evaluate("document.querySelector('vaani-widget').accentColor = null")
    site.call()
    # the panel follows the page's theme
    site.page.evaluate("document.documentElement.className = 'night'")
    ground = f"getComputedStyle({ROOT}.querySelector('.panel')).getPropertyValue('--color')"
    site.page.wait_for_function(f"() => {ground} === 'rgb(64, 0, 122)'")
