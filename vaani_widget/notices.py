"""What a server notices of its surroundings while it serves: said once in the log, by one of its workers,
and kept for doctor."""

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

    def due(self, name: str) -> bool:
        """Whether to :meth:`tell` of it: the first time, and again where that is long ago. Cheap."""
        now = self._clock()
        with self._lock:
            before = self._noted.get(name)
            if before is not None and now - before < RENEWED:
                return False
            self._noted[name] = now
        return True

    def tell(self, name: str, sentence: str) -> None:
        """Says it in the log, unless a process has lately, and writes it down for the others and for doctor.

        It asks the ledger, so nobody should have to wait for it. Where that can't be reached, each process
        says it for itself, and the ledger why in the log. Two that ask it in one moment may both say it.
        """
        if self.kept(name) is None:
            _log.warning("%s", sentence, extra=fields("noticed"))
        with suppress(VaaniWidgetError):
            self._ledger().note(name)

    def kept(self, name: str) -> float | None:
        """When any process noted it last, in seconds since 1970; None where that is long ago or unknown."""
        try:
            at = self._ledger().noted(name)
        except VaaniWidgetError:
            return None
        return at if at is not None and self._clock() - at < FORGOTTEN else None
