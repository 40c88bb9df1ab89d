"""Whether a reservation is within its site's bounds: one look at the database, then a refusal by name.

The caller holds the lock that keeps other reservations of the site out until its own is written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    ScalarSelect,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
)

from .errors import BudgetSpent, RateLimited, SiteBusy, TokenSpent
from .lanes import Bounds, Lane
from .ledger_schema import calls, counts, days, holds_a_line
from .ledger_statements import Statement
from .site_limits import Window

BUSY_SECONDS = 30
"""After which a busy site is worth another try, where no lease ends sooner: calls end when they like."""


@dataclass(frozen=True)
class Wanted:
    """What the bounds are about.

    :param token_id: the ``jti`` of the site token.
    :param visitors: names of this visitor, any of which an earlier call may have.
    """

    token_id: str = field(repr=False)
    site: str
    lane: Lane
    visitors: Sequence[str]
    bounds: Bounds


class _Found(NamedTuple):
    """What the look begins with, in its order; a column for each window follows."""

    token_spent: bool
    day_calls: int | None
    day_anonymous: int | None
    running: int
    running_anonymous: int | None
    first_free: float | None


def check_bounds(connection: Connection, wanted: Wanted, now: float) -> None:
    """Refuse what would go over a bound; the first of these in this order names the refusal.

    :param now: seconds since the epoch, by the clock that all workers share.
    :raises TokenSpent: the token was here before.
    :raises BudgetSpent: the site's day is used up, or this lane's part of it.
    :raises RateLimited: the visitor has used up one of the windows.
    :raises SiteBusy: the site's lines are in use, or this lane's part of them.
    """
    windows = wanted.bounds.visitor
    row = _look(len(windows), len(wanted.visitors)).row(connection, _values(wanted, now))
    assert row is not None  # there is always one
    found = _Found(*row[: -len(windows) or None])
    if found.token_spent:
        raise TokenSpent
    _check_day(found, wanted, now)
    _check_windows(row[len(found) :], windows, now)
    _check_running(found, wanted, now)


def _check_day(found: _Found, wanted: Wanted, now: float) -> None:
    bounds = wanted.bounds
    tomorrow = _seconds_until_tomorrow(now)
    if (found.day_calls or 0) >= bounds.per_day:
        raise BudgetSpent(retry_after=tomorrow)
    if wanted.lane == "anonymous" and (found.day_anonymous or 0) >= bounds.per_day_anonymous:
        raise BudgetSpent(
            "The site's calls for today are used up, but for those kept for signed visitors.",
            retry_after=tomorrow,
        )


def _check_windows(nth_newest: Sequence[float | None], windows: Sequence[Window], now: float) -> None:
    """:param nth_newest: for each window, when the call was that has to leave it before another may come."""
    waits = [
        at + window.seconds - now for at, window in zip(nth_newest, windows, strict=True) if at is not None
    ]
    if waits:
        raise RateLimited(
            "This visitor has had the calls that the site allows for now.",
            retry_after=max(1, math.ceil(max(waits))),
        )


def _check_running(found: _Found, wanted: Wanted, now: float) -> None:
    bounds = wanted.bounds
    anonymous = wanted.lane == "anonymous" and (found.running_anonymous or 0) >= bounds.running_anonymous
    if found.running >= bounds.running or anonymous:
        first_free = math.ceil((found.first_free or now) - now)
        raise SiteBusy(retry_after=min(max(first_free, 1), BUSY_SECONDS))


def _seconds_until_tomorrow(now: float) -> int:
    today = datetime.fromtimestamp(now, UTC).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), UTC)
    return max(1, math.ceil(midnight.timestamp() - now))


def _values(wanted: Wanted, now: float) -> dict[str, object]:
    values: dict[str, object] = {
        "token_id": wanted.token_id,
        "site": wanted.site,
        "day": datetime.fromtimestamp(now, UTC).date(),
        "now": now,
    }
    for number, visitor in enumerate(wanted.visitors):
        values[f"visitor_{number}"] = visitor
    for number, window in enumerate(wanted.bounds.visitor):
        values[f"since_{number}"] = now - window.seconds
        values[f"calls_{number}"] = window.calls - 1
    return values


def _look(windows: int, names: int) -> Statement:
    """All that is asked of the database, in one statement; made once for each number of windows and of a
    visitor's names."""
    made = _looks.get((windows, names))
    if made is None:
        made = _looks[windows, names] = Statement(lambda _: _make_look(windows, names))
    return made


def _make_look(windows: int, names: int) -> Select[Any]:
    site: BindParameter[str] = bindparam("site")
    now: BindParameter[float] = bindparam("now")
    today = (days.c.site == site) & (days.c.day == bindparam("day"))
    running = (
        select(
            func.count().label("running"),
            func.sum(case((calls.c.lane == literal_column("'anonymous'"), 1), else_=0)).label("anonymous"),
            func.min(calls.c.lease_until).label("first_free"),
        )
        .where(calls.c.site == site, calls.c.lease_until > now, holds_a_line)
        .subquery()
    )
    return select(
        exists().where(calls.c.token_id == bindparam("token_id")).label("token_spent"),
        select(days.c.calls).where(today).scalar_subquery().label("day_calls"),
        select(days.c.anonymous).where(today).scalar_subquery().label("day_anonymous"),
        running.c.running,
        running.c.anonymous.label("running_anonymous"),
        running.c.first_free,
        *(_nth_newest(number, names).label(f"window_{number}") for number in range(windows)),
    )


def _nth_newest(number: int, names: int) -> ScalarSelect[Any]:
    """When the visitor's n-th call back was, if it is still in the window."""
    return (
        select(calls.c.reserved_at)
        .where(
            calls.c.site == bindparam("site"),
            calls.c.visitor.in_([bindparam(f"visitor_{name}") for name in range(names)]),
            calls.c.reserved_at > bindparam(f"since_{number}"),
            counts,
        )
        .order_by(calls.c.reserved_at.desc())
        .limit(1)
        .offset(bindparam(f"calls_{number}"))
        .scalar_subquery()
    )


_looks: dict[tuple[int, int], Statement] = {}
