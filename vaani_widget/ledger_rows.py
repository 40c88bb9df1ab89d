"""The row of a call and the count of its day: the statements that write them, and that look before.

``of_…`` says which row, ``to_…`` what becomes of it.
"""

from __future__ import annotations

from datetime import date
from types import ModuleType

from sqlalchemy import Insert, Update, bindparam, select, update

from .lanes import Lane
from .ledger_schema import calls, days
from .ledger_statements import Statement


def recount(site: str, day: date, lane: Lane, outcome: str) -> Update:
    """The day's row, once it is known that a call of it cost nothing, or that nobody can tell."""
    of_day = update(days).where(days.c.site == site, days.c.day == day)
    if outcome == "unknown":
        return of_day.values(unknown=days.c.unknown + 1)
    return of_day.values(
        calls=days.c.calls - 1,
        anonymous=days.c.anonymous - int(lane == "anonymous"),
        released=days.c.released + 1,
    )


def _count(kind: ModuleType) -> Insert:
    """One more call of a day. ``kind`` is SQLAlchemy's module of the database's kind."""
    first = kind.insert(days).values(
        site=bindparam("of_site"),
        day=bindparam("of_day"),
        calls=1,
        anonymous=bindparam("one_anonymous"),
        unknown=0,
        released=0,
    )
    more = {"calls": days.c.calls + 1, "anonymous": days.c.anonymous + bindparam("one_anonymous")}
    counted: Insert = first.on_conflict_do_update(index_elements=[days.c.site, days.c.day], set_=more)
    return counted


INSERT_CALL = Statement(
    lambda kind: kind.insert(calls).on_conflict_do_nothing(),
    columns=(
        "call_id",
        "token_id",
        "site",
        "day",
        "lane",
        "visitor",
        "reserved_at",
        "lease_until",
        "outcome",
        "consent_version",
        "consent_at",
    ),
)
COUNT_CALL = Statement(_count)
_of_token = select(calls.c.call_id).where(calls.c.token_id == bindparam("of_token"))
_anonymous = select(days.c.anonymous).where(
    days.c.site == bindparam("of_site"), days.c.day == bindparam("of_day")
)
CALL_OF_TOKEN = Statement(lambda _: _of_token)
ANONYMOUS_OF_DAY = Statement(lambda _: _anonymous)
GLANCE = Statement(
    lambda _: select(
        _of_token.exists().label("token_spent"), _anonymous.scalar_subquery().label("anonymous_today")
    )
)
SETTLE_CALL = Statement(
    lambda _: (
        update(calls)
        .where(calls.c.call_id == bindparam("of_call"), calls.c.outcome == "reserved")
        .values(outcome=bindparam("to_outcome"), room_name=bindparam("to_room"))
    )
)
