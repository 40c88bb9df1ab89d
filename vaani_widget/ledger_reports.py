"""What the ledger tells its owner: how each site stands now, and what each of its days came to.

Nothing here walks through the table of calls. What was spent is read from the days' own counts; only what
is running, and what never came to an end, is looked up among the calls, by an index and one site at a time.
So a ledger of five million calls answers as fast as a small one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    bindparam,
    case,
    func,
    select,
)

from .ledger import Ledger
from .ledger_schema import calls, days, holds_a_line

_LONGEST_LEASE = timedelta(days=1, hours=1)
"""No lease is longer: ``minutes_per_call`` is a day at most, and a minute comes on top."""


@dataclass(frozen=True)
class Standing:
    """One site at this moment.

    :param today: calls that count against the day's budget; ``today_anonymous`` of them anonymous.
    :param running: calls that occupy a line; ``running_anonymous`` of them anonymous.
    :param spent: calls since the ledger began that Vaani answered, or whose end nobody could write down.
    :param unknown: calls since then that nobody can tell whether Vaani charged.
    :param released: reservations since then that were given back. None of these three ever shrinks.
    """

    today: int = 0
    today_anonymous: int = 0
    running: int = 0
    running_anonymous: int = 0
    spent: int = 0
    unknown: int = 0
    released: int = 0


@dataclass(frozen=True)
class SiteDay:
    """What a site's calls of one UTC day came to. Every reservation is in one of the four.

    :param spent: Vaani answered, and the call is over.
    :param running: Vaani was asked, and the call's lease is not over.
    :param unknown: nobody can tell whether Vaani charged; also where a worker was killed in between.
    :param released: Vaani certainly charged nothing.
    """

    day: date
    site: str
    spent: int
    running: int
    unknown: int
    released: int

    @property
    def counted(self) -> int:
        """Against the day's budget."""
        return self.spent + self.running + self.unknown


def standings(ledger: Ledger) -> dict[str, Standing]:
    """How each site that ever had a call stands, by its key.

    :raises StoreUnavailable: nobody can tell.
    """

    def work(connection: Connection, now: float) -> dict[str, Standing]:
        values = {"now": now, "today": datetime.fromtimestamp(now, UTC).date()}
        return {row.site: _standing(row) for row in connection.execute(_STANDINGS, values)}

    return ledger.read_now(work)


def site_days(ledger: Ledger, since: date, until: date, sites: Sequence[str] = ()) -> Iterator[SiteDay]:
    """The days that had calls, from ``since`` to ``until`` and with both, in order, and by site within one.

    Each day is read by itself, so that a long report never keeps the ledger busy for long.

    :param sites: keys; all sites where empty.
    :raises StoreUnavailable: nobody can tell.
    """
    written = select(days.c.day).where(days.c.day.between(since, until)).distinct().order_by(days.c.day)
    for day in ledger.read_now(lambda connection, _now: connection.scalars(written).all()):
        yield from ledger.read_now(partial(_of_day, day=day, sites=sites))


def _of_day(connection: Connection, now: float, day: date, sites: Sequence[str]) -> list[SiteDay]:
    midnight = datetime.combine(day, time(), UTC)
    first = midnight.timestamp()
    last = (midnight + timedelta(days=1) + _LONGEST_LEASE).timestamp()
    # One range of the index for each, however old the day is. Both may be empty.
    values = {
        "day": day,
        "over_from": first,
        "over_to": min(now, last),
        "now": max(now, first),
        "last": last,
    }
    look = _DAY.where(days.c.site.in_(sites)) if sites else _DAY
    return [
        SiteDay(
            day=day,
            site=row.site,
            spent=row.calls - row.unknown - row.running - row.lost,
            running=row.running,
            unknown=row.unknown + row.lost,
            released=row.released,
        )
        for row in connection.execute(look, values)
    ]


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        today=row.today,
        today_anonymous=row.today_anonymous,
        running=row.running,
        running_anonymous=row.running_anonymous,
        # What is not settled yet may be released still, and no counter takes back what it has counted.
        spent=row.calls - row.unknown - row.unsettled,
        unknown=row.unknown,
        released=row.released,
    )


_now: BindParameter[float] = bindparam("now")


def _running(of: FromClause, *more: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many calls of the row's site occupy a line."""
    return (
        select(func.count())
        .where(calls.c.site == of.c.site, calls.c.lease_until > _now, holds_a_line, *more)
        .correlate(of)
        .scalar_subquery()
    )


def _today(column: ColumnElement[int]) -> ColumnElement[int]:
    return func.sum(case((days.c.day == bindparam("today"), column), else_=0))


_sums = (
    select(
        days.c.site,
        _today(days.c.calls).label("today"),
        _today(days.c.anonymous).label("today_anonymous"),
        func.sum(days.c.calls).label("calls"),
        func.sum(days.c.unknown).label("unknown"),
        func.sum(days.c.released).label("released"),
    )
    .group_by(days.c.site)
    .subquery("sums")
)

_STANDINGS = select(
    _sums,
    _running(_sums).label("running"),
    _running(_sums, calls.c.lane == "anonymous").label("running_anonymous"),
    _running(_sums, calls.c.outcome == "reserved").label("unsettled"),
)
"""One statement, so that all of it is of one moment."""

_of_that_day = calls.c.day == bindparam("day")

_DAY = (
    select(
        days,
        _running(
            days,
            calls.c.outcome.in_(("reserved", "committed")),
            calls.c.lease_until <= bindparam("last"),
            _of_that_day,
        ).label("running"),
        select(func.count())
        .where(
            calls.c.site == days.c.site,
            calls.c.outcome == "reserved",
            calls.c.lease_until > bindparam("over_from"),
            calls.c.lease_until <= bindparam("over_to"),
            # Only whoever has Vaani's answer can report these two.
            calls.c.connected_at.is_(None),
            holds_a_line,
            _of_that_day,
        )
        .correlate(days)
        .scalar_subquery()
        .label("lost"),
    )
    .where(days.c.day == bindparam("day"))
    .order_by(days.c.site)
)

__all__ = ["SiteDay", "Standing", "site_days", "standings"]
