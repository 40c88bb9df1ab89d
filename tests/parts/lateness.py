"""How late this machine is. Where a bound in seconds is itself the requirement, what other programs take from
the test is not the product's.

::

    with Lateness() as machine:
        use()
    assert took - machine.seconds < 1
"""

from __future__ import annotations

import threading
import time

TICK = 0.01


class Lateness:
    """Sleeps for moments, and adds up how much longer each of them was."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Lateness:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._over.wait(TICK):
            now = time.monotonic()
            late = now - began - TICK
            # A little is usual, and no excuse.
            if late > TICK:
                self.seconds += late
            began = now
