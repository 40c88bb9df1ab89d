"""Whatever the database does: StoreUnavailable within a second, nothing spent, and well again by itself."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import event

from tests.parts.lateness import Lateness
from tests.parts.postgres import PostgresServer
from tests.parts.reservations import reservation
from tests.store.spending import in_threads
from vaani_widget import ledger_deadline, ledger_postgres
from vaani_widget.errors import StoreUnavailable, TokenSpent
from vaani_widget.ledger import Ledger, Reservation
from vaani_widget.ledger_schema import metadata

T = TypeVar("T")

SECOND = 1.0
FEEDBACK = "what the visitor said"


def call(number: object) -> Reservation:
    return reservation(f"call-{number}", f"token-canary-{number}", "acme", 660)


def unavailable(use: Callable[[], object]) -> StoreUnavailable:
    """The refusal, with its time and its silence checked."""
    began = time.monotonic()
    with Lateness() as machine, pytest.raises(StoreUnavailable) as caught:
        use()
    assert time.monotonic() - began - machine.seconds < SECOND
    assert caught.value.spent == "no"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    shown = "".join(
        traceback.TracebackException(
            caught.type, caught.value, caught.tb.tb_next, capture_locals=True
        ).format()
    )
    assert "canary" not in shown
    return caught.value


def well_again(use: Callable[[], T]) -> T:
    """What it comes to, once it works: nothing has to be done for that but to try again."""
    until = time.monotonic() + 30
    while True:
        try:
            return use()
        except StoreUnavailable:  # a machine that is busy with other things takes its time
            if time.monotonic() > until:
                raise


def uses(ledger: Ledger) -> list[Callable[[], object]]:
    return [
        lambda: ledger.reserve(call("x")),
        lambda: ledger.commit("call-1", "room"),
        lambda: ledger.release("call-1"),
        lambda: ledger.leave_unknown("call-1"),
        lambda: ledger.progress("call-1", "feedback", text=FEEDBACK),
        ledger.own_secret,
        ledger.check,
    ]


@pytest.fixture(autouse=True)
def nothing_secret_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy"):
        yield
    assert "canary" not in caplog.text
    assert FEEDBACK not in caplog.text


@pytest.fixture
def sqlite_ledger(sqlite_url: str) -> Iterator[Ledger]:
    ledger = Ledger(sqlite_url)
    well_again(lambda: ledger.reserve(call(1)))
    yield ledger
    ledger.dispose()


def test_sqlite_locked_by_another_process(sqlite_ledger: Ledger, sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for use in uses(sqlite_ledger):
            unavailable(use)
        assert sqlite_ledger.token_spent("token-canary-1")
        # The first use of a process has more to wait for, and no more time.
        late = Ledger(sqlite_url)
        unavailable(lambda: late.reserve(call(2)))
        other.execute("ROLLBACK")
        well_again(lambda: late.reserve(call(2)))
        late.dispose()
    well_again(lambda: sqlite_ledger.reserve(call(3)))


def test_sqlite_locked_and_many_threads(sqlite_ledger: Ledger, sqlite_url: str) -> None:
    """Those who wait behind one another have one second in all, not one each."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def use(number: int) -> float:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                sqlite_ledger.reserve(call(number))
            return time.monotonic() - began

        times = in_threads(20, use)
        other.execute("ROLLBACK")
    assert all(isinstance(took, float) and took < SECOND for took in times)
    well_again(lambda: sqlite_ledger.reserve(call(2)))


def test_sqlite_waits_for_a_short_lock(sqlite_ledger: Ledger, sqlite_url: str) -> None:
    other = sqlite3.connect(
        sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, lambda: other.execute("ROLLBACK"))
    timer.start()
    well_again(lambda: sqlite_ledger.reserve(call(2)))
    timer.join()
    other.close()


