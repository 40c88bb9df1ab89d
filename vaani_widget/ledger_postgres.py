"""The ledger on PostgreSQL: the database's clock, and an end to every wait.

libpq's shortest ``connect_timeout`` is two seconds, and no timeout of the server's helps when the server
itself has stopped. So connecting happens in a thread that can be left behind, and a watchdog shuts the
socket of an operation that has outlived its time: the driver then finds the connection closed and says so.
"""

from __future__ import annotations

import select as sockets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, event, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError

from .ledger_deadline import LOGGING_NAME, remaining, until
from .ledger_schema import insert_new, sites
from .ledger_statements import Statement

CONNECTIONS = 5
"""Per process. A transaction takes milliseconds; a hundred are what a server has by default for everyone."""

_SCHEMA_LOCK = 0x7661616E6977  # an arbitrary key of our own among the database's advisory locks

_BEGIN = Statement(
    lambda _: text(
        # In one round trip: the server gives up by itself while the connection is still good; a transaction
        # whose process has frozen lets go of its locks; and the time, which is from before the site's lock:
        # a call that waits for it is dated back by as much, and no further than an operation takes.
        "SELECT extract(epoch FROM clock_timestamp())::float8,"
        " set_config('statement_timeout', :answer, true),"
        " set_config('idle_in_transaction_session_timeout', '2000', true),"
        " set_config('synchronous_commit',"
        "  CASE WHEN :durable THEN current_setting('synchronous_commit') ELSE 'off' END, true)"
    )
)
_LOCK = Statement(
    lambda _: select(sites.c.site).where(sites.c.site == bindparam("of_site")).with_for_update()
)


class Postgres:
    """One process's way to a server."""

    writers = CONNECTIONS
    readers_wait = True
    read_options: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT"}  # one round trip, not three

    def __init__(self, url: URL) -> None:
        self._url = url
        self._watchdog = Watchdog()

    def engine(self) -> Engine:
        engine = create_engine(
            self._url,
            hide_parameters=True,
            logging_name=LOGGING_NAME,
            isolation_level="READ COMMITTED",  # whatever the database's own is: the site's lock does the rest
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=0.1,  # never waits: there are as many writers as connections
            pool_recycle=600,
            connect_args={
                "connect_timeout": 2,
                "prepare_threshold": None,  # or poolers between us and the server get in trouble
                "keepalives_idle": 30,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "checkout", self._checkout)
        return engine

    def batch(self, site: str | None, kind: str | None) -> tuple[str | None, str | None] | None:
        """Those that would wait for one another. Others together could wait for each other in a ring."""
        return None if site is None and kind is None else (site, kind)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Cut the connections used inside once this thread's operation is out of time."""
        self._watchdog.start(until())
        try:
            yield
        finally:
            self._watchdog.stop()

    def prepare_place(self) -> None:
        """Nothing to do: the database is its owner's to make."""

    def lock_schema(self, connection: Connection) -> None:
        """Be the only one who makes tables until the transaction's end."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})

    def begin(self, connection: Connection) -> float:
        """:return: the database's time, in seconds since the epoch."""
        answer = str(max(int(remaining() * 1000) - 100, 1))
        durable = connection.get_execution_options().get("vaani_widget_durable", True)
        return _BEGIN.number(connection, {"answer": answer, "durable": durable})

    def lock_site(self, connection: Connection, site: str) -> None:
        """Wait for this site's other reservations. What is read after this is what they have left."""
        if _LOCK.row(connection, {"of_site": site}) is None:
            insert_new(connection, sites, {"site": site})
            _LOCK.row(connection, {"of_site": site})

    def check_writable(self, connection: Connection) -> None:
        """:raises OSError: this server only reads, as a standby does."""
        if connection.scalar(text("SELECT current_setting('transaction_read_only')")) == "on":
            raise OSError("the server only takes reads")

    def _connect(
        self, dialect: Dialect, _record: object, args: tuple[Any, ...], parameters: dict[str, Any]
    ) -> DBAPIConnection:
        """Connect within this thread's time, whatever name resolution, network and server do."""
        made: SimpleQueue[DBAPIConnection | Exception] = SimpleQueue()
        handover = threading.Lock()
        left = threading.Event()

        def connect() -> None:
            try:
                connection = dialect.connect(*args, **parameters)
            except Exception as error:  # handed to the thread that waits
                made.put(error)
                return
            with handover:
                if not left.is_set():
                    made.put(connection)
                    return
            connection.close()

        _started(connect, "connect")
        try:
            result = made.get(timeout=remaining())
        except Empty:
            with handover:
                left.set()
            if made.empty():
                raise TimeoutError("the database server did not take the connection in time") from None
            result = made.get()
        if isinstance(result, Exception):
            raise result
        self._watchdog.add(result.fileno())
        return result

    def _checkout(self, raw: DBAPIConnection, _record: object, _proxy: object) -> None:
        """Take a kept connection up again only if the server has not hung up on it meanwhile."""
        # Nothing was asked, so anything to read is the server's goodbye or the end of the stream.
        if _readable(raw.fileno()):
            raise DisconnectionError("the server closed the connection while it was idle")
        self._watchdog.add(raw.fileno())


class Watchdog:
    """Shuts the sockets of operations that have outlived their time.

    Its thread runs only while there are operations, and looks after them by the clock instead of being
    woken by each one, which would cost every call a switch between threads.
    """

    tick = 0.04
    """Seconds between looks: how late a cut may come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._operations: dict[int, tuple[float, list[socket.socket]]] = {}

    def start(self, deadline: float) -> None:
        """This thread's operation begins.

        :raises OSError: there is no thread to end it.
        """
        with self._lock:
            if self._thread is None:
                self._thread = _started(self._watch, "watchdog")
            self._operations[threading.get_ident()] = (deadline, [])

    def add(self, fileno: int) -> None:
        """This thread's operation uses this socket."""
        # A copy: the number itself may belong to something else by the time of the cut.
        copy = socket.fromfd(fileno, socket.AF_INET, socket.SOCK_STREAM)
        with self._lock:
            operation = self._operations.get(threading.get_ident())
            if operation is not None:
                operation[1].append(copy)
                return
        copy.close()

    def stop(self) -> None:
        """This thread's operation is over."""
        with self._lock:
            _deadline, sockets = self._operations.pop(threading.get_ident(), (0.0, []))
            for copy in sockets:
                copy.close()

    def _watch(self) -> None:
        idle = 0
        while True:
            time.sleep(self.tick)
            with self._lock:
                now = time.monotonic()
                for deadline, sockets in self._operations.values():
                    if deadline <= now:
                        for copy in sockets:
                            _shut(copy)
                idle = 0 if self._operations else idle + 1
                if idle * self.tick > 5:
                    self._thread = None
                    return


def _started(target: Callable[[], None], name: str) -> threading.Thread:
    """:raises OSError: the machine has no thread left."""
    thread = threading.Thread(target=target, name=f"vaani-widget-{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError(str(error)) from None
    return thread


def _readable(fileno: int) -> bool:
    if not hasattr(sockets, "poll"):  # Windows
        return bool(sockets.select([fileno], [], [], 0)[0])
    poll = sockets.poll()
    poll.register(fileno, sockets.POLLIN)
    return bool(poll.poll(0))


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # closed already
        connection.shutdown(socket.SHUT_RDWR)
