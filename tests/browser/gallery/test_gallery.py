"""Every shape in every state, without a call: axe finds nothing, and each looks as it was approved.

``APPROVE=1`` writes the pictures anew. Look at each before you commit it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from vaani_widget.demo import gallery

from .conftest import Walk

APPROVED = Path(__file__).parent / "approved"
AXE = Path(__file__).parents[3] / "widget_static/node_modules/axe-core/axe.min.js"

WIDE, NARROW = (1280, 720), (320, 620)
GRID = [
    ("light", "bottom-right", WIDE),
    ("dark", "bottom-right", NARROW),
    ("light", "bottom-left", NARROW),
    ("dark", "bottom-left", WIDE),
]
"""Each state is looked at in all of these, so that any two of the values meet."""
INLINE = [("light", "inline", WIDE), ("dark", "inline", NARROW)]
"""And where the page has put it among its own."""

ACROSS = 6
"""Cells in a row of a picture."""
DIFFERENT = 40
"""Of 255: letters drawn a little otherwise stay below, once a picture is half as large."""
MOST = 0.02
"""Share of a cell's pixels that may be different."""

ANEW = """
async ([scheme, position]) => {
  document.documentElement.style.colorScheme = scheme;
  document.body.style.background = scheme === "dark" ? "#0e0f12" : "#f4f4f1";
  const widget = document.querySelector("vaani-widget");
  widget.setAttribute("theme", scheme);
  widget.setAttribute("position", position);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const { violations } = await axe.run({ include: [["vaani-widget"]] }, { resultTypes: ["violations"] });
  const wrong = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target}`));
  // one below the other: nothing lies over anything
  const seen = (row) =>
    row.matches(":not(.corner, .aside, .newest)") && row.checkVisibility({ checkVisibilityCSS: true });
  const foot = (row) => row.getBoundingClientRect().bottom;
  for (const column of widget.shadowRoot.querySelectorAll(".panel, .said")) {
    const rows = [...column.children].filter(seen);
    for (const [index, row] of rows.entries()) {
      const below = column.matches(".said") ? foot(column) : Infinity;
      const next = rows[index + 1]?.getBoundingClientRect().top ?? below;
      if (seen(column) && foot(row) > next + 1) wrong.push(`${row.className} lies over what comes next`);
    }
  }
  return wrong;
}
"""

BARS = gallery.SHAPES["button"]
CARDS = gallery.SHAPES["compact"]
FEW = ("launcher", "idle", "consent", "listening", "denied", "busy")


@dataclass
class Sheet:
    """One approved picture of several states."""

    shape: str
    states: Sequence[str]
    look: dict[str, str] = field(default_factory=dict)
    window: tuple[int, int] = WIDE
    size: tuple[int, int] = NARROW
    """Of a cell: the window's lower corner on the widget's side."""

    def corner(self) -> dict[str, float]:
        (width, height), (wide, high) = self.size, self.window
        left = self.look.get("position") == "bottom-left"
        return {"x": 0 if left else wide - width, "y": high - height, "width": width, "height": height}


SHEETS = {
    "bar-light": Sheet("button", BARS, size=(400, 310)),
    "bar-dark-left": Sheet("button", BARS, {"scheme": "dark", "position": "bottom-left"}, size=(400, 310)),
    "card-light": Sheet("compact", CARDS, size=(420, 640)),
    "card-dark-left": Sheet(
        "compact",
        FEW,
        {"scheme": "dark", "position": "bottom-left", "accent-color": "#ffd400"},
        size=(420, 640),
    ),
    "phone-dark": Sheet("compact", (*CARDS[:18], *CARDS[-5:]), {"scheme": "dark"}, NARROW, NARROW),
    "phone-bar-light": Sheet("button", BARS[-6:], {}, NARROW, (320, 350)),
    "urdu-card-light": Sheet(
        "compact",
        FEW,
        {"lang": "ur", "position": "bottom-left", "fallback-url": "tel:+49123"},
        size=(420, 640),
    ),
    "urdu-phone-bar-dark": Sheet("button", BARS[-6:], {"lang": "ur", "scheme": "dark"}, NARROW, (320, 350)),
    **{
        f"card-{lang}": Sheet("compact", ("consent", "listening", "ended"), {"lang": lang}, size=(420, 640))
        for lang in ("hi", "bn", "ta")
    },
}


@pytest.mark.parametrize(
    ("shape", "lang"), [("button", "en"), ("compact", "en"), ("button", "ur"), ("compact", "ur")]
)
def test_axe(walk: Walk, shape: str, lang: str) -> None:
    """All of the grid in English; half of it from right to left."""
    found: dict[str, list[str]] = {}
    grid = [*(GRID if lang == "en" else GRID[:2]), *INLINE]
    for state, page in walk(shape, gallery.SHAPES[shape], lang=lang):
        page.evaluate(AXE.read_text())
        for scheme, position, (width, height) in grid:
            page.set_viewport_size({"width": width, "height": height})
            violations: list[str] = page.evaluate(ANEW, [scheme, position])
            if violations:
                found[f"{state}, {scheme}, {position}, {width}"] = violations
    assert found == {}


@pytest.mark.parametrize("name", SHEETS)
def test_it_looks_as_approved(walk: Walk, name: str) -> None:
    sheet = SHEETS[name]
    width, height = (side // 2 for side in sheet.size)
    drawn = {}
    for state, page in walk(sheet.shape, sheet.states, sheet.window, **sheet.look):
        shot: Any = page.screenshot(animations="disabled", clip=sheet.corner())  # type: ignore[arg-type]
        picture = Image.open(io.BytesIO(shot)).convert("RGB")
        drawn[state] = picture.resize((width, height), Image.Resampling.BOX)
    path = APPROVED / f"{name}.png"
    across = min(ACROSS, len(drawn))
    if os.environ.get("APPROVE"):
        rows = -(-len(drawn) // across)
        approved = Image.new("RGB", (width * across, height * rows))
        for number, picture in enumerate(drawn.values()):
            approved.paste(picture, (number % across * width, number // across * height))
        approved.save(path, optimize=True)
    approved = Image.open(path).convert("RGB")
    otherwise = {}
    for number, (state, picture) in enumerate(drawn.items()):
        left, top = number % across * width, number // across * height
        before = approved.crop((left, top, left + width, top + height))
        apart = numpy.abs(numpy.asarray(before, dtype=int) - numpy.asarray(picture, dtype=int)).max(axis=2)
        share = float((apart > DIFFERENT).mean())
        if share > MOST:
            otherwise[state] = round(share, 3)
    assert otherwise == {}
