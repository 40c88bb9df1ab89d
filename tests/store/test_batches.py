"""Writes that share a transaction: together on the disk, and each with an answer of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event

from tests.parts.reservations import reservation
from vaani_widget import ledger_batches
from vaani_widget.errors import BudgetSpent, StoreUnavailable, TokenSpent
from vaani_widget.ledger import Ledger
from vaani_widget.ledger_batches import MOST, SPARE, Batches, Write

from .test_gate import wait_for

pytestmark = pytest.mark.usefixtures("patience")

NOW = 5.0


class Book:
    """Stands for a database: what was committed, transaction by transaction."""

    def __init__(self) -> None:
        self.pages: list[list[str]] = []
        self.durable: list[bool] = []
        self.torn = 0

    @contextmanager
    def transaction(self, durable: bool) -> Iterator[tuple[Connection, float]]:
        page: list[str] = []
        yield cast(Connection, page), NOW
        if self.torn:
            self.torn -= 1
            raise OSError("the disk is full")
        self.pages.append(page)
        self.durable.append(durable)

    def write(self, name: str, *, durable: bool = True, refused: bool = False) -> Write[str]:
        def work(connection: Connection, _now: float) -> str:
            if refused:
                raise BudgetSpent(name)
            cast("list[str]", connection).append(name)
            return f"wrote {name}"

        return Write(work, durable=durable)


class Desk:
    """Threads that write, the first of them for as long as the test likes."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.book, self.batches, self.go_on = Book(), Batches(), threading.Event()
        self.pool = pool
        self.asked: list[Future[str]] = []

    def hold(self, *, durable: bool = True) -> None:
        held = threading.Event()

        def work(_connection: Connection, _now: float) -> str:
            held.set()
            self.go_on.wait(30)
            return "held"

        self.ask(Write(work, durable=durable), waits=False)
        held.wait(30)

    def ask(self, write: Write[str], *, waits: bool = True) -> None:
        before = self.waiting
        self.asked.append(self.pool.submit(self.batches.run, "key", write, self.book.transaction))
        if waits:
            wait_for(lambda: self.waiting == before + 1)

    @property
    def waiting(self) -> int:
        return sum(map(len, self.batches._queues.values()))

    def answers(self) -> list[str]:
        self.go_on.set()
        return [
            type(asked.exception(30)).__name__ if asked.exception(30) else asked.result()
            for asked in self.asked
        ]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ThreadPoolExecutor(MOST + 10) as pool:
        made = Desk(pool)
        yield made
        made.go_on.set()


def test_who_comes_meanwhile_is_in_the_same_transaction(desk: Desk) -> None:
    desk.hold()
    for name in "abc":
        desk.ask(desk.book.write(name))
    assert desk.answers() == ["held", "wrote a", "wrote b", "wrote c"]
    assert desk.book.pages == [["a", "b", "c"]]
    assert not desk.batches._queues


def test_a_refusal_is_one_ones_own(desk: Desk) -> None:
    desk.hold()
    for name in "abc":
        desk.ask(desk.book.write(name, refused=name == "b"))
    assert desk.answers() == ["held", "wrote a", "BudgetSpent", "wrote c"]
    assert desk.book.pages == [["a", "c"]]


def test_nobody_is_told_of_what_was_not_committed(desk: Desk) -> None:
    """Not even a refusal holds then: it may be due to another write that has not happened either."""
    desk.book.torn = 1
    desk.hold()
    for name in "abc":
        desk.ask(desk.book.write(name, refused=name == "b"))
    assert desk.answers() == ["OSError"] * 4
    assert desk.book.pages == []
    assert desk.batches.run("key", desk.book.write("later"), desk.book.transaction) == "wrote later"


def test_what_must_last_is_not_written_with_what_need_not(desk: Desk) -> None:
    desk.hold(durable=False)
    desk.ask(desk.book.write("a", durable=False))
    desk.ask(desk.book.write("b"))
    desk.ask(desk.book.write("c", durable=False))
    assert desk.answers() == ["held", "wrote a", "wrote b", "wrote c"]
    assert desk.book.pages == [["a"], ["b", "c"]]
    assert desk.book.durable == [False, True]


