"""Every shape in every state, without a call: axe finds nothing, and nothing lies over anything."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from vaani_widget.demo import gallery

from .conftest import NARROW, WIDE, Walk
from .overlaps import OVERLAPS

AXE = Path(__file__).parents[3] / "widget_static/node_modules/axe-core/axe.min.js"

GRID = list(product((WIDE, NARROW), ("bottom-right", "bottom-left"), ("light", "dark")))
"""Each state is looked at in all of these."""
INLINE = [(WIDE, "inline", "light"), (NARROW, "inline", "dark")]
"""And where the page has put it among its own."""

ANEW = """
async ([scheme, position, told]) => {
  document.documentElement.style.colorScheme = scheme;
  document.body.style.background = scheme === "dark" ? "#0e0f12" : "#f4f4f1";
  const widget = document.querySelector("vaani-widget");
  widget.setAttribute("theme", scheme);
  widget.setAttribute("position", position);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const changes = widget.shadowRoot.getAnimations().filter((change) => change instanceof CSSTransition);
  for (const change of changes) change.finish();
  // What is no part of the body has no place in axe's grid: its rules of contrast and size say nothing of it.
  Object.defineProperty(document, "body", { value: widget, configurable: true });
  const context = { include: [["vaani-widget"]] };
  const { violations, passes } = await axe.run(context, { resultTypes: ["violations"] });
  delete document.body;
  const wrong = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target}`));
  const contrast = [...passes, ...violations].some(({ id }) => id === "color-contrast");
  if (told && !contrast) wrong.push("axe could tell of no contrast");
  wrong.push(...OVERLAPS(widget.shadowRoot));
  return wrong;
}
""".replace("OVERLAPS", f"({OVERLAPS})")


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
            # the launcher may be a mere picture; of some Urdu panels axe cannot tell
            told = lang == "en" and state not in gallery.LAUNCHER
            violations: list[str] = page.evaluate(ANEW, [scheme, position, told])
            if violations:
                found[f"{state}, {scheme}, {position}, {width}"] = violations
    if found:
        pytest.fail("\n".join(f"{where}: {wrong}" for where, wrong in found.items()), pytrace=False)
