"""Who of a process's threads may use the database now."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from .ledger_deadline import OPERATION_SECONDS, remaining


class _Turn(threading.Event):
    def __init__(self, *, write: bool) -> None:
        super().__init__()
        self.write = write


class Gate:
    """Lets so many write at once, any number read, and nobody do either while the process forks.

    First come, first served: whoever leaves hands on the place. With a mere lock, a busy thread takes it
    again before those who wait have woken up, and they wait in vain.
    """

    def __init__(self, writers: int) -> None:
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._free = writers
        self._inside = 0
        self._shut = False
        self._waiting: deque[_Turn] = deque()

    @contextmanager
    def inside(self, *, write: bool) -> Iterator[None]:
        """:raises TimeoutError: no place came free within this thread's operation."""
        with self._lock:
            # A free place means that no writer waits for it: whoever leaves hands it on. Mostly there is one,
            # and an event, made for nothing, would cost more than all of the rest.
            turn = None if self._has_room(write=write) else _Turn(write=write)
            if turn is None:
                self._let_in(write=write)
            else:
                self._waiting.append(turn)
        if turn is not None:
            self._wait(turn)
        try:
            yield
        finally:
            self._leave(write=write)

    def shut(self) -> None:
        """Let nobody in, and wait for those inside, for as long as an operation takes."""
        with self._lock:
            self._shut = True
            self._idle.wait_for(lambda: not self._inside, OPERATION_SECONDS + 0.2)

    def open(self) -> None:
        """Let them in again."""
        with self._lock:
            self._shut = False
            self._admit()

    def _wait(self, turn: _Turn) -> None:
        try:
            turn.wait(remaining())
        except BaseException:  # this thread is thrown out; a place that it was given meanwhile is another's
            if not self._withdrawn(turn):
                self._leave(write=turn.write)
            raise
        if self._withdrawn(turn):
            raise TimeoutError("the ledger is busy with other requests of this process")

    def _withdrawn(self, turn: _Turn) -> bool:
        """Whether it was still waiting, and does not any more."""
        with self._lock:
            if turn.is_set():
                return False
            self._waiting.remove(turn)
            return True

    def _leave(self, *, write: bool) -> None:
        with self._lock:
            self._inside -= 1
            self._free += write
            self._admit()
            if self._shut and not self._inside:
                self._idle.notify_all()

    def _has_room(self, *, write: bool) -> bool:
        return not self._shut and (not write or self._free > 0)

    def _let_in(self, *, write: bool) -> None:
        self._free -= write
        self._inside += 1

    def _admit(self) -> None:
        for turn in tuple(self._waiting):
            if self._has_room(write=turn.write):
                self._waiting.remove(turn)
                self._let_in(write=turn.write)
                turn.set()
