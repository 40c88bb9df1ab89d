"""The bar on narrow phones: all of it is there, in languages with long words too."""

from __future__ import annotations

import pytest

from vaani_widget.demo import gallery

from .conftest import Walk

LOOK = """() => {
  const bar = document.querySelector("vaani-widget").shadowRoot.querySelector(".bar");
  const boxes = [...bar.querySelectorAll(".row > button")].map((button) => button.getBoundingClientRect());
  const row = bar.querySelector(".row").getBoundingClientRect();
  const beside = (one, other) => one.right <= other.left || other.right <= one.left;
  const apart = (one, other) => beside(one, other) || one.bottom <= other.top || other.bottom <= one.top;
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
    for state, page in walk("button", gallery.CALL, lang=lang):
        for width in (320, 360, 412):
            page.set_viewport_size({"width": width, "height": 640})
            found = page.evaluate(LOOK)
            if not all(found.values()):
                wrong[f"{state}, {width}"] = found
    assert wrong == {}


TURNS = ("listening", "thinking", "speaking")
WORDS = """() => {
  const state = document.querySelector("vaani-widget").shadowRoot.querySelector(".expand .state span");
  const text = state.firstChild;
  const lines = (from, to) => {
    const range = document.createRange();
    range.setStart(text, from);
    range.setEnd(text, to);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  };
  const broken = ({ 0: word, index }) => lines(index, index + word.length) > 1;
  return [...text.data.matchAll(/\\S+/g)].filter(broken).map(String);
}"""


@pytest.mark.parametrize("lang", ["en", "es"])
def test_large_letters_break_no_word_and_no_turn_rearranges(walk: Walk, lang: str) -> None:
    """Twice as large, as a browser's settings have it."""
    wrong: dict[str, list[str]] = {}
    heights: dict[int, set[int]] = {}
    for state, page in walk("button", ("waiting", *TURNS, "muted"), lang=lang, locale=lang):
        session = page.context.new_cdp_session(page)
        session.send("Page.enable")
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        for width in (320, 360, 412, 1280):
            page.set_viewport_size({"width": width, "height": 640})
            if broken := page.evaluate(WORDS):
                wrong[f"{state}, {width}"] = broken
            found = page.evaluate(LOOK)
            if not (found["buttons"] and found["words"]):
                wrong[f"{state}, {width}, room"] = [str(found)]
            row = page.locator(".bar > .row").bounding_box()
            assert row
            if state in TURNS:
                heights.setdefault(width, set()).add(round(row["height"]))
    assert wrong == {}
    assert all(len(each) == 1 for each in heights.values()), heights


@pytest.mark.parametrize("position", ["bottom-right", "bottom-left", "top-left"])
def test_an_offset_pushes_nothing_out_of_the_window(walk: Walk, position: str) -> None:
    """Whoever sets the button beside another one has a bar and a card, too."""
    look = {"position": position, "offset-x": "90"}
    edges = """() => {
      const box = document.querySelector("vaani-widget").shadowRoot.querySelector(".bar, .panel, button");
      const { left, right } = box.getBoundingClientRect();
      return [left, innerWidth - right];
    }"""
    for shape, states in (("button", ("listening",)), ("compact", ("launcher", "listening"))):
        for state, page in walk(shape, states, **look):
            for width in (320, 390, 600, 1280):
                page.set_viewport_size({"width": width, "height": 700})
                left, right = page.evaluate(edges)
                assert left >= 0, (state, width)
                assert right >= 0, (state, width)
                # as far from its side as it was told to be, where there is room
                if state == "launcher" or width >= 600:
                    assert (left if position.endswith("left") else right) == pytest.approx(90, abs=0.5)
