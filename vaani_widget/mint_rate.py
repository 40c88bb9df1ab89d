"""How fast one address may ask for site tokens.

It smooths and bounds nothing: it is kept in memory, by each process for itself. What a site may spend is
bounded by the ledger. There is no rate per site, which anybody could use up to lock its visitors out.
"""

from __future__ import annotations

import math
import os
import threading
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from .errors import RateLimited
from .visitors import network

PER_MINUTE = 30


class MintRate:
    """So many site tokens a minute for one address. Thread-safe, and safe to fork around.

    Makes nothing before the first use: the library's storage has a thread.
    """

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        self._pid = 0
        self._making = threading.Lock()

    def check(self, address: str) -> None:
        """:raises RateLimited: this address has had its share of the last minute."""
        limiter = self._here()
        key = network(address)
        if not limiter.hit(self._item, key):
            reset = limiter.get_window_stats(self._item, key).reset_time
            raise RateLimited(
                "Too many site tokens were asked for from this address.",
                retry_after=min(max(1, math.ceil(reset - time.time())), 60),
            )

    def _here(self) -> SlidingWindowCounterRateLimiter:
        """This process's own: another's locks may be held by threads that are not here."""
        if self._limiter is None or self._pid != os.getpid():
            with self._making:
                if self._limiter is None or self._pid != os.getpid():
                    self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
                    self._pid = os.getpid()
        return self._limiter
