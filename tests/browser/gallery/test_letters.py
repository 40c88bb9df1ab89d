"""The letters of our languages: all are ones that exist, and the browser knows whose they are."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from .conftest import Walk

LOCALES = Path(__file__).parents[3] / "widget_static/locales"
SCRIPTS = {"hi": (0x0900, 0x097F), "bn": (0x0980, 0x09FF), "ta": (0x0B80, 0x0BFF), "ur": (0x0600, 0x06FF)}
"""Unicode's block of each language."""
BESIDES = {"“", "”", "…", "✕", "।"}
"""Marks that all may have, and the danda, which Bengali has from Devanagari's block."""

SPOKEN = """() => {
  const root = document.querySelector("vaani-widget").shadowRoot;
  const words = root.querySelector(".panel .name, .bar .state, [part=button]");
  return getComputedStyle(words).webkitLocale;
}"""


@pytest.mark.parametrize("language", SCRIPTS)
def test_each_is_of_its_script(language: str) -> None:
    low, high = SCRIPTS[language]
    strange: dict[str, list[str]] = {}
    for path in (LOCALES / f"{language}.json", LOCALES / "more" / f"{language}.json"):
        for key, text in json.loads(path.read_text()).items():
            assert unicodedata.is_normalized("NFC", text), key
            own = {letter for letter in text if low <= ord(letter) <= high and unicodedata.name(letter, "")}
            others = {letter for letter in set(text) - own - BESIDES if not letter.isascii()}
            if others:
                strange[key] = [f"U+{ord(letter):04X}" for letter in sorted(others)]
    assert strange == {}


@pytest.mark.parametrize("language", [*SCRIPTS, "en", "es"])
def test_the_browser_knows_the_language(walk: Walk, language: str) -> None:
    """Else it takes letters from any font that has the first of them, and draws boxes for the others."""
    known = {
        f"{shape}, {state}": page.evaluate(SPOKEN)
        for shape, states in (("button", ["launcher", "listening"]), ("compact", ["denied", "listening"]))
        for state, page in walk(shape, states, locale=language)
    }
    assert set(known.values()) == {f'"{language}"'}, known