def test_sqlite_read_only(sqlite_ledger: Ledger) -> None:
    def read_only(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute("PRAGMA query_only = ON").close()

    event.listen(sqlite_ledger.engine, "connect", read_only)
    sqlite_ledger.dispose()
    unavailable(lambda: sqlite_ledger.reserve(call(2)))
    event.remove(sqlite_ledger.engine, "connect", read_only)
    sqlite_ledger.dispose()
    well_again(lambda: sqlite_ledger.reserve(call(2)))


def test_sqlite_disk_full(sqlite_url: str) -> None:
    """In a process of its own that may not write beyond so many bytes: the disk's answer, without a disk."""
    script = f"""
        import resource, time
        from vaani_widget.errors import StoreUnavailable, TokenSpent
        from tests.parts.reservations import reservation
        from vaani_widget.ledger import Ledger

        ledger = Ledger({sqlite_url!r})
        ledger.reserve(reservation("call-0", "token-0", "acme", 660))
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        kept = 1
        while True:
            began = time.monotonic()
            try:
                ledger.reserve(reservation(f"call-{{kept}}", f"token-{{kept}}", "acme", 660))
                kept += 1
            except StoreUnavailable:
                assert time.monotonic() - began < {SECOND}
                break
        for _ in range(20):
            try:
                ledger.reserve(reservation(f"call-{{kept}}", f"token-{{kept}}", "acme", 660))
            except StoreUnavailable:
                pass
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for number in range(kept):
            assert ledger.token_spent(f"token-{{number}}")
        ledger.reserve(reservation(f"call-{{kept}}", f"token-{{kept}}", "acme", 660))
        assert kept > 1
        ledger.dispose()
        print("well again")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "well again\n", done.stderr
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_sqlite_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ledger = Ledger(f"sqlite:///{tmp_path}/file/ledger.sqlite3")
    for use in uses(ledger):
        unavailable(use)
    (tmp_path / "file").unlink()
    well_again(lambda: ledger.reserve(call(1)))
    ledger.dispose()


@pytest.mark.parametrize("content", [b"not a database" * 1000, None])
def test_sqlite_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.mkdir() if content is None else path.write_bytes(content)
    ledger = Ledger(f"sqlite:///{path}")
    for use in uses(ledger):
        unavailable(use)
    ledger.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of these tests' own, since they stop it."""
    with PostgresServer() as made:
        yield made


@pytest.fixture
def ledger(server: PostgresServer) -> Iterator[Ledger]:
    made = Ledger(server.url.replace("postgres@", "postgres:password-canary@"))
    well_again(made.check)
    yield made
    made.dispose()


@pytest.fixture
def number() -> Callable[[], str]:
    return lambda: f"{time.monotonic_ns()}"


def test_postgres_stopped(server: PostgresServer, ledger: Ledger, number: Callable[[], str]) -> None:
    well_again(lambda: ledger.reserve(call(number())))
    server.stop()
    try:
        for use in uses(ledger):
            unavailable(use)
        unavailable(lambda: Ledger(server.url).reserve(call(number())))
    finally:
        server.start()
    well_again(lambda: ledger.reserve(call(number())))


def test_postgres_restarted_while_idle_is_not_noticed(
    server: PostgresServer, ledger: Ledger, number: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_deadline, "OPERATION_SECONDS", 30.0)
    results = in_threads(5, lambda index: ledger.reserve(call(f"{number()}-{index}")))
    assert not [result for result in results if isinstance(result, Exception)]
    server.stop()
    server.start()
    results = in_threads(5, lambda index: ledger.reserve(call(f"{number()}-{index}")))
    assert not [result for result in results if isinstance(result, Exception)]


def test_postgres_frozen(server: PostgresServer, ledger: Ledger, number: Callable[[], str]) -> None:
    """A server that hangs, connections and all: no timeout of its own can help."""
    token = call(number())
    server.freeze()
    try:
        for use in [*uses(ledger), lambda: ledger.token_spent("x")]:
            unavailable(use)
        unavailable(lambda: ledger.reserve(token))
        late = Ledger(server.url)
        unavailable(lambda: late.reserve(token))
    finally:
        server.thaw()
    well_again(lambda: ledger.reserve(token))
    with pytest.raises(TokenSpent):
        well_again(lambda: late.reserve(token))
    late.dispose()


def test_postgres_frozen_and_many_threads(
    server: PostgresServer, ledger: Ledger, number: Callable[[], str]
) -> None:
    def use(index: int) -> float:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            ledger.reserve(call(f"{number()}-{index}"))
        return time.monotonic() - began

    in_threads(5, lambda index: well_again(lambda: ledger.reserve(call(f"{number()}-{index}"))))
    server.freeze()
    try:
        with Lateness() as machine:
            times = in_threads(20, use)
    finally:
        server.thaw()
    assert all(isinstance(took, float) and took - machine.seconds < SECOND for took in times), times
    well_again(lambda: ledger.reserve(call(number())))


def test_postgres_table_locked_by_another(
    server: PostgresServer, ledger: Ledger, number: Callable[[], str]
) -> None:
    with (
        psycopg.connect(server.url) as other,
        psycopg.connect(server.url, autocommit=True) as third,
    ):
        other.execute("LOCK TABLE vaani_widget_calls IN ACCESS EXCLUSIVE MODE")
        for use in uses(ledger)[:4]:
            unavailable(use)
        # The server gave up its part by itself: nobody is left waiting there, holding a place.
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert third.execute(waiting).fetchone() == (0,)
        unavailable(lambda: ledger.token_spent("x"))
        other.rollback()
    well_again(lambda: ledger.reserve(call(number())))


def test_postgres_read_only(server: PostgresServer, ledger: Ledger, number: Callable[[], str]) -> None:
    """As after a failover to a standby."""
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        ledger.dispose()
        unavailable(lambda: ledger.reserve(call(number())))
        unavailable(ledger.check)
        other.execute("SET default_transaction_read_only = off")
        other.execute("ALTER DATABASE postgres RESET default_transaction_read_only")
    ledger.dispose()
    well_again(lambda: ledger.reserve(call(number())))


def test_postgres_out_of_connections(
    server: PostgresServer, ledger: Ledger, number: Callable[[], str]
) -> None:
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("ALTER DATABASE postgres CONNECTION LIMIT 0")
        other.execute("CREATE ROLE plain LOGIN")
        try:
            unavailable(Ledger(server.url.replace("postgres@", "plain@")).check)
        finally:
            other.execute("ALTER DATABASE postgres CONNECTION LIMIT -1")
            other.execute("DROP ROLE plain")


def test_postgres_whose_name_is_not_resolved_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or anything else that holds up the driver's connecting, where no socket is there to be shut yet."""
    ledger = Ledger("postgresql://user:password-canary@127.0.0.1:1/name")
    release = threading.Event()

    def never(*_arguments: object, **_parameters: object) -> None:
        release.wait(30)
        raise OSError

    monkeypatch.setattr(ledger.engine.dialect, "connect", never)
    unavailable(ledger.check)
    release.set()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_postgres_without_a_thread_left(server: PostgresServer, number: Callable[[], str]) -> None:
    """What ends an operation in time has a thread of its own. Without one, nothing is begun; with one, it
    works again, and what hangs is cut as ever."""

    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    ledger = Ledger(server.url)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            ledger_postgres, "threading", SimpleNamespace(**vars(threading) | {"Thread": NoThread})
        )
        unavailable(lambda: ledger.reserve(call(number())))
    try:
        well_again(lambda: ledger.reserve(call(number())))
        server.freeze()
        unavailable(lambda: ledger.reserve(call(number())))
    finally:
        server.thaw()
        ledger.dispose()


def test_no_descriptor_is_left_behind(server: PostgresServer, number: Callable[[], str]) -> None:
    ledger = Ledger(server.url)
    well_again(ledger.check)
    ledger.dispose()
    before = open_descriptors()
    well_again(lambda: ledger.reserve(call(number())))
    server.freeze()
    try:
        for _ in range(3):
            unavailable(ledger.check)
    finally:
        server.thaw()
    well_again(lambda: ledger.reserve(call(number())))
    ledger.dispose()
    until = time.monotonic() + 5
    while open_descriptors() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert open_descriptors() <= before


@pytest.mark.parametrize("engine", ["sqlite_url", "postgres_url"])
def test_tables_that_are_gone_come_back(request: pytest.FixtureRequest, engine: str) -> None:
    """A database that was restored empty under a running server."""
    ledger = Ledger(request.getfixturevalue(engine))
    well_again(lambda: ledger.reserve(call(1)))
    with ledger.engine.begin() as connection:
        metadata.drop_all(connection)
    unavailable(lambda: ledger.reserve(call(2)))
    well_again(lambda: ledger.reserve(call(2)))
    ledger.dispose()
