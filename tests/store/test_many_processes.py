"""The ledger under many processes at once, and across a fork."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from tests.store.spending import only_secret, spend, spend_budget
from vaani_widget.errors import TokenSpent
from vaani_widget.ledger import Ledger, Reservation
from vaani_widget.ledger_schema import calls


def in_processes(number: int, work: Callable[..., Any], *arguments: Callable[[int], Any]) -> list[Any]:
    """Run ``work`` in new processes that begin together. Each argument is made from the process's index."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(number, mp_context=context) as pool:
        together = manager.Barrier(number)
        futures = [
            pool.submit(work, *(together if argument is TOGETHER else argument(i) for argument in arguments))
            for i in range(number)
        ]
        return [future.result(300) for future in futures]


def TOGETHER(_index: int) -> None:
    """Stands for the barrier."""


def spent_by_16_processes(url: str) -> Counter[str]:
    results = in_processes(16, spend, lambda _: url, lambda _: 500, lambda index: index, TOGETHER)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(calls))
    engine.dispose()
    assert rows == 500
    result = sum(results, Counter())
    assert result["won"] + result["won unheard"] == 500
    assert result["won"] + result["won unheard"] + result["spent"] == 8000
    return result


def test_16_processes_spend_500_tokens_8000_times_on_sqlite(sqlite_url: str) -> None:
    result = spent_by_16_processes(sqlite_url)
    assert result["won"] == 500


def test_16_processes_spend_500_tokens_8000_times_on_postgres(postgres_url: str) -> None:
    result = spent_by_16_processes(postgres_url)
    # A machine so busy that the server does not confirm a commit in time loses a call, and spends none twice.
    assert result["won unheard"] <= result["unavailable"]


def budget_spent_by_8_processes(url: str, *, listener: bool) -> int:
    """How many of 8 × 40 transactions find room in a budget of 50 by counting first."""
    results = in_processes(
        8,
        spend_budget,
        lambda _: url,
        lambda _: 50,
        lambda _: 40,
        lambda index: index,
        TOGETHER,
        lambda _: listener,
    )
    return sum(results, Counter())["won"]


def test_reading_then_writing_is_one_step_on_sqlite(sqlite_url: str) -> None:
    assert budget_spent_by_8_processes(sqlite_url, listener=True) == 50


def test_without_the_begin_listener_a_budget_is_overspent(sqlite_url: str) -> None:
    """What the test above is worth: the same, with the listener taken away, spends more than there is."""
    assert budget_spent_by_8_processes(sqlite_url, listener=False) > 50


def test_first_use_by_many_processes_at_once(url: str) -> None:
    secrets = in_processes(12, only_secret, lambda _: url, TOGETHER)
    assert len(set(secrets)) == 1


@pytest.mark.usefixtures("patience")
def test_works_on_both_sides_of_a_fork(url: str) -> None:
    ledger = Ledger(url)
    ledger.reserve(Reservation("parent", "token-1", "acme", 660))
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(20)
            try:
                ledger.reserve(Reservation("child", "token-1", "acme", 660))
            except TokenSpent:
                ledger.reserve(Reservation("child", "token-2", "acme", 660))
                ledger.dispose()
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    with pytest.raises(TokenSpent):
        ledger.reserve(Reservation("parent-2", "token-2", "acme", 660))
    ledger.reserve(Reservation("parent-3", "token-3", "acme", 660))
    ledger.dispose()


@pytest.mark.usefixtures("patience")
def test_no_connection_crosses_a_fork(url: str) -> None:
    """SQLite's locks don't survive it: a child that inherits a connection can lose what it writes."""
    ledger = Ledger(url)
    before = open_files()
    ledger.reserve(Reservation("parent", "token-1", "acme", 660))
    assert open_files() - before
    read, write = os.pipe()
    before |= {str(Path(f"/proc/self/fd/{end}").readlink()) for end in (read, write)}
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, "\n".join(open_files() - before).encode() or b"none")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 65536) == b"none"
    os.close(read)
    os.close(write)
    ledger.dispose()


def open_files() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except FileNotFoundError:  # the listing's own
            continue
    return {name for name in found if not name.startswith(("/proc/", "anon_inode:"))}
