"""What a server notices of its surroundings while it serves: said once in the log, and kept for doctor."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from .errors import VaaniWidgetError
from .ledger import Ledger
from .logs import fields

RENEWED = 86_400
"""Seconds after which what is still so is noted again."""

FORGOTTEN = 2 * RENEWED
"""Seconds after which a note that was not renewed counts no more: whatever it was, it was mended."""

_log = logging.getLogger("vaani_widget")


class Notices:
    """One application's, in one process. Thread-safe.

    :param ledger: gives the place where notes are kept; not asked for before there is one.
    :param clock: seconds since 1970.
    """

    def __init__(self, ledger: Callable[[], Ledger], clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()

    def tell(self, name: str, sentence: str) -> bool:
        """Says it in the log, the first time.

        :return: whether :meth:`keep` is due, for which nobody should have to wait.
        """
        now = self._clock()
        with self._lock:
            before = self._noted.get(name)
            if before is not None and now - before < RENEWED:
                return False
            self._noted[name] = now
        if before is None:
            _log.warning("%s", sentence, extra=fields("noticed"))
        return True

    def keep(self, name: str) -> None:
        """Writes it down for doctor. A ledger that can't do so says why in the log by itself."""
        with suppress(VaaniWidgetError):
            self._ledger().note(name)

    def kept(self, name: str) -> float | None:
        """When any process noted it last, in seconds since 1970; None where that is long ago or unknown."""
        try:
            at = self._ledger().noted(name)
        except VaaniWidgetError:
            return None
        return at if at is not None and self._clock() - at < FORGOTTEN else None
