"""Reading a table of the configuration: each wrong value is refused in one line that names its dotted key.

A refusal says what kind of value was found and never the value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import overload

from .errors import SettingError

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Table:
    """One table, with the dotted key at which it was written.

    :raises SettingError: ``raw`` is no table.
    """

    def __init__(self, where: str, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise SettingError(where, f"Write a table here, not {describe(raw)}.")
        self.where = where
        self.raw: Mapping[object, object] = raw

    def only(self, known: Collection[str], remedies: Mapping[str, str] | None = None) -> None:
        """Refuse every key that is not known.

        :param remedies: what to say of keys that people write for a good reason.
        :raises SettingError:
        """
        for key in self.raw:
            if key not in known:
                name = str(key)
                raise SettingError(
                    dotted(self.where, name), (remedies or {}).get(name) or suggestion(name, known)
                )

    def has(self, name: str) -> bool:
        return name in self.raw

    def refuse(self, name: str, remedy: str) -> SettingError:
        """The error to raise about one key of this table."""
        return SettingError(dotted(self.where, name), remedy)

    @overload
    def text(self, name: str, default: str, *, longest: int = ...) -> str: ...
    @overload
    def text(self, name: str, default: None = ..., *, longest: int = ...) -> str | None: ...
    def text(self, name: str, default: str | None = None, *, longest: int = 200) -> str | None:
        """One line of text, not empty."""
        if name not in self.raw:
            return default
        return line(dotted(self.where, name), self.raw[name], longest=longest)

    def texts(self, name: str, default: tuple[str, ...] = (), *, example: str) -> tuple[str, ...]:
        """A list of such lines; repetitions are dropped."""
        if name not in self.raw:
            return default
        value = self.raw[name]
        if not isinstance(value, list | tuple):
            raise self.refuse(name, f"Write a list such as {example}, not {describe(value)}.")
        return tuple(dict.fromkeys(line(dotted(self.where, name), item) for item in value))

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.raw.get(name, default)
        if isinstance(value, str) and value in choices:
            return value
        found = "another text" if isinstance(value, str) else describe(value)
        raise self.refuse(name, f"Write {either(choices)}, not {found}.")

    def boolean(self, name: str, default: bool) -> bool:
        value = self.raw.get(name, default)
        if isinstance(value, bool):
            return value
        raise self.refuse(name, f"Write true or false, not {describe(value)}.")

    def integer(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self.raw.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        found = "another number" if isinstance(value, int | float) else describe(value)
        found = describe(value) if isinstance(value, bool) else found
        raise self.refuse(name, f"Write a whole number from {lowest} to {highest}, not {found}.")

    def table(self, name: str) -> Table:
        """The table of this name; an empty one where it is absent."""
        return Table(dotted(self.where, name), self.raw.get(name, {}))


def line(where: str, value: object, *, longest: int = 200) -> str:
    """Return text of one line: not empty, no white space at its ends, no control characters.

    :raises SettingError:
    """
    if not isinstance(value, str):
        raise SettingError(where, f"Write text in quotes, not {describe(value)}.")
    if not value.strip():
        raise SettingError(where, "The text is empty; write one, or leave the key out.")
    if value != value.strip() or _CONTROL.search(value):
        raise SettingError(where, "Write it without line breaks and without white space at its ends.")
    if len(value) > longest:
        raise SettingError(where, f"Write at most {longest} characters; these are {len(value)}.")
    return value


def dotted(where: str, name: str) -> str:
    """The key of ``name`` inside the table at ``where``, on one line whatever the name holds."""
    return f"{where}.{name if _BARE.fullmatch(name) else json.dumps(name)}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to say of a key that does not exist."""
    names = sorted(known)
    near = nearest(name, names)
    if near:
        return f"There is no such key; did you mean {near}?"
    return f"There is no such key; the keys here are {', '.join(names)}."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known key that looks most like ``name``, where one does."""
    names, folded = list(known), name.replace("-", "_")
    for form in (folded.lower(), folded.upper()):
        if near := get_close_matches(form, names, n=1):
            return near[0]
    return None


def either(choices: Iterable[str]) -> str:
    quoted = [f'"{choice}"' for choice in choices]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]


def describe(value: object) -> str:
    """What kind of value this is, in words that fit Python, TOML and JSON alike."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a table"
        case list() | tuple() | set() | frozenset():
            return "a list"
        case _:
            return f"a {type(value).__name__}"
