"""The row of a call and the count of its day: the statements that write them, and that look before.

``of_…`` says which row, ``to_…`` what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import ModuleType
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from .lanes import Lane
from .ledger_schema import calls, days
from .ledger_statements import Statement

RESERVED = (
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
)
"""Columns of a call that are known when it is reserved."""


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


def spend(connection: Connection, row: Mapping[str, object]) -> bool:
    """Write a new call down, and count it for its day.

    :param row: all of :data:`RESERVED`.
    :return: whether it is new. Where one of its unique values was here before, nothing is written.
    """
    values = {f"new_{name}": value for name, value in row.items()}
    values["new_anonymous"] = int(row["lane"] == "anonymous")
    if connection.dialect.name == "postgresql":
        return bool(_INSERT_AND_COUNT.number(connection, values))
    if _INSERT.run(connection, values) != 1:
        return False
    _COUNT.run(connection, values)
    return True


def _insert(kind: ModuleType) -> postgresql.Insert | sqlite.Insert:
    """The call's row, unless it is there. ``kind`` is SQLAlchemy's module of the database's kind."""
    row: postgresql.Insert | sqlite.Insert = kind.insert(calls)
    return row.values({name: bindparam(f"new_{name}") for name in RESERVED}).on_conflict_do_nothing()


def _count(kind: ModuleType, call: FromClause | None = None) -> postgresql.Insert | sqlite.Insert:
    """One more call of its day.

    :param call: has a row where there is a call to count; without it, there is.
    """
    row: postgresql.Insert | sqlite.Insert = kind.insert(days)
    first: dict[str, Any] = {
        "site": bindparam("new_site", type_=Text),
        "day": bindparam("new_day", type_=Date),
        "calls": literal(1),
        "anonymous": bindparam("new_anonymous", type_=Integer),
        "unknown": literal(0),
        "released": literal(0),
    }
    if call is None:
        row = row.values(first)
    else:
        row = row.from_select(list(first), select(*first.values()).select_from(call))
    more = {"calls": days.c.calls + 1, "anonymous": days.c.anonymous + first["anonymous"]}
    return row.on_conflict_do_update(index_elements=[days.c.site, days.c.day], set_=more)


def _insert_and_count(kind: ModuleType) -> Select[Any]:
    """Both in one: each statement is a way to the server and back, while others wait for the site."""
    new = _insert(kind).returning(calls.c.call_id).cte("new")
    return select(func.count()).select_from(new).add_cte(_count(kind, new).cte("counted"))


_INSERT = Statement(_insert)
_COUNT = Statement(_count)
_INSERT_AND_COUNT = Statement(_insert_and_count)

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
