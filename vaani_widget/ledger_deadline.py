"""When the running operation on the ledger has to be over.

A visitor who waits for a ledger that does not answer is worse off than one who is told so, and every
waiting thread is one fewer for the host's own pages. So everything an operation can wait for (a lock, a
place, a connection, an answer) draws on one allowance.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

OPERATION_SECONDS = 0.7
"""For one operation in all. What is left to a second is for noticing and for a busy machine."""

LOGGING_NAME = "vaani_widget"
"""Name of the engine's logger below SQLAlchemy's own."""

# At DEBUG it would write down every row that is read, and one of them is a key.
logging.getLogger(f"sqlalchemy.engine.Engine.{LOGGING_NAME}").setLevel(logging.WARNING)


class _Running(threading.local):
    until = 0.0
    all_until = 0.0


_running = _Running()


@contextmanager
def operation() -> Iterator[None]:
    """The time in which this thread's operation has to be over begins now."""
    until = time.monotonic() + OPERATION_SECONDS
    _running.until = min(until, _running.all_until or until)
    try:
        yield
    finally:
        _running.until = 0.0


@contextmanager
def together() -> Iterator[None]:
    """This thread's operations inside have, all of them together, the time of one."""
    _running.all_until = time.monotonic() + OPERATION_SECONDS
    try:
        yield
    finally:
        _running.all_until = 0.0


def until() -> float:
    """The end of this thread's operation, on ``time.monotonic()``'s clock."""
    return _running.until or time.monotonic() + OPERATION_SECONDS


def remaining() -> float:
    """Seconds that this thread's operation has left, never less than 1 ms."""
    return max(until() - time.monotonic(), 0.001)
