"""Ledgers as they are after years, and visitors who hang up."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Dialect, Index, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from vaani_widget.errors import StoreUnavailable
from vaani_widget.ledger import Ledger
from vaani_widget.ledger_schema import calls

BYTES_A_CALL = 700
"""Of disk, while a ledger is filled: rows, indexes, and what sorting them takes."""

DAYS = 365
VISITORS = 1_000_000

_COLUMNS = (
    "call_id, token_id, site, day, lane, visitor, reserved_at, lease_until,"
    " outcome, room_name, connected_at, ended_at, end_reason"
)

# Ids in ascending order fill the indexes from one end, which takes minutes less. A new call's random id then
# falls anywhere among them, as ever.
_SQLITE = f"""
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :calls),
past AS (SELECT n, CAST(:start AS REAL) + n * :every AS at FROM numbers)
INSERT INTO vaani_widget_calls ({_COLUMNS})
SELECT printf('%08x', n * :step) || lower(hex(randomblob(12))),
       printf('%08x', n * :step) || lower(hex(randomblob(12))),
       :site, date(at, 'unixepoch'), CASE n % 10 WHEN 0 THEN 'signed' ELSE 'anonymous' END,
       printf('%032x', n * 2654435761 % :visitors), at, at + 660,
       CASE n % 100 WHEN 0 THEN 'released' ELSE 'committed' END,
       printf('room_d083374a_%08x', n), at + 1, at + 120, 'visitor'
FROM past
"""

_POSTGRES = f"""
INSERT INTO vaani_widget_calls ({_COLUMNS})
SELECT lpad(to_hex(n * %(step)s::bigint), 8, '0') || substr(md5(random()::text), 1, 24),
       lpad(to_hex(n * %(step)s::bigint), 8, '0') || substr(md5(random()::text), 1, 24),
       %(site)s, (to_timestamp(at) AT TIME ZONE 'UTC')::date,
       CASE n %% 10 WHEN 0 THEN 'signed' ELSE 'anonymous' END,
       lpad(to_hex(n * 2654435761 %% %(visitors)s), 32, '0'), at, at + 660,
       CASE n %% 100 WHEN 0 THEN 'released' ELSE 'committed' END,
       'room_d083374a_' || to_hex(n), at + 1, at + 120, 'visitor'
FROM (SELECT n, %(start)s::float8 + n * %(every)s::float8 AS at
      FROM generate_series(0, %(calls)s::bigint - 1) AS n) AS past
"""

_COUNTED = """
INSERT INTO vaani_widget_days (site, day, calls, anonymous, unknown, released)
SELECT site, day, sum(CASE outcome WHEN 'released' THEN 0 ELSE 1 END),
       sum(CASE WHEN outcome <> 'released' AND lane = 'anonymous' THEN 1 ELSE 0 END), 0,
       sum(CASE outcome WHEN 'released' THEN 1 ELSE 0 END)
FROM vaani_widget_calls GROUP BY site, day
"""

_HANG_UP = "SET ended_at = {now}, end_reason = 'visitor' WHERE ended_at IS NULL AND outcome != 'released'"


def room_for(calls: int, folder: Path) -> bool:
    """Whether the disk has it, and as much again."""
    return shutil.disk_usage(folder).free > 2 * BYTES_A_CALL * calls


def make(url: str, calls: int, site: str) -> None:
    """A ledger whose last year had so many calls of the site, none of them today or running."""
    _make_tables(url)
    if not calls:
        return
    midnight = int(time.time()) // 86_400 * 86_400
    values: dict[str, object] = {
        "calls": calls,
        "site": site,
        "start": midnight - DAYS * 86_400,
        "every": (DAYS * 86_400 - 1) / calls,
        "step": 2**32 // calls,
        "visitors": VISITORS,
    }
    (_fill_sqlite if url.startswith("sqlite") else _fill_postgres)(url, values)


def _make_tables(url: str) -> None:
    """The ledger gives up within a second, and a machine that is busy may take longer."""
    ledger = Ledger(url)
    for tries_left in range(20, -1, -1):
        try:
            ledger.check()
            break
        except StoreUnavailable:
            if not tries_left:
                raise
    ledger.dispose()


def _fill_sqlite(url: str, values: dict[str, object]) -> None:
    with closing(sqlite3.connect(str(make_url(url).database), isolation_level=None)) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
            connection.execute(f"PRAGMA {pragma}")
        for index in _indexes():
            connection.execute(f"DROP INDEX {index.name}")
        connection.execute("BEGIN")
        connection.execute(_SQLITE, values)
        connection.execute("COMMIT")
        for index in _indexes():
            connection.execute(_create(index, sqlite.dialect()))
        connection.execute(_COUNTED)
        connection.execute("PRAGMA journal_mode = WAL")


def _fill_postgres(url: str, values: dict[str, object]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for index in _indexes():
            connection.execute(f"DROP INDEX {index.name}")
        connection.execute(_POSTGRES, values)
        for index in _indexes():
            connection.execute(_create(index, postgresql.dialect()))
        connection.execute(_COUNTED)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _indexes() -> list[Index]:
    return sorted(calls.indexes, key=lambda index: str(index.name))


def _create(index: Index, dialect: Dialect) -> str:
    return str(CreateIndex(index).compile(dialect=dialect))


def count(url: str, since: float) -> int:
    """Calls that were written down since then and not given back. A disk that stalls may leave some of them
    ``reserved``, which counts as spent, too."""
    asked = "SELECT count(*) FROM vaani_widget_calls WHERE reserved_at >= {} AND outcome != 'released'"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            return int(connection.execute(asked.format("?"), (since,)).fetchone()[0])
    with psycopg.connect(url) as connection:
        found = connection.execute(asked.format("%s"), (since,)).fetchone()
    assert found is not None
    return int(found[0])


@contextmanager
def hanging_up(url: str | None, every: float = 0.2) -> Iterator[None]:
    """Visitors end their calls. At these rates a site would have more of them running than any has.

    They do so in the ledger itself: requests that say so would compete with those that are measured.
    """
    if url is None:
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_hang_up, args=(url, every, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _hang_up(url: str, every: float, done: threading.Event) -> None:
    if url.startswith("sqlite"):
        file = sqlite3.connect(str(make_url(url).database), isolation_level=None, timeout=5)
        file.execute("PRAGMA synchronous = NORMAL")
        table = "UPDATE vaani_widget_calls INDEXED BY vaani_widget_calls_running "
        with closing(file):
            while not done.wait(every):
                file.execute(table + _HANG_UP.format(now="?"), (time.time(),))
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET enable_seqscan = off")
        server.execute("SET synchronous_commit = off")
        while not done.wait(every):
            server.execute("UPDATE vaani_widget_calls " + _HANG_UP.format(now="%s"), (time.time(),))
