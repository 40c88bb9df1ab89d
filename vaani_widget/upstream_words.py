"""Vaani's own words on an error, as far as a log may have them.

They help its owner, and they may repeat what was sent: the key, and what the call carried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

LOGGED_CHARACTERS = 200

LEFT_OUT = "its words are left out: they may repeat what the call carried"

_SHORTEST = 3
"""Characters of a piece that is looked for. Shorter ones are in any sentence."""


def loggable(text: str, key: str, body: Mapping[str, object] | None = None) -> str:
    """One line, no control characters, not long, without the key, and nothing of what the call carried.

    :param body: of the call's request. Where a word of its metadata or its welcome message is in the text,
        all of the text is left out: what Vaani makes of it, in which form and in which part, is not known.
    """
    line = _printable(text)
    if body is not None:
        said = line.casefold()
        if any(piece in said for piece in _pieces(body)):
            return LEFT_OUT
    line = line.replace(key, "…") if key else line
    return re.sub(r"vaani_\w+", "vaani_…", line)[:LOGGED_CHARACTERS]


def _pieces(body: Mapping[str, object]) -> Iterator[str]:
    for text in _texts([body.get("welcome_message"), body.get("metadata")]):
        whole = _printable(text).casefold()
        words = [whole, *re.split(r"\W+", text.casefold())]
        yield from (word for word in words if len(word) >= _SHORTEST)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield str(value)


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
