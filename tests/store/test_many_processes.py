"""The ledger under many processes at once, and across a fork."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.parts.reservations import reservation
from tests.store.spending import TOGETHER, in_processes, only_secret, spend_budget
from vaani_widget.errors import TokenSpent
from vaani_widget.ledger import Ledger


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
    ledger.reserve(reservation("parent", "token-1", "acme", 660))
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(20)
            try:
                ledger.reserve(reservation("child", "token-1", "acme", 660))
            except TokenSpent:
                ledger.reserve(reservation("child", "token-2", "acme", 660))
                ledger.dispose()
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    with pytest.raises(TokenSpent):
        ledger.reserve(reservation("parent-2", "token-2", "acme", 660))
    ledger.reserve(reservation("parent-3", "token-3", "acme", 660))
    ledger.dispose()


@pytest.mark.usefixtures("patience")
def test_no_connection_crosses_a_fork(url: str) -> None:
    """SQLite's locks don't survive it: a child that inherits a connection can lose what it writes."""
    ledger = Ledger(url)
    before = open_files()
    ledger.reserve(reservation("parent", "token-1", "acme", 660))
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
