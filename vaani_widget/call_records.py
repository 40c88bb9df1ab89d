"""What comes of a call's start is written down: in the ledger, in the log, and told as a signal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .errors import Refusal, Spent
from .ledger import Ledger
from .logs import fields
from .services import Services
from .signals import call_refused, tell
from .upstream import Credentials

_log = logging.getLogger("vaani_widget")


def settled(ledger: Ledger, call_id: str, ask: Callable[[], Credentials]) -> Credentials:
    """Asks Vaani once, with no transaction open, and writes down what that cost.

    A ledger that fails now changes nothing for the visitor: the reservation stays, so the owner's
    bound holds, and an answer that has been paid for is handed on.
    """
    try:
        credentials = ask()
    except BaseException as failure:
        spent = failure.spent if isinstance(failure, Refusal) else "unknown"
        with _noted(call_id, spent):
            (ledger.release if spent == "no" else ledger.leave_unknown)(call_id)
        raise
    with _noted(call_id, "yes"):
        ledger.commit(call_id, credentials.room_name)
    return credentials


@contextmanager
def _noted(call_id: str, spent: Spent) -> Iterator[None]:
    try:
        yield
    except Refusal as failure:
        _log.error(
            "call %s stays reserved: the ledger could not note that it was spent: %s (%s)",
            call_id,
            spent,
            failure.code,
            extra=fields("call_unsettled", call_id=call_id, spent=spent, code=failure.code),
        )


@dataclass
class Known:
    """What is known of a request so far, for its line in the log."""

    site: str | None = None
    call_id: str | None = None


@contextmanager
def told_if_refused(services: Services, request_id: str) -> Iterator[Known]:
    """A refusal inside is logged and sent as a signal, once, with what was known of it by then."""
    known = Known()
    try:
        yield known
    except Refusal as refusal:
        site = known.site if known.site in services.settings.sites else None
        _log.info(
            "refused %s at site %s, call %s, spent %s (request %s)",
            refusal.code,
            site or "-",
            known.call_id or "-",
            refusal.spent,
            request_id,
            extra=fields(
                "refused",
                code=refusal.code,
                site=site,
                call_id=known.call_id,
                spent=refusal.spent,
                request_id=request_id,
            ),
        )
        tell(
            call_refused,
            services.sender,
            code=refusal.code,
            site=site,
            call_id=known.call_id,
            spent=refusal.spent,
        )
        raise
