"""Every shape in every state, without a call: axe finds nothing, and nothing lies over anything."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from vaani_widget.demo import gallery

from .conftest import NARROW, WIDE, Walk

AXE = Path(__file__).parents[3] / "widget_static/node_modules/axe-core/axe.min.js"

GRID = list(product((WIDE, NARROW), ("bottom-right", "bottom-left"), ("light", "dark")))
"""Each state is looked at in all of these."""
INLINE = [(WIDE, "inline", "light"), (NARROW, "inline", "dark")]
"""And where the page has put it among its own."""

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


@pytest.mark.parametrize("lang", ["en", "ur"])
@pytest.mark.parametrize("shape", gallery.SHAPES)
def test_axe(walk: Walk, shape: str, lang: str) -> None:
    """All of axe's rules in all of the grid; from right to left in its two ends."""
    found: dict[str, list[str]] = {}
    grid = [*(GRID if lang == "en" else (GRID[0], GRID[-1])), *INLINE]
    for state, page in walk(shape, gallery.SHAPES[shape], lang=lang, script=AXE):
        for window, position, scheme in grid:
            width, height = window
            page.set_viewport_size({"width": width, "height": height})
            violations: list[str] = page.evaluate(ANEW, [scheme, position])
            if violations:
                found[f"{state}, {scheme}, {position}, {width}"] = violations
    assert found == {}
