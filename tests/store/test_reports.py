"""What an owner reads from the ledger: every reservation in one place, and no walk through the calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from tests.parts.postgres import PostgresServer
from tests.parts.reservations import reservation
from vaani_widget.errors import StoreUnavailable
from vaani_widget.ledger import Ledger
from vaani_widget.ledger_reports import SiteDay, Standing, site_days, standings

OVER = 0.0
"""Seconds of a lease that ends as it begins."""

HOUR = 3600.0


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    ledger = Ledger(url)
    yield ledger
    ledger.dispose()


def reserve(ledger: Ledger, call_id: str, lease: float = HOUR, **more: Any) -> str:
    ledger.reserve(reservation(call_id, f"token of {call_id}", lease_seconds=lease, **more))
    return call_id


def move_back(ledger: Ledger, days: int) -> None:
    """Whatever is in the ledger happened so many days earlier."""
    with ledger.engine.begin() as connection:
        for table in ("vaani_widget_days", "vaani_widget_calls"):
            written = connection.execute(text(f"SELECT DISTINCT site, day FROM {table}")).all()
            for site, day in written:
                earlier = date.fromisoformat(str(day)) - timedelta(days=days)
                values = {"site": site, "day": str(day), "earlier": earlier.isoformat()}
                connection.execute(
                    text(
                        f"UPDATE {table} SET day = CAST(:earlier AS {_type(ledger)})"
                        f" WHERE site = :site AND day = CAST(:day AS {_type(ledger)})"
                    ),
                    values,
                )
        connection.execute(
            text(
                "UPDATE vaani_widget_calls SET reserved_at = reserved_at - :s, lease_until = lease_until - :s"
            ),
            {"s": days * 86400.0},
        )


def _type(ledger: Ledger) -> str:
    return "DATE" if ledger.engine.dialect.name == "postgresql" else "TEXT"


def report(ledger: Ledger, days: int = 1, *sites: str) -> list[SiteDay]:
    today = datetime.now(UTC).date()
    return list(site_days(ledger, today - timedelta(days=days), today + timedelta(days=1), sites))


def every_kind_of_call(ledger: Ledger) -> None:
    ledger.commit(reserve(ledger, "talks"), "room")
    ledger.commit(reserve(ledger, "over", OVER), "room")
    ledger.commit(reserve(ledger, "hung up"), "room")
    ledger.progress("hung up", "ended")
    reserve(ledger, "is asked for")
    reserve(ledger, "worker was killed", OVER)
    reserve(ledger, "commit failed, but it talked", OVER)
    ledger.progress("commit failed, but it talked", "connected")
    reserve(ledger, "commit failed, but it ended", OVER)
    ledger.progress("commit failed, but it ended", "ended")
    ledger.leave_unknown(reserve(ledger, "timed out"))
    ledger.leave_unknown(reserve(ledger, "timed out long ago", OVER))
    ledger.release(reserve(ledger, "balance used up"))
    ledger.release(reserve(ledger, "refused", OVER))


def test_every_reservation_is_in_one_column(ledger: Ledger) -> None:
    every_kind_of_call(ledger)
    ledger.commit(reserve(ledger, "elsewhere", OVER, site="other"), "room")
    acme, other = report(ledger)
    assert (acme.spent, acme.running, acme.unknown, acme.released) == (4, 2, 3, 2)
    assert acme.counted == 9
    assert (other.site, other.spent, other.counted) == ("other", 1, 1)


def test_a_day_that_has_passed_has_nothing_running(ledger: Ledger) -> None:
    every_kind_of_call(ledger)
    move_back(ledger, 3)
    ledger.release(reserve(ledger, "of today"))
    assert [(day.spent, day.running, day.unknown, day.released) for day in report(ledger, days=5)] == [
        (5, 0, 4, 2),
        (0, 0, 0, 1),
    ]
    today = datetime.now(UTC).date()
    assert [day.day for day in site_days(ledger, today - timedelta(days=9), today - timedelta(days=2))] == [
        today - timedelta(days=3)
    ]


def test_only_the_sites_that_are_asked_for(ledger: Ledger) -> None:
    for site in ("a", "b", "c"):
        reserve(ledger, site, site=site)
    assert [day.site for day in report(ledger, 1, "c", "a")] == ["a", "c"]
    assert [day.site for day in report(ledger)] == ["a", "b", "c"]


def test_an_empty_ledger(ledger: Ledger) -> None:
    assert report(ledger) == []
    assert standings(ledger) == {}


def test_how_a_site_stands(ledger: Ledger) -> None:
    every_kind_of_call(ledger)
    move_back(ledger, 2)
    ledger.commit(reserve(ledger, "signed", lane="signed"), "room")
    ledger.leave_unknown(reserve(ledger, "anonymous"))
    ledger.release(reserve(ledger, "nothing"))
    reserve(ledger, "asked for")
    assert standings(ledger) == {
        "acme": Standing(
            today=3,
            today_anonymous=2,
            running=3,
            running_anonymous=2,
            # What a killed worker left counts as spent here; only the days' report looks closer.
            spent=4 + 2 + 1 + 1,
            unknown=2 + 1,
            released=2 + 1,
        )
    }


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("lease", [HOUR, OVER], ids=["running", "over"])
@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (lambda ledger: ledger.commit("x", "room"), (1, 0, 0)),
        (lambda ledger: ledger.leave_unknown("x"), (0, 1, 0)),
        (lambda ledger: ledger.release("x"), (0, 0, 1)),
    ],
    ids=["committed", "unknown", "released"],
)
def test_no_counter_takes_back_what_it_counted(
    outcome: Callable[[Ledger], None], counted: tuple[int, int, int], lease: float, ledger: Ledger
) -> None:
    def counters() -> tuple[int, int, int]:
        standing = standings(ledger).get("acme", Standing())
        return standing.spent, standing.unknown, standing.released

    reserve(ledger, "x", HOUR)
    assert counters() == (0, 0, 0)
    outcome(ledger)
    assert counters() == counted
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE vaani_widget_calls SET lease_until = lease_until - 9999"))
    assert counters() == counted


def test_the_calls_are_looked_up_and_never_walked_through(ledger: Ledger) -> None:
    every_kind_of_call(ledger)
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "vaani_widget_calls" not in statement:
            return
        cursor = connection.connection.cursor()
        if ledger.engine.dialect.name == "postgresql":
            cursor.execute("SET enable_seqscan = off")  # a table of ten rows is read whole, as is right
            cursor.execute(f"EXPLAIN {statement}", parameters)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.append("\n".join(str(row) for row in cursor.fetchall()))
        cursor.close()

    event.listen(ledger.engine, "before_cursor_execute", explain)
    standings(ledger)
    report(ledger)
    assert len(plans) == 2
    for plan in plans:
        lines = [line for line in plan.splitlines() if "vaani_widget_calls" in line]
        assert lines
        assert all("vaani_widget_calls_running" in line for line in lines), plan
        assert all("SEARCH" in line or "Index" in line for line in lines), plan


def test_a_database_that_hangs_is_given_up_within_a_second(
    postgres: PostgresServer, postgres_url: str
) -> None:
    ledger = Ledger(postgres_url)
    reserve(ledger, "x")

    def seconds_in_vain() -> float:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            standings(ledger)
        return time.monotonic() - began

    assert standings(ledger)["acme"].running == 1
    postgres.freeze()
    try:
        assert any(seconds_in_vain() < 1 for _ in range(3)), "a busy machine's best"
    finally:
        postgres.thaw()
    ledger.dispose()
