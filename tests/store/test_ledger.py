"""What the ledger promises, on both databases."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text

from tests.parts.reservations import reservation
from tests.store.spending import in_threads
from vaani_widget.errors import CallNotFound, SettingError, StoreUnavailable, TokenSpent
from vaani_widget.ledger import Ledger, Reserved
from vaani_widget.ledger_schema import OtherVersion, calls, metadata
from vaani_widget.ledger_store import Store

pytestmark = pytest.mark.usefixtures("patience")

CALL = reservation("call-1", "token-1", "acme", lease_seconds=660)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    made = Ledger(url)
    yield made
    made.dispose()


def row(ledger: Ledger, call_id: str = "call-1") -> dict[str, object]:
    with ledger.engine.connect() as connection:
        return dict(connection.execute(select(calls).where(calls.c.call_id == call_id)).one()._mapping)


def test_reserves_once(ledger: Ledger) -> None:
    assert not ledger.token_spent("token-1")
    ledger.reserve(CALL)
    assert ledger.token_spent("token-1")
    with pytest.raises(TokenSpent):
        ledger.reserve(reservation("call-2", "token-1", "acme", 660))
    with pytest.raises(TokenSpent):
        ledger.reserve(CALL)
    assert row(ledger)["outcome"] == "reserved"
    with ledger.engine.connect() as connection:
        assert len(connection.execute(select(calls)).all()) == 1


def test_of_many_threads_one_wins(ledger: Ledger) -> None:
    results = in_threads(
        30, lambda index: ledger.reserve(reservation(f"call-{index}", "token-1", "acme", 660))
    )
    assert sum(isinstance(result, TokenSpent) for result in results) == 29
    assert sum(isinstance(result, Reserved) for result in results) == 1


@pytest.mark.parametrize("outcome", ["committed", "released", "unknown"])
def test_settles_once_and_keeps_the_token_spent(ledger: Ledger, outcome: str) -> None:
    settle = {
        "committed": lambda: ledger.commit("call-1", "room"),
        "released": lambda: ledger.release("call-1"),
        "unknown": lambda: ledger.leave_unknown("call-1"),
    }
    ledger.reserve(CALL)
    settle[outcome]()
    assert row(ledger)["outcome"] == outcome
    assert row(ledger)["room_name"] == ("room" if outcome == "committed" else None)
    for again in settle.values():
        again()
    assert row(ledger)["outcome"] == outcome
    assert row(ledger)["room_name"] == ("room" if outcome == "committed" else None)
    with pytest.raises(TokenSpent):
        ledger.reserve(reservation("call-2", "token-1", "acme", 660))


def test_settling_what_is_not_there_does_nothing(ledger: Ledger) -> None:
    ledger.release("nobody")
    ledger.reserve(CALL)
    ledger.release("nobody")
    assert row(ledger)["outcome"] == "reserved"


def test_first_connected_and_ended_stay(ledger: Ledger) -> None:
    ledger.reserve(CALL)
    ledger.progress("call-1", "connected")
    connected = row(ledger)["connected_at"]
    ledger.progress("call-1", "ended", reason="visitor")
    ended = row(ledger)["ended_at"]
    assert isinstance(connected, float)
    assert isinstance(ended, float)
    assert connected <= ended
    ledger.progress("call-1", "connected")
    ledger.progress("call-1", "ended", reason="network")
    assert (row(ledger)["connected_at"], row(ledger)["ended_at"]) == (connected, ended)
    assert row(ledger)["end_reason"] == "visitor"


def test_an_end_without_reason_is_an_end(ledger: Ledger) -> None:
    ledger.reserve(CALL)
    ledger.progress("call-1", "ended")
    ledger.progress("call-1", "ended", reason="network")
    assert row(ledger)["end_reason"] is None


def test_last_feedback_stays(ledger: Ledger) -> None:
    ledger.reserve(CALL)
    ledger.progress("call-1", "feedback", rating=2, text="bad")
    ledger.progress("call-1", "feedback", rating=5, text="நன்று 🙂")
    assert (row(ledger)["rating"], row(ledger)["feedback"]) == (5, "நன்று 🙂")
    ledger.progress("call-1", "feedback", text="NUL \x00 and half \ud83d a character")
    assert (row(ledger)["rating"], row(ledger)["feedback"]) == (None, "NUL  and half ? a character")
    assert row(ledger)["ended_at"] is None


def test_progress_of_no_call(ledger: Ledger) -> None:
    for event in ("connected", "ended", "feedback"):
        with pytest.raises(CallNotFound):
            ledger.progress("nobody", event)  # type: ignore[arg-type]


def test_secret_is_one_for_all_and_stays(url: str) -> None:
    first, second = Ledger(url), Ledger(url)
    found = in_threads(16, lambda index: (first if index % 2 else second).own_secret())
    assert len(set(found)) == 1
    first.dispose()
    second.dispose()
    again = Ledger(url)
    secret = again.own_secret()
    again.dispose()
    assert {secret} == set(found)
    assert len(secret) == 32


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    before = threading.active_count()
    ledger = Ledger(f"sqlite:///{tmp_path}/instance/ledger.sqlite3")
    assert not list(tmp_path.iterdir())
    ledger.dispose()
    Ledger("postgresql://nobody:nothing@127.0.0.1:1/none").dispose()
    assert threading.active_count() == before
    ledger.check()
    ledger.dispose()
    # It may hold a key.
    assert (tmp_path / "instance" / "ledger.sqlite3").stat().st_mode & 0o077 == 0


def test_lives_beside_a_hosts_tables(url: str) -> None:
    """The host's own table of the same plain name, and a row in it, are left alone."""
    ledger = Ledger(url)
    ledger.check()
    with ledger.engine.begin() as connection:
        connection.execute(text("CREATE TABLE calls (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO calls VALUES (7)"))
    ledger.reserve(CALL)
    names = set(inspect(ledger.engine).get_table_names())
    ours = {"vaani_widget_calls", "vaani_widget_days", "vaani_widget_meta", "vaani_widget_sites"}
    assert names == {"calls"} | ours
    assert all(name.startswith("vaani_widget_") for name in metadata.tables)
    with ledger.engine.connect() as connection:
        assert connection.scalar(text("SELECT id FROM calls")) == 7
    ledger.dispose()


