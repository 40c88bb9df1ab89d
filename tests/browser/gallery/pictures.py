"""Whether a picture looks as it was approved.

Each block of 8 × 8 CSS pixels, wherever it lies, has the mean colour it had, give or take 10 of 255.
A letter whose edge is drawn otherwise hardly changes its block's mean; what is gone, has moved by 4 pixels
or has another colour does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import numpy.typing
from PIL import Image, ImageDraw

Pixels = numpy.typing.NDArray[numpy.float64]

BLOCK = 4
"""Pixels of a block's side, in a picture of half the size: more is not needed for a mean."""
MOST = 10
"""Of 255. Letters that are all set a quarter of a pixel aside stay below."""


@dataclass
class Difference:
    """Of the block that differs most."""

    by: float
    """Of 255, in the colour that differs most."""
    place: tuple[int, int]
    """Its left upper corner, in pixels of the picture."""

    @property
    def seen(self) -> bool:
        return self.by > MOST

    def __str__(self) -> str:
        x, y = self.place
        return f"by {self.by:.0f} of 255 at {2 * x}, {2 * y} px"


def halved(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB").resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)


def difference(before: Image.Image, now: Image.Image) -> Difference:
    """:param before: as large as the other."""
    change = numpy.asarray(now, dtype=float) - numpy.asarray(before, dtype=float)
    means = numpy.abs(_means(change)).max(axis=2)
    y, x = numpy.unravel_index(means.argmax(), means.shape)
    return Difference(float(means[y, x]), (int(x), int(y)))


def beside(before: Image.Image, now: Image.Image, found: Difference) -> Image.Image:
    """Both, to look at, with a frame around what differs most."""
    both = Image.new("RGB", (2 * now.width, now.height))
    for left, picture in ((0, before), (now.width, now)):
        both.paste(picture, (left, 0))
        x, y = found.place
        frame = (left + x - 3, y - 3, left + x + BLOCK + 2, y + BLOCK + 2)
        ImageDraw.Draw(both).rectangle(frame, outline="#f0f")
    return both.resize((2 * both.width, 2 * both.height), Image.Resampling.NEAREST)


def _means(values: Pixels) -> Pixels:
    """The mean of each block, of which one begins at each pixel."""
    sums = numpy.pad(values, ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    blocks = sums[BLOCK:, BLOCK:] - sums[:-BLOCK, BLOCK:] - sums[BLOCK:, :-BLOCK] + sums[:-BLOCK, :-BLOCK]
    means: Pixels = blocks / BLOCK**2
    return means
