"""Every shape in every state, without a call, looks as it was approved.

``APPROVE=1`` writes the pictures of those that look otherwise. Look at each before you commit it.
What differs lies in ``test-results``: approved to the left, drawn to the right.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page

from vaani_widget.demo import gallery

from .conftest import NARROW, WIDE, Walk
from .pictures import beside, difference, halved

APPROVED = Path(__file__).parent / "approved"

ACROSS = 6
"""Cells in a row of a picture."""

BARS = gallery.SHAPES["button"]
CARDS = gallery.SHAPES["compact"]
ON_PHONES = [
    state for state in CARDS if state not in {*gallery.LAUNCHER, *gallery.HELP} or state in {"android", "ios"}
]
FEW = ("launcher", "idle", "consent", "listening", "denied", "busy")
TOLD_IN_BARS = BARS[-9:]
"""Those with more than a line of words."""


@dataclass
class Sheet:
    """One approved picture of several states."""

    shape: str
    states: Sequence[str]
    look: dict[str, str] = field(default_factory=dict)
    window: tuple[int, int] = WIDE
    size: tuple[int, int] = NARROW
    """Of a cell: the window's lower corner on the widget's side, or the upper one inline."""

    def drawn(self, page: Page) -> Image.Image:
        """Half as large."""
        (width, height), (wide, high) = self.size, self.window
        position = self.look.get("position", "bottom-right")
        left = wide - width if position == "bottom-right" else 0
        top = 0 if position == "inline" else high - height
        corner: Any = {"x": left, "y": top, "width": width, "height": height}
        shot = page.screenshot(animations="disabled", clip=corner)
        return halved(Image.open(io.BytesIO(shot)))

    def cells(self) -> dict[str, tuple[int, int, int, int]]:
        """Where each state is in the picture: left, upper, right and lower edge."""
        width, height = (side // 2 for side in self.size)
        return {
            state: (x * width, y * height, (x + 1) * width, (y + 1) * height)
            for y, x, state in ((*divmod(number, ACROSS), state) for number, state in enumerate(self.states))
        }

    def blank(self) -> Image.Image:
        boxes = self.cells().values()
        return Image.new("RGB", (max(box[2] for box in boxes), max(box[3] for box in boxes)))


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
    "phone-dark": Sheet("compact", ON_PHONES, {"scheme": "dark"}, NARROW, NARROW),
    "phone-bar-light": Sheet("button", TOLD_IN_BARS, {}, NARROW, (320, 350)),
    "urdu-card-light": Sheet(
        "compact",
        FEW,
        {"lang": "ur", "position": "bottom-left", "fallback-url": "tel:+49123"},
        size=(420, 640),
    ),
    "urdu-phone-bar-dark": Sheet(
        "button", TOLD_IN_BARS, {"lang": "ur", "scheme": "dark"}, NARROW, (320, 350)
    ),
    "inline-card-light": Sheet(
        "compact",
        ("launcher", "idle", "listening", "settings", "ended"),
        {"position": "inline"},
        size=(420, 640),
    ),
    "inline-bar-dark": Sheet(
        "button",
        ("launcher", "listening", "silent", "ending"),
        {"position": "inline", "scheme": "dark"},
        NARROW,
        (320, 310),
    ),
    **{
        f"card-{lang}": Sheet("compact", ("consent", "listening", "ended"), {"lang": lang}, size=(420, 640))
        for lang in ("hi", "bn", "ta")
    },
}


FAULTS = {
    ("button", "listening"): {
        "a button gone": ".bar .mute { visibility: hidden }",
        "a word gone": ".time { visibility: hidden }",
        "a button moved": ".bar .mute { translate: -4px 0 }",
        "another red": ".red { background: #e0392c !important }",
    },
    ("compact", "listening"): {
        "the corner's button moved": ".corner { translate: 0 4px }",
        "a text moved": ".head { translate: 4px 0 }",
    },
    ("compact", "idle"): {
        "the corner's button gone": ".corner { visibility: hidden }",
        "a line gone": ".ai { visibility: hidden }",
        "the large button moved": ".primary { translate: 4px 0 }",
        "another blue": ".primary { background: #4668f0 !important }",
    },
    ("compact", "asking"): {
        "a grey button moved": ".actions .press { translate: 0 4px }",
        "a grey button white": ".actions .press { background: #fff !important }",
    },
}
"""What has to be seen, by shape and state: the styles that do it."""

WORSE = """style => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  const root = document.querySelector("vaani-widget").shadowRoot;
  globalThis.right ??= [...root.adoptedStyleSheets];
  root.adoptedStyleSheets = [...right, sheet];
}"""


@pytest.mark.parametrize("name", SHEETS)
def test_it_looks_as_approved(walk: Walk, name: str, output_path: str) -> None:
    sheet = SHEETS[name]
    path = APPROVED / f"{name}.png"
    approved = sheet.blank()
    if path.exists():
        approved.paste(Image.open(path))
    cells = sheet.cells()
    otherwise = []
    for state, page in walk(sheet.shape, sheet.states, sheet.window, **sheet.look):
        now = sheet.drawn(page)
        before = approved.crop(cells[state])
        found = difference(before, now)
        if not found.seen:
            continue
        approved.paste(now, cells[state])
        otherwise.append(f"{state}: {found}")
        pictures = Path(output_path)
        pictures.mkdir(parents=True, exist_ok=True)
        beside(before, now, found).save(pictures / f"{state}.png")
    if os.environ.get("APPROVE"):
        approved.save(path, optimize=True)
    elif otherwise:
        pytest.fail("\n".join([f"{name} looks otherwise:", *otherwise, f"see {output_path}"]), pytrace=False)


@pytest.mark.parametrize(("shape", "state"), FAULTS)
def test_what_is_wrong_is_seen(walk: Walk, shape: str, state: str) -> None:
    """And what is the same, or set aside by a quarter of a pixel as other letters are, is not."""
    sheet = Sheet(shape, [state], size=(420, 640))
    for _, page in walk(shape, [state]):
        right = sheet.drawn(page)
        aside = Image.blend(right, ImageChops.offset(right, 1, 0), 1 / 8)
        assert not difference(right, aside).seen
        for fault, style in FAULTS[shape, state].items():
            page.evaluate(WORSE, style)
            assert difference(right, sheet.drawn(page)).seen, fault
            page.evaluate(WORSE, "")
            assert not difference(right, sheet.drawn(page)).seen