def test_another_versions_tables_are_named(url: str) -> None:
    old = Ledger(url)
    old.check()
    with old.engine.begin() as connection:
        connection.execute(text("UPDATE vaani_widget_meta SET value = '99' WHERE name = 'schema_version'"))
    with pytest.raises(OtherVersion) as caught:
        old.check()
    assert "schema_version 99" in caught.value.reason
    assert "VAANI_WIDGET_DATABASE_URL" in caught.value.remedy
    assert caught.value.detail == StoreUnavailable.title
    old.dispose()
    new = Ledger(url)
    for use in (lambda: new.reserve(CALL), lambda: new.token_spent("x"), new.own_secret, new.check):
        with pytest.raises(OtherVersion):
            use()
    new.dispose()


def test_sqlites_clock_is_the_process_clock(sqlite_url: str) -> None:
    ledger = Ledger(sqlite_url, clock=lambda: 1_000_000_000.25)
    reserved = ledger.reserve(CALL)
    assert (reserved.day, reserved.reserved_at, reserved.lease_until) == (
        date(2001, 9, 9), 1_000_000_000.25, 1_000_000_660.25
    )  # fmt: skip
    assert row(ledger)["day"] == date(2001, 9, 9)
    assert row(ledger)["lease_until"] == 1_000_000_660.25
    ledger.dispose()


