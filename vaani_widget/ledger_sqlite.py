"""The ledger on SQLite: transactions that are serial from their first statement, and short waits.

As it comes, the ``sqlite3`` module begins a transaction only at the first write. What was read before
may be stale by then, and a budget of 50 spends about 80 without an error. So the module is told to
begin nothing, and :func:`begin_immediate` takes the write lock first.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from . import ledger_notes
from .ledger_deadline import LOGGING_NAME, remaining


class SQLite:
    """One process's way to a file.

    :param url: ``sqlite:///…`` with a path.
    :param clock: seconds since the epoch; all processes on one file share the machine's.
    """

    writers = 1  # more would queue inside SQLite, whose waiting is by growing sleeps (p99 850 ms, not 38)
    readers_wait = False
    read_options: Mapping[str, Any] = {"vaani_widget_read": True}  # needs no lock, and sees the last commit

    def __init__(self, url: URL, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock

    def engine(self) -> Engine:
        # max_overflow: reading threads never wait for one another.
        engine = create_engine(
            self._url, hide_parameters=True, logging_name=LOGGING_NAME, pool_size=5, max_overflow=-1
        )
        event.listen(engine, "connect", connected)
        event.listen(engine, "begin", begin_immediate)
        return engine

    def batch(self, site: str | None, kind: str | None) -> str:
        """All together: only one writes at a time anyway."""
        return "all"

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Nothing to do: waiting for locks keeps to the time by itself. A disk that hangs can't be left."""
        yield

    def prepare_place(self) -> None:
        """Make the folder and the file. The file may hold a key, so it is its owner's alone.

        SQLite gives its ``-wal`` and ``-shm`` files the same rights.
        """
        path = Path(self._url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)

    def lock_schema(self, connection: Connection) -> None:
        """Nothing to do: a transaction that writes has the one lock there is."""

    def begin(self, connection: Connection) -> float:
        """:return: the time, in seconds since the epoch."""
        return self._clock()

    def lock_site(self, connection: Connection, site: str) -> None:
        """Nothing to do: a transaction that writes has the one lock there is."""

    def check_writable(self, connection: Connection) -> None:
        """Write a row: a disk that is full takes a transaction's beginning, and refuses at its commit."""
        ledger_notes.write(connection, "check", self._clock())


def connected(raw: sqlite3.Connection, _record: object) -> None:
    """Prepare a new connection."""
    raw.isolation_level = None
    # So that readers don't block the writer, nor it them.
    _until_free(raw, "PRAGMA journal_mode = WAL")


def begin_immediate(connection: Connection) -> None:
    """Take the write lock before anything is read."""
    if connection.get_execution_options().get("vaani_widget_read"):
        return
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    durable = connection.get_execution_options().get("vaani_widget_durable", True)
    raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}").close()
    _until_free(raw, "BEGIN IMMEDIATE")


def _until_free(raw: sqlite3.Connection, statement: str) -> None:
    """Run what needs a lock, as soon as other processes let go of it.

    SQLite's own waiting sleeps longer and longer, up to 100 ms, so whoever came last goes first: of 8,000
    reservations by 16 processes at once, some ten waited 0.8 s in vain. Looking every millisecond, all came
    through, in half of that at most. (And for the change to WAL, SQLite does not wait at all.)
    """
    raw.execute("PRAGMA busy_timeout = 0").close()
    while True:
        try:
            raw.execute(statement).close()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or remaining() < 0.005:
                raise
        time.sleep(random.uniform(0.0005, 0.002))  # noqa: S311 - nothing secret about it
    raw.execute(f"PRAGMA busy_timeout = {int(remaining() * 1000)}").close()
