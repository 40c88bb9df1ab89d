"""Writes that wait at the same moment share one transaction, and so one wait for the disk.

Whoever comes first leads: it opens the transaction, does its own work, then that of everybody who has come
in the meantime, and commits for all. Nobody is answered before that commit. Who comes while it is under way
waits for the next one, and the first of them leads that.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import Any, Generic, Literal, TypeVar, cast

from sqlalchemy import Connection

from .errors import Refusal
from .ledger_deadline import remaining

T = TypeVar("T")

MOST = 64
"""Writes in one transaction: nobody waits for an endless one."""

SPARE = 0.2
"""Seconds that whoever leads keeps for the commit. Its time is up before that of those who came later, and
they would fall with it."""

Transaction = Callable[[bool], AbstractContextManager[tuple[Connection, float]]]
"""Opens a transaction, given whether it must be durable. It commits at the end, or undoes everything and
raises; its value is the connection and the time."""


class Write(Generic[T]):
    """One write, from when it is asked for until it is known what came of it.

    :param work: is given the connection and the time. Where it raises a ``Refusal`` it has written nothing.
    :param durable: whether it must outlive a power cut.
    """

    __slots__ = ("durable", "failure", "refusal", "result", "state", "told", "work")

    def __init__(self, work: Callable[[Connection, float], T], *, durable: bool) -> None:
        self.work = work
        self.durable = durable
        self.state: Literal["waiting", "leading", "taken", "done"] = "leading"
        self.told: threading.Event | None = None
        self.result: T | None = None
        self.refusal: Refusal | None = None
        self.failure: Exception | None = None

    def run(self, connection: Connection, now: float) -> None:
        try:
            self.result = self.work(connection, now)
        except Refusal as refusal:
            self.refusal = refusal

    def outcome(self) -> T:
        if self.failure is not None:
            raise self.failure
        if self.refusal is not None:
            raise self.refusal
        return cast(T, self.result)


class Batches:
    """The writes of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[Hashable, deque[Write[Any]]] = {}  # one for each that is led now

    def run(self, key: Hashable | None, write: Write[T], transaction: Transaction) -> T:
        """Run it in a transaction that it may share with others of the same key.

        :param key: none for a transaction of its own.
        :return: what its work returned.
        :raises Refusal: its work did.
        :raises TimeoutError: its turn did not come within this thread's operation, or nobody knows yet what
            came of it.
        :raises Exception: the transaction failed, and nothing of it happened.
        """
        if key is None:
            with transaction(write.durable) as (connection, now):
                return write.work(connection, now)
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                self._queues[key] = deque()
            else:
                write.state, write.told = "waiting", threading.Event()
                queue.append(write)
        if write.told is not None:
            try:
                write.told.wait(remaining())
            except BaseException:  # this thread is thrown out; who comes next must not wait for it
                self._leave(key, write)
                raise
            with self._lock:
                if write.state == "waiting":
                    self._queues[key].remove(write)
                    raise TimeoutError("the ledger is busy with other requests of this process")
                if write.state == "taken":
                    raise TimeoutError("the ledger did not write in time")
        if write.state == "leading":
            self._lead(key, write, transaction)
        return write.outcome()

    def _lead(self, key: Hashable, first: Write[Any], transaction: Transaction) -> None:
        taken: list[Write[Any]] = [first]
        with self._lock:
            durable = first.durable or any(write.durable for write in self._queues[key])
        try:
            with transaction(durable) as (connection, now):
                write: Write[Any] | None = first
                while write is not None:
                    write.run(connection, now)
                    write = self._next(key, taken, durable=durable)
        except Exception as failure:
            # What was refused was refused by the look of things that have not happened now.
            for write in taken:
                write.failure = failure
        except BaseException:  # this thread's end is not theirs
            for write in taken:
                write.failure = OSError("the transaction was broken off")
            raise
        finally:
            self._hand_on(key, taken)

    def _next(self, key: Hashable, taken: list[Write[Any]], *, durable: bool) -> Write[Any] | None:
        """Who has come meanwhile, if this transaction will do for them."""
        with self._lock:
            queue = self._queues[key]
            full = len(taken) == MOST or remaining() < SPARE
            if not queue or full or (queue[0].durable and not durable):
                return None
            write = queue.popleft()
            write.state = "taken"
            taken.append(write)
            return write

    def _leave(self, key: Hashable, write: Write[Any]) -> None:
        with self._lock:
            if write.state == "waiting":
                self._queues[key].remove(write)
            leading = write.state == "leading"
        if leading:
            self._hand_on(key, [write])

    def _hand_on(self, key: Hashable, taken: list[Write[Any]]) -> None:
        with self._lock:
            for write in taken:
                write.state = "done"
            queue = self._queues[key]
            if queue:
                heir = queue.popleft()
                heir.state = "leading"
                cast(threading.Event, heir.told).set()
            else:
                del self._queues[key]
        for write in taken:
            if write.told is not None:
                write.told.set()
