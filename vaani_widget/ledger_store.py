"""The ledger's way to its database: made at first use, once per process, and safe to fork around.

Work is handed in as a function of a connection. It runs in one transaction, or does not happen, and it
takes less than a second either way.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, ProgrammingError, SQLAlchemyError

from . import ledger_schema
from .errors import SettingError, StoreUnavailable
from .ledger_batches import Batches, Write
from .ledger_deadline import operation
from .ledger_gate import Gate
from .ledger_postgres import Postgres
from .ledger_sqlite import SQLite
from .logs import fields

T = TypeVar("T")

logger = logging.getLogger(__name__)

_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::float8")


class Backend(Protocol):
    """What differs between databases. One object per process."""

    @property
    def writers(self) -> int: ...  # threads of this process that may be in a transaction at once
    @property
    def readers_wait(self) -> bool: ...  # whether those that only read count as writers

    @property
    def read_options(self) -> Mapping[str, Any]: ...  # execution options of a connection that only reads

    def engine(self) -> Engine: ...
    def batch(self, site: str | None, kind: str | None) -> Hashable | None: ...  # of the same: may be shared
    def guard(self) -> AbstractContextManager[None]: ...
    def prepare_place(self) -> None: ...
    def lock_schema(self, connection: Connection) -> None: ...
    def begin(self, connection: Connection) -> float: ...
    def lock_site(self, connection: Connection, site: str) -> None: ...
    def check_writable(self, connection: Connection) -> None: ...


class _Process:
    """What belongs to one process."""

    def __init__(self, backend: Backend) -> None:
        self.pid = os.getpid()
        self.backend = backend
        self.engine = backend.engine()
        self.gate = Gate(backend.writers)
        self.batches = Batches()
        self.prepared = False


class Store:
    """Transactions on one database.

    :param url: ``sqlite:///PATH``, or ``postgresql://…`` (also written ``postgres://…``).
    :param clock: seconds since the epoch. On PostgreSQL the server's is used instead.
    :raises SettingError: the URL is none of these, or the driver is not installed. Nothing is opened.
    """

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = database_url(url)
        self._clock = clock
        self._process: _Process | None = None
        _stores.add(self)

    def write(
        self,
        work: Callable[[Connection, float], T],
        *,
        durable: bool = True,
        site: str | None = None,
        kind: str | None = None,
    ) -> T:
        """Run ``work(connection, now)`` in a transaction that may write, and that others may share.

        ``now`` is in seconds since the epoch. A ``Refusal`` from ``work`` goes on to the caller; there
        ``work`` has written nothing. Any other exception undoes everything.

        :param durable: whether it must outlive a power cut from the moment that this returns. What need not
            is written together with what must, some time later, and saves waiting for the disk.
        :param site: no other transaction with this site runs until this one has ended.
        :param kind: of a write without a site: those of one kind never touch the same rows.
        :raises StoreUnavailable: the database failed. Whether a transaction whose very commit was
            interrupted happened is then unknown; everything before that did not.
        """

        def inside(process: _Process) -> T:
            @contextmanager
            def transaction(durable: bool) -> Iterator[tuple[Connection, float]]:
                options = {"vaani_widget_durable": durable}
                with (
                    process.gate.inside(write=True),
                    process.engine.connect().execution_options(**options) as connection,
                    connection.begin(),
                ):
                    now = process.backend.begin(connection)
                    if site is not None:
                        process.backend.lock_site(connection, site)
                    yield connection, now

            key = process.backend.batch(site, kind)
            return process.batches.run(key, Write(work, durable=durable), transaction)

        return self._run(inside)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work(connection)``, which reads.

        :raises StoreUnavailable: the database failed.
        """

        def inside(process: _Process) -> T:
            with (
                process.gate.inside(write=process.backend.readers_wait),
                process.engine.connect().execution_options(**process.backend.read_options) as connection,
            ):
                return work(connection)

        return self._run(inside)

    def read_now(self, work: Callable[[Connection, float], T]) -> T:
        """Run ``work(connection, now)``, which reads; ``now`` is as for :meth:`write`.

        Every statement sees the last commit before it. What has to fit together belongs into one.

        :raises StoreUnavailable: the database failed.
        """

        def inside(connection: Connection) -> T:
            postgres = connection.dialect.name == "postgresql"
            return work(connection, float(connection.scalar(_CLOCK) or 0) if postgres else self._clock())

        return self.read(inside)

    def check(self) -> None:
        """:raises StoreUnavailable: a reservation could not be made now."""

        def work(connection: Connection, process: _Process) -> None:
            process.backend.check_writable(connection)
            ledger_schema.check_version(connection)

        process = self._here()
        self.write(lambda connection, _now: work(connection, process), durable=False)

    @property
    def engine(self) -> Engine:
        """This process's engine. Its connections need :meth:`write`'s care; for looking and for tests."""
        return self._here().engine

    def dispose(self) -> None:
        """Close this process's idle connections. The next use opens new ones."""
        process = self._process
        if process is not None and process.pid == os.getpid():
            process.engine.dispose()

    def before_fork(self) -> None:
        """Close what a child must not inherit.

        A child that holds, even unused, a connection of SQLite's from before the fork takes its locks to be
        its own. Another process may then remove the write-ahead log that the child goes on writing to.
        """
        if self._process is not None:
            self._process.gate.shut()
            self.dispose()

    def after_fork(self, *, child: bool) -> None:
        """Begin anew in the child, go on in the parent."""
        if child:
            # What was still in use can't be used nor closed here. Kept, so that nothing tries.
            _left_behind.append(self._process)
            self._process = None
        elif self._process is not None:
            self._process.gate.open()

    def _here(self) -> _Process:
        process = self._process
        if process is None or process.pid != os.getpid():
            with _making:
                process = self._process
                if process is None or process.pid != os.getpid():
                    postgres = self._url.get_backend_name() == "postgresql"
                    backend: Backend = Postgres(self._url) if postgres else SQLite(self._url, self._clock)
                    process = self._process = _Process(backend)
        return process

    def _run(self, inside: Callable[[_Process], T]) -> T:
        process = self._here()  # loads a driver, the first time: not the database's fault, nor its second
        failures = (SQLAlchemyError, process.engine.dialect.loaded_dbapi.Error, OSError)
        try:
            with operation(), process.backend.guard():
                self._prepare(process)
                return inside(process)
        except ledger_schema.OtherVersion as error:
            told = f"{error.reason} {error.remedy}"
            logger.error("The ledger can't be used. %s", told, extra=fields("ledger_failed"))
            raise
        except failures as error:
            reason = self._reason(error)
            misused = (ProgrammingError, process.engine.dialect.loaded_dbapi.ProgrammingError)
            if isinstance(error, misused) or "no such table" in reason:
                process.prepared = False  # restored, or exchanged for an empty one: look again next time
        # Outside of the handler: what a traceback of the driver's shows of its variables is not for logs.
        logger.error("The ledger can't be used: %s", reason, extra=fields("ledger_failed"))
        raise StoreUnavailable

    def _prepare(self, process: _Process) -> None:
        if process.prepared:
            return
        with process.gate.inside(write=True):
            if process.prepared:
                return
            process.backend.prepare_place()
            with process.engine.begin() as connection:
                process.backend.begin(connection)
                process.backend.lock_schema(connection)
                ledger_schema.prepare(connection)
            process.prepared = True

    def _reason(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        lines = str(cause).strip().splitlines() or [""]
        reason = f"{type(cause).__name__}: {lines[0]}"
        password = self._url.password
        return reason.replace(str(password), "…") if password else reason


def database_url(url: str) -> URL:
    """Read an address as people write it.

    :raises SettingError: it is not one, or its driver is missing.
    """

    def wrong(remedy: str) -> SettingError:
        return SettingError("VAANI_WIDGET_DATABASE_URL", remedy)

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:  # outside of the handler, whose error may repeat the password
        raise wrong("is not a database URL; write sqlite:////PATH or postgresql://USER:PASSWORD@HOST/NAME")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        if parsed.database in {None, "", ":memory:"} or str(parsed.database).startswith("file:"):
            raise wrong(
                "names no file, so every worker would keep a ledger of its own; write sqlite:////PATH/TO/FILE"
            )
        return parsed
    if parsed.drivername not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise wrong(f"{parsed.drivername!r} is not supported; write sqlite:////PATH or postgresql://…")
    if importlib.util.find_spec("psycopg") is None:
        raise wrong("PostgreSQL needs its driver; run: pip install 'vaani-widget[postgres]'")
    return parsed.set(drivername="postgresql+psycopg")


_making = threading.Lock()
_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_left_behind: list[object] = []


def _before_fork() -> None:
    for store in list(_stores):
        store.before_fork()


def _after_fork_in_parent() -> None:
    for store in list(_stores):
        store.after_fork(child=False)


def _after_fork_in_child() -> None:
    global _making
    _making = threading.Lock()  # a thread that is not here any more may have held the old one
    for store in list(_stores):
        store.after_fork(child=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