def test_one_transaction_does_not_go_on_for_ever(desk: Desk) -> None:
    desk.hold()
    names = [str(number) for number in range(MOST + 5)]
    for name in names:
        desk.ask(desk.book.write(name))
    assert desk.answers() == ["held", *(f"wrote {name}" for name in names)]
    assert [len(page) for page in desk.book.pages] == [MOST - 1, 6]


def test_who_has_little_time_left_takes_nobody_along(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hold()
    desk.ask(desk.book.write("a"))
    desk.ask(desk.book.write("b"))
    monkeypatch.setattr("vaani_widget.ledger_batches.remaining", lambda: SPARE / 2)
    assert desk.answers() == ["held", "wrote a", "wrote b"]
    assert desk.book.pages == [[], ["a"], ["b"]]


def test_the_end_of_the_thread_that_leads_is_not_that_of_the_others(desk: Desk) -> None:
    def leave(_connection: Connection, _now: float) -> str:
        desk.go_on.wait(30)
        raise SystemExit

    desk.ask(Write(leave, durable=True), waits=False)
    wait_for(lambda: desk.batches._queues)
    desk.ask(desk.book.write("a"))
    assert desk.answers() == ["SystemExit", "wrote a"]


def test_who_has_no_more_time_leaves_the_queue(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hold()
    monkeypatch.setattr("vaani_widget.ledger_deadline.OPERATION_SECONDS", 0.05)
    with pytest.raises(TimeoutError, match="busy with other requests"):
        desk.batches.run("key", desk.book.write("a"), desk.book.transaction)
    assert desk.answers() == ["held"]
    assert desk.book.pages == [[]]


def many_at_once(ledger: Ledger, uses: list[Callable[[], Any]]) -> tuple[list[object], int]:
    """What came of uses that all began while another process was writing; and how many commits they took."""
    commits: list[object] = []
    ledger.check()
    event.listen(ledger.engine, "commit", commits.append)
    batches = ledger._store._here().batches

    def attempt(use: Callable[[], Any]) -> object:
        try:
            return use()
        except (TokenSpent, BudgetSpent, StoreUnavailable) as refusal:
            return type(refusal)

    with ThreadPoolExecutor(len(uses)) as pool:
        with ledger.engine.connect() as other, other.begin():
            asked = [pool.submit(attempt, use) for use in uses]
            wait_for(lambda: sum(map(len, batches._queues.values())) == len(uses) - 1)
            commits.clear()
        found = [one.result(30) for one in asked]
    return found, len(commits) - 1  # the other's


def test_reservations_that_wait_cost_one_commit(sqlite_url: str) -> None:
    ledger = Ledger(sqlite_url)
    found, commits = many_at_once(
        ledger, [lambda n=n: ledger.reserve(reservation(f"{n}", f"{n}")) for n in range(20)]
    )
    assert not any(isinstance(one, type) for one in found)
    assert commits == 1
    ledger.dispose()


def test_one_token_is_spent_once_within_a_transaction(sqlite_url: str) -> None:
    ledger = Ledger(sqlite_url)
    uses = [lambda n=n: ledger.reserve(reservation(f"{n}", "same")) for n in range(20)]
    found, commits = many_at_once(ledger, uses)
    assert found.count(TokenSpent) == 19
    assert commits == 1
    ledger.dispose()


@pytest.mark.parametrize("state", ["waiting", "leading"])
def test_who_is_thrown_out_is_not_waited_for(desk: Desk, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker does with a thread that it ends, or gevent with a time-out."""
    seen: list[str] = []

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if state == "leading":
                super().wait(timeout)
            seen.append(thrown.state)
            raise SystemExit

    monkeypatch.setattr(ledger_batches, "MOST", 1)
    thrown = desk.book.write("thrown out")
    desk.hold()
    monkeypatch.setattr(ledger_batches, "threading", SimpleNamespace(Event=Event))
    desk.ask(thrown, waits=state == "leading")
    if state == "waiting":
        assert isinstance(desk.asked[-1].exception(30), SystemExit)
    monkeypatch.setattr(ledger_batches, "threading", threading)
    desk.ask(desk.book.write("a"))
    desk.go_on.set()
    assert [type(asked.exception(30)) for asked in desk.asked] == [type(None), SystemExit, type(None)]
    assert seen == [state]
    assert desk.book.pages == [[], ["a"]]
    wait_for(lambda: not desk.batches._queues)
