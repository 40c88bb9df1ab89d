"""The bar on narrow phones: all of it is there, in languages with long words too."""

from __future__ import annotations

import pytest

from vaani_widget.demo import gallery

from .conftest import Walk

LOOK = """() => {
  const bar = document.querySelector("vaani-widget").shadowRoot.querySelector(".bar");
  const boxes = [...bar.querySelectorAll(".row > button")].map((button) => button.getBoundingClientRect());
  const row = bar.querySelector(".row").getBoundingClientRect();
  const apart = (one, other) => one.right <= other.left || other.right <= one.left;
  const words = document.createRange();
  words.selectNodeContents(bar.querySelector(".expand .state"));
  const [expand, ...others] = boxes;
  const arrow = bar.querySelector(".expand > .icon").getBoundingClientRect();
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
  return {
    arrow: arrow.width >= 16 && within(arrow, expand) && apart(arrow, words.getBoundingClientRect()),
    words: within(words.getBoundingClientRect(), expand),
    buttons: others.every((box) => box.width >= 44 && within(box, row) && apart(box, expand)),
  };
}"""


@pytest.mark.parametrize("lang", ["en", "ta", "ur"])
def test_words_arrow_and_buttons_have_room(walk: Walk, lang: str) -> None:
    wrong = {}
    for state, page in walk("button", gallery.BAR[1:], lang=lang):
        for width in (320, 360, 412):
            page.set_viewport_size({"width": width, "height": 640})
            found = page.evaluate(LOOK)
            if not all(found.values()):
                wrong[f"{state}, {width}"] = found
    assert wrong == {}
