"""Who may use the database, in which order, and who while the process forks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from vaani_widget import ledger_gate
from vaani_widget.ledger_deadline import operation
from vaani_widget.ledger_gate import Gate


def wait_for(condition: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen")


def enter(gate: Gate, name: str, order: list[str], *, write: bool, stay: threading.Event) -> threading.Thread:
    def run() -> None:
        with gate.inside(write=write):
            order.append(name)
            stay.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.usefixtures("patience")
def test_writers_come_in_turn() -> None:
    gate, order, stay = Gate(1), list[str](), threading.Event()
    threads = []
    for number in range(5):
        threads.append(enter(gate, str(number), order, write=True, stay=stay))
        wait_for(lambda number=number: order == ["0"] and len(gate._waiting) == number)
    stay.set()
    for thread in threads:
        thread.join(10)
    assert order == ["0", "1", "2", "3", "4"]


@pytest.mark.usefixtures("patience")
def test_who_leaves_and_comes_back_is_last() -> None:
    """Else a busy thread takes the place again before another has even woken up."""
    gate, order, stay = Gate(1), list[str](), threading.Event()
    with gate.inside(write=True):
        other = enter(gate, "other", order, write=True, stay=stay)
        wait_for(lambda: gate._waiting)
        stay.set()
    with gate.inside(write=True):
        assert order == ["other"]
    other.join(10)


@pytest.mark.usefixtures("patience")
def test_readers_do_not_wait_for_a_writer() -> None:
    gate = Gate(1)
    with gate.inside(write=True), gate.inside(write=False), gate.inside(write=False):
        pass


def test_no_place_in_time() -> None:
    gate, order, stay = Gate(1), list[str](), threading.Event()
    holder = enter(gate, "holder", order, write=True, stay=stay)
    wait_for(lambda: order)
    with pytest.raises(TimeoutError), operation(), gate.inside(write=True):
        pass
    stay.set()
    holder.join(10)
    # Who gave up has left no trace.
    with gate.inside(write=True):
        assert gate._inside == 1


@pytest.mark.usefixtures("patience")
def test_nobody_is_inside_while_the_process_forks() -> None:
    gate, order, stay = Gate(1), list[str](), threading.Event()
    holder = enter(gate, "holder", order, write=False, stay=stay)
    wait_for(lambda: order)
    shut = threading.Event()

    def fork() -> None:
        gate.shut()
        shut.set()

    forking = threading.Thread(target=fork)
    forking.start()
    wait_for(lambda: gate._shut)
    late = enter(gate, "late", order, write=False, stay=stay)
    wait_for(lambda: gate._waiting)
    assert not shut.is_set()
    stay.set()
    assert shut.wait(10)
    assert order == ["holder"]
    gate.open()
    for thread in (holder, forking, late):
        thread.join(10)
    assert order == ["holder", "late"]


@pytest.mark.parametrize("given", [False, True], ids=["still waiting", "let in meanwhile"])
def test_who_is_thrown_out_while_waiting_keeps_no_place(given: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker does with a thread that it ends, or gevent with a time-out."""
    gate, order, stay = Gate(1), list[str](), threading.Event()

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        if given:
            stay.set()
            holder.join(10)
        raise SystemExit

    holder = enter(gate, "first", order, write=True, stay=stay)
    wait_for(lambda: order)
    with monkeypatch.context() as patched:
        patched.setattr(ledger_gate._Turn, "wait", wait)
        with pytest.raises(SystemExit), gate.inside(write=True):
            raise AssertionError("nobody waited for it")
    stay.set()
    holder.join(10)
    with operation(), gate.inside(write=True):
        order.append("next")
    gate.shut()
    assert order == ["first", "next"]
    assert not gate._inside
