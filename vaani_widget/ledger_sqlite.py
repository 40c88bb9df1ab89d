"""The ledger on SQLite: transactions that are serial from their first statement, and short waits.

As it comes, the ``sqlite3`` module begins a transaction only at the first write. What was read before
may be stale by then, and a budget of 50 spends about 80 without an error. So the module is told to
begin nothing, and :func:`begin_immediate` takes the write lock first.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

from .ledger_deadline import LOGGING_NAME, remaining

READ = {"vaani_widget_read": True}
"""Execution options of a connection that only reads: it needs no lock, and sees the last commit."""


class SQLite:
    """One process's way to a file.

    :param url: ``sqlite:///…`` with a path.
    :param clock: seconds since the epoch; all processes on one file share the machine's.
    """

    writers = 1  # more would queue inside SQLite, whose waiting is by growing sleeps (p99 850 ms, not 38)
    readers_wait = False

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

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Nothing to do: SQLite keeps to ``busy_timeout``. It can't leave a disk that hangs."""
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

    def check_writable(self, connection: Connection) -> None:
        """Nothing to do: beginning a transaction already asks for the right to write."""


def connected(raw: sqlite3.Connection, _record: object) -> None:
    """Prepare a new connection."""
    raw.isolation_level = None
    _wait_at_most(raw, remaining())
    # Readers don't block the writer, nor it them. SQLite does not wait for the lock that the switch takes
    # (once in the life of a file), so two processes that start together have to be told to try again.
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") != "SQLITE_BUSY" or remaining() < 0.01:
                raise
            time.sleep(0.005)
        else:
            return


def begin_immediate(connection: Connection) -> None:
    """Take the write lock before anything is read."""
    if connection.get_execution_options().get("vaani_widget_read"):
        return
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    _wait_at_most(raw, remaining())
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _wait_at_most(raw: sqlite3.Connection, seconds: float) -> None:
    raw.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}").close()
