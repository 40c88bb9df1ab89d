"""The bench measures what it says, and draws what it measured."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select

from bench import calls, calls_chart, calls_ledger
from bench.calls_served import site_key
from tests.parts.postgres import postgres_server
from tests.parts.reservations import reservation
from vaani_widget.ledger import Ledger
from vaani_widget.ledger_schema import calls as table
from vaani_widget.ledger_schema import days


def test_calls_are_counted_where_they_arrive_and_where_they_are_written(tmp_path: Path) -> None:
    with ExitStack() as stack:
        run = calls.Run(calls.Plan(rounds=1, seconds=0.3, open_seconds=0.3, connections=4), tmp_path, stack)
        bare, ours = calls.Contestant(None, 1), calls.Contestant("sqlite", 1, sites=3, calls=50)
        run.group([bare, ours], open_too=True)
        assert ours.ledger is not None
        assert calls_ledger.count(ours.ledger, run.begun) == ours.started > 4
        run.written([bare, ours])
        ours.started += 1
        with pytest.raises(SystemExit, match="in the ledger"):
            run.written([bare, ours])


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_an_old_ledger_is_as_the_ledger_would_have_written_it(database: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        sqlite = database == "sqlite"
        url = f"sqlite:///{tmp_path}/old.sqlite3" if sqlite else stack.enter_context(postgres_server())
        calls_ledger.make(url, 5_000, site_key(0))
        ledger = Ledger(url)
        stack.callback(ledger.dispose)
        ledger.reserve(reservation("new", "new", site=site_key(0)))
        with ledger.engine.connect() as connection:
            counted = connection.execute(
                select(func.sum(days.c.calls), func.sum(days.c.anonymous), func.sum(days.c.released))
            ).one()
            rows = connection.execute(
                select(
                    func.count().filter(table.c.outcome != "released"),
                    func.count().filter(table.c.outcome != "released", table.c.lane == "anonymous"),
                    func.count().filter(table.c.outcome == "released"),
                )
            ).one()
            assert tuple(counted) == tuple(rows)
            assert sum((rows[0], rows[2])) == 5_001
            today = datetime.fromtimestamp(time.time(), UTC).date()
            assert connection.scalar(select(func.max(table.c.day)).where(table.c.call_id != "new")) < today
            assert connection.scalar(select(func.count()).where(table.c.ended_at.is_(None))) == 1
        with calls_ledger.hanging_up(url, every=0.01):
            until = time.monotonic() + 30
            while time.monotonic() < until:
                with ledger.engine.connect() as connection:
                    if not connection.scalar(select(func.count()).where(table.c.ended_at.is_(None))):
                        break
            else:
                raise AssertionError("nobody hung up")


def measured(**sqlite: float) -> dict[str, Any]:
    def one(database: str, group: int, **more: object) -> dict[str, Any]:
        fields = {
            "group": group,
            "database": database,
            "workers": 2,
            "sites": 1,
            "calls": 0,
            "loop": "closed",
        }
        return {**fields, "rate": 100.0, "p50": 10.0, "p99": 20.0, "refused": 0, **more}

    return {
        "machine": {"processors": 2, "python": "3.13"},
        "plan": {"connections": 32, "threads": 16, "open_per_second": 20},
        "results": [
            one("bare", 0),
            one("sqlite", 0, **sqlite),
            one("bare", 1),
            one("sqlite", 1),
            one("sqlite", 1, calls=5_000_000, rate=95.0, p99=23.0),
            one("bare", 1, loop="open"),
            one("sqlite", 1, loop="open"),
        ],
    }


def test_what_misses_its_aim_is_named() -> None:
    def missed(**sqlite: float) -> list[str]:
        return [one.what for one in calls_chart.judged(measured(**sqlite)) if not one.held]

    (slow,) = missed(rate=91.0)
    assert "5,000,000 calls in the ledger: p99" in slow
    assert len(missed(rate=89.0)) == len(missed(p99=20.5)) == len(missed(refused=1)) == 2


def test_the_page_gets_tables_and_a_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, chart = tmp_path / "performance.md", tmp_path / "calls.svg"
    page.write_text(f"before\n{calls_chart.BEGIN}\nold\n{calls_chart.END}\nafter\n", "utf-8")
    monkeypatch.setattr(calls_chart, "PAGE", page)
    monkeypatch.setattr(calls_chart, "CHART", chart)
    for _ in range(2):
        calls_chart.write(measured(rate=91.0))
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| SQLite, 2 workers | 91 (0.91) |" in text
    bars = [bar for bar in ElementTree.parse(chart).getroot() if bar.tag.endswith("rect")]
    assert len(bars) == 1 + 3 + 2 * 2  # the ground, the legend, two panels of two
