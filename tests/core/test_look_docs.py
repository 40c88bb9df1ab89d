"""What docs/look.md lists is what the source has."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOK = (ROOT / "docs" / "look.md").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in (ROOT / "widget_static" / "src").rglob("*.*")
    if "gallery" not in path.parts
)


def listed(heading: str) -> set[str]:
    section = LOOK.partition(f"## {heading}")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def test_every_property_is_listed() -> None:
    assert listed("Properties") == set(re.findall(r"var\((--vaani-[a-z-]+)", SOURCES))


def test_every_part_is_listed() -> None:
    assert listed("Parts") == set(re.findall(r"part ?= ?\"([a-z]+)\"", SOURCES))