@pytest.mark.parametrize(("second", "day"), [(86_399.9, date(1970, 1, 1)), (86_400.0, date(1970, 1, 2))])
def test_a_day_is_a_day_in_utc(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, second: float, day: date
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    ledger = Ledger(sqlite_url, clock=lambda: second)
    assert ledger.reserve(CALL).day == day
    ledger.dispose()


def test_postgres_clock_is_the_servers(postgres_url: str) -> None:
    ledger = Ledger(postgres_url, clock=lambda: 1_000_000_000.0)
    reserved = ledger.reserve(CALL)
    with ledger.engine.connect() as connection:
        now = connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())::float8"))
        day = connection.scalar(text("SELECT (now() AT TIME ZONE 'utc')::date"))
    assert isinstance(now, float)
    assert 0 <= now - reserved.reserved_at < 60
    assert reserved.lease_until == reserved.reserved_at + 660
    assert reserved.day == day
    ledger.dispose()


def test_rows_and_parameters_are_not_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy"):
        ledger = Ledger(url)
        secret = ledger.own_secret()
        ledger.reserve(reservation("call-1", "token-canary", "acme", 660))
        ledger.progress("call-1", "feedback", text="feedback-canary")
        ledger.dispose()
    assert secret.hex() not in caplog.text
    assert "canary" not in caplog.text
    assert "canary" not in repr(reservation("call-1", "token-canary", "acme", 660))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "no file"),
        ("mysql://host/name", "not supported"),
        ("postgresql+psycopg2://host/name", "not supported"),
        ("ledger.sqlite3", "not a database URL"),
        ("postgresql://user:canary@host:port/name", "not a database URL"),
        ("", "not a database URL"),
    ],
)
def test_unusable_url(given: str, says: str) -> None:
    with pytest.raises(SettingError, match=says) as caught:
        Ledger(given)
    assert caught.value.key == "VAANI_WIDGET_DATABASE_URL"
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_spellings_of_postgres(postgres_url: str, scheme: str) -> None:
    ledger = Ledger(postgres_url.replace("postgresql", scheme))
    ledger.check()
    assert ledger.engine.driver == "psycopg"
    ledger.dispose()


def test_missing_driver_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"vaani-widget\[postgres\]") as caught:
        Ledger("postgresql://host/name")
    assert "\n" not in str(caught.value)
    assert caught.value.key == "VAANI_WIDGET_DATABASE_URL"


def test_sqlite_is_set_up_as_it_must_be(sqlite_url: str) -> None:
    ledger = Ledger(sqlite_url)
    ledger.reserve(CALL)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with ledger.engine.begin() as held:
        raw = held.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        assert raw.isolation_level is None
        assert raw.in_transaction
    ledger.dispose()


def test_only_a_reservation_waits_for_the_disk(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut must not give spent tokens back. What is written down afterwards, it may take."""
    ledger = Ledger(url)
    ledger.check()
    seen: list[object] = []
    setting = "PRAGMA synchronous" if url.startswith("sqlite") else "SHOW synchronous_commit"
    write = Store.write

    def spy(store: Store, work: Callable[[Connection, float], object], **options: bool) -> object:
        def watched(connection: Connection, now: float) -> object:
            seen.append(connection.scalar(text(setting)))
            return work(connection, now)

        return write(store, watched, **options)

    monkeypatch.setattr(Store, "write", spy)
    ledger.reserve(CALL)
    ledger.commit("call-1", "room")
    ledger.progress("call-1", "connected")
    ledger.own_secret()
    ledger.reserve(reservation("call-2", "token-2", "acme", 660))
    on, off = (2, 1) if url.startswith("sqlite") else ("on", "off")
    assert seen == [on, off, off, on, on]
    ledger.dispose()


def test_readers_do_not_wait_for_a_writer(sqlite_url: str) -> None:
    ledger = Ledger(sqlite_url)
    ledger.reserve(CALL)
    other: Engine = create_engine(sqlite_url)
    with other.connect() as writer:
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        assert ledger.token_spent("token-1")
        writer.rollback()
    other.dispose()
    ledger.dispose()
