"""Writes the lists of ``widget_static/types/index.d.ts`` from the source's own: ``python docs/types.py``.

A list stands between two comments, ``// NAME: made by docs/types.py`` and ``// end``. A test compares.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ROOT / "widget_static" / "types" / "index.d.ts"
ATTRIBUTES = ROOT / "widget_static" / "src" / "attributes.ts"
TYPES = ROOT / "widget_static" / "src" / "types.ts"

KINDS = {
    "TEXT": "string",
    "BOOLEAN": "boolean",
    "NUMBER": "number",
    "JSON_OBJECT": "Record<string, unknown>",
}
CHOICES = {"position", "variant", "theme", "voiceGender"}
"""Attributes whose comment lists, up to its colon or full stop, all that they may be."""


def choices(comment: str) -> str:
    """A union of the words in backticks, of which a comment in parentheses may say more."""
    listed = re.sub(r"\([^)]*\)", "", comment.partition("Default:")[0])
    return " | ".join(f'"{word}"' for word in re.findall(r"`([\w-]+)`", listed))


def attributes() -> str:
    source = (
        ATTRIBUTES.read_text("utf-8").partition("export const ATTRIBUTES = {")[2].partition("} as const")[0]
    )
    lines = []
    for comment, name, kind in re.findall(r"/\*\* ((?:(?!\*/).)*) \*/\s+(\w+): (\w+),", source, re.DOTALL):
        type_ = choices(comment) if name in CHOICES else KINDS[kind]
        lines += [f"  /** {' '.join(comment.replace('*', ' ').split())} */", f"  {name}?: {type_};"]
    return "\n".join(lines)


def union(name: str) -> str:
    found = re.search(rf"export type {name} =(.*?);", TYPES.read_text("utf-8"), re.DOTALL)
    assert found, name
    return "  | " + "\n  | ".join(re.findall(r'"[^"]+"', found[1]))


MADE = {
    "attributes": attributes,
    "states": lambda: f"export type VaaniState =\n{union('State')};",
    "reasons": lambda: f"export type VaaniEndReason =\n{union('EndReason')};",
    "codes": lambda: f"export type VaaniBrowserCode =\n{union('BrowserCode')};",
}


def renewed(text: str) -> str:
    """The file with its lists as the source has them now."""

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}{MADE[found[2]]()}\n{found[3]}"

    return re.sub(r"( *// (\w+): made by docs/types.py\n).*?( *// end\n)", made, text, flags=re.DOTALL)


if __name__ == "__main__":
    WRITTEN.write_text(renewed(WRITTEN.read_text("utf-8")), "utf-8")
