"""What a site may spend: calls of one visitor, calls of one day, calls at a time, minutes of one call."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import SettingError
from .tables import Table

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_WINDOW = re.compile(r"([0-9]{1,7})\s*/\s*([0-9]{0,5})\s*(second|minute|hour|day)s?")
_PER_DAY = re.compile(r"([0-9]{1,7})\s*/\s*1?\s*day")
_LONGEST_WINDOW = 31 * 86400


@dataclass(frozen=True)
class Window:
    """At most ``calls`` calls in any ``seconds`` seconds."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class Limits:
    """A site's limits; the defaults are those of a site that writes none.

    :param visitor: each of them holds for one visitor.
    :param per_day: calls in one UTC calendar day, of all visitors together.
    :param running: calls at the same time.
    :param minutes_per_call: after which the widget hangs up.
    """

    visitor: tuple[Window, ...] = (Window(3, 600), Window(10, 86400))
    per_day: int = 50
    running: int = 5
    minutes_per_call: int = 10


def parse_limits(table: Table) -> Limits:
    """Read a site's ``limits``.

    :raises SettingError:
    """
    table.only(
        {"visitor", "site", "running", "minutes_per_call"},
        {"per_day": 'Write it as site = "50/day".', "day": 'Write it as site = "50/day".'},
    )
    default = Limits()
    return Limits(
        visitor=_visitor(table) if table.has("visitor") else default.visitor,
        per_day=_per_day(table) if table.has("site") else default.per_day,
        running=table.integer("running", default.running, 1, 100_000),
        minutes_per_call=table.integer("minutes_per_call", default.minutes_per_call, 1, 1440),
    )


def _visitor(table: Table) -> tuple[Window, ...]:
    windows = []
    for part in table.text("visitor", "").split(","):
        match = _WINDOW.fullmatch(part.strip())
        calls = int(match[1]) if match else 0
        seconds = int(match[2] or 1) * _UNITS[match[3]] if match else 0
        if not calls or not 1 <= seconds <= _LONGEST_WINDOW:
            raise _refusal(table, "visitor", '"3/10minutes, 10/day": calls, a slash and at most 31 days')
        windows.append(Window(calls, seconds))
    return tuple(windows)


def _per_day(table: Table) -> int:
    match = _PER_DAY.fullmatch(table.text("site", ""))
    if match is None or not int(match[1]):
        raise _refusal(table, "site", '"50/day": calls a day, at least 1 and by no other unit')
    return int(match[1])


def _refusal(table: Table, name: str, form: str) -> SettingError:
    return table.refuse(name, f"Write it as {form}.")
