"""Every shape in every state, without a call: Firefox and Safari's engine draw and say what Chromium does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import whole_chrome
from tests.browser.gallery.conftest import cells_server
from tests.browser.gallery.overlaps import OVERLAPS
from tests.parts.firefox import firefox
from tests.parts.webkit import webkit
from vaani_widget.demo import gallery

__all__ = ["cells_server", "whole_chrome"]

LOOKS: dict[str, tuple[tuple[int, int], dict[str, str]]] = {
    "wide": ((1000, 720), {}),
    "narrow": ((320, 620), {"theme": "dark", "scheme": "dark", "position": "bottom-left"}),
    "urdu": ((320, 620), {"lang": "ur"}),
}
"""Size of the window in pixels, and what the element is told."""

OWN_HELP = {"denied", "firefox", "safari", "ios", "android", "insecure", "old"}
"""Where each browser is told what to do in its own words, and can do more or less of it."""
CHOICE = {"settings", "anew", "window"}
"""Where a speaker can be chosen; not in WebKit."""

FRAME = """(() => {
  document.body.style.margin = 0;
  document.body.innerHTML = "<iframe style='border: 0; display: block'></iframe>";
  return true;
})()"""
"""A window of any size, in each of the browsers."""
SHOWN = """((width, height, address) => {
  const frame = document.querySelector("iframe");
  Object.assign(frame, { width, height, src: address });
  frame.dataset.address = address;
  return true;
})(%s, %s, %s)"""
DRAWN = """(() => {
  const frame = document.querySelector("iframe");
  const page = frame.contentDocument;
  const there = page?.location.href.endsWith(frame.dataset.address);
  return there && page.documentElement?.hasAttribute("data-drawn");
})()"""
LOOKED_AT = """(() => {
  const page = document.querySelector("iframe").contentWindow;
  const root = page.document.querySelector("vaani-widget").shadowRoot;
  // a scrollbar of Firefox takes room, Chromium's here does not
  const sheet = new page.CSSStyleSheet();
  sheet.replaceSync("* { scrollbar-width: none !important }");
  root.adoptedStyleSheets.push(sheet);
  for (const change of root.getAnimations())
    if (change.effect.getComputedTiming().endTime < Infinity) change.finish();

  const visible = { checkVisibilityCSS: true, checkOpacity: true };
  const seen = (one) => !one.closest("svg, .aside") && one.checkVisibility(visible);
  const all = (what) => [...root.querySelectorAll(what)].filter(seen);
  const box = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [`${one.localName}.${one.className}`, getComputedStyle(one).position, x, y, width, height];
  };
  const whole = root.querySelector(".panel, .bar") ?? root.querySelector("button");
  const [, , left, , width] = box(whole);
  const within = ([, , x, , wide]) => x >= left - 1 && x + wide <= left + width + 1;
  const words = () => {
    // what else could be chosen is a part of it in some
    for (const one of root.querySelectorAll("select")) one.style.display = "none";
    return whole.innerText.replace(/\\s+/g, "");
  };
  return {
    boxes: all(".panel, .bar, :is(.panel, .bar, .said, .row) > *, button, textarea, .orb, .sign").map(box),
    outside: all(":not(.caption *)").map(box).filter((one) => !within(one)).map(([name]) => name),
    overlaps: OVERLAPS(root),
    text: words(),
  };
})()""".replace("OVERLAPS", f"({OVERLAPS})")


@dataclass
class Seen:
    """Of one cell."""

    boxes: list[list[Any]]
    """Name, ``position``, and left, top, width and height in pixels."""
    text: str
    """Without spaces, of which each browser has its own idea."""
    overlaps: list[str]
    """What lies over what is below it."""
    outside: list[str]
    """What is not within the card or bar, but for the one line of a bar that fades out."""


Drawn = dict[tuple[str, str, str], Seen]
"""By shape, look and state."""


def drawn(go: Callable[[str], object], run: Callable[[str], Any], server: str) -> Drawn:
    go(f"{server}/cell?variant=button&state=launcher")
    run(FRAME)
    seen = {}
    for shape in gallery.SHAPES:
        for look, ((width, height), told) in LOOKS.items():
            for state, address in gallery.cells(shape, **told).items():
                run(SHOWN % (width, height, json.dumps(address)))
                end = time.monotonic() + 30
                while not run(DRAWN):
                    assert time.monotonic() < end, f"never drawn: {address}"
                seen[shape, look, state] = Seen(**run(LOOKED_AT))
    return seen


@pytest.fixture(scope="module")
def by_chromium(whole_chrome: Browser, cells_server: str) -> Iterator[Drawn]:
    context = whole_chrome.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    try:
        yield drawn(page.goto, page.evaluate, cells_server)
    finally:
        context.close()


@pytest.fixture(scope="module")
def by_firefox(cells_server: str, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    with firefox("", tmp_path_factory.mktemp("firefox") / "log") as window:
        return drawn(window.go, window.run, cells_server)


@pytest.fixture(scope="module")
def by_webkit(cells_server: str, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    with webkit(tmp_path_factory.mktemp("webkit") / "log") as window:
        return drawn(window.go, window.run, cells_server)


def differences(mine: Seen, theirs: Seen) -> list[str]:
    """More than some pixels, which letters of another width explain."""
    if [box[0] for box in mine.boxes] != [box[0] for box in theirs.boxes]:
        return [f"{[box[0] for box in mine.boxes]} instead of {[box[0] for box in theirs.boxes]}"]
    return [
        f"{one} instead of {other}"
        for one, other in zip(mine.boxes, theirs.boxes, strict=True)
        if max(abs(a - b) for a, b in zip(one[2:], other[2:], strict=True)) > 8
    ]


def faults(cell: tuple[str, str, str], seen: Seen) -> list[str]:
    """What lies over anything else, or sticks out of the card or bar, or this out of the window."""
    _, look, state = cell
    (width, height), _ = LOOKS[look]
    wrong = [*seen.overlaps, *(f"{name} sticks out" for name in seen.outside)]
    if state not in gallery.LAUNCHER:
        name, _, left, top, wide, high = seen.boxes[0]
        if left < 0 or top < 0 or left + wide > width or top + high > height:
            wrong.append(f"{name} is not in the window")
        if not seen.text:
            wrong.append("it says nothing")
    return wrong


@pytest.mark.parametrize("engine", ["firefox", "webkit"])
def test_drawn_as_in_chromium(request: pytest.FixtureRequest, by_chromium: Drawn, engine: str) -> None:
    cells: Drawn = request.getfixturevalue(f"by_{engine}")
    found = {}
    for cell, theirs in by_chromium.items():
        _, look, state = cell
        mine = cells[cell]
        wrong = faults(cell, mine)
        # without the speaker's row, all stands elsewhere
        choice = engine == "webkit" and state in CHOICE
        text = theirs.text.replace("Speaker", "") if choice else theirs.text
        if state not in OWN_HELP and not (choice and look == "urdu") and mine.text != text:
            wrong.append(f"{mine.text!r} instead of {text!r}")
        # the letters of Urdu are wider or narrower
        elif state not in OWN_HELP and not choice and look != "urdu":
            wrong += differences(mine, theirs)
        if wrong:
            found[cell] = wrong
    assert not found, "\n".join(f"{cell}: {wrong}" for cell, wrong in found.items())
