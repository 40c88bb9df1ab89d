"""What a visitor's browser tells of its call. Losing every word of it is harmless: it gives nothing back
but the running slot."""

from __future__ import annotations

import logging

from . import shapes
from .calls import Asked
from .errors import TokenInvalid
from .logs import fields
from .services import Services
from .signals import call_ended, tell

_log = logging.getLogger("vaani_widget")


def record_progress(services: Services, call_id: str, asked: Asked) -> None:
    """Notes ``connected``, ``ended`` or ``feedback``; authorised by the call token alone. Idempotent.

    :raises BadRequest: for a body of another shape.
    :raises TokenInvalid: for a token of another call.
    :raises TokenExpired: after the lease's end.
    :raises CallNotFound: for a call that the ledger does not have.
    :raises StoreUnavailable: where the ledger can't be reached.
    """
    wanted = shapes.progress_request(asked.body())
    token = services.keyring.read_call_token(wanted.call_token, services.clock())
    if token.call_id != call_id:
        raise TokenInvalid("The token belongs to another call.")
    news = services.ledger.progress(call_id, wanted.event, wanted.reason, wanted.rating, wanted.text)
    told = {"site": token.site, "call_id": call_id, "request_id": asked.request_id}
    _log.info(
        "call %s at site %s: %s (request %s)",
        call_id,
        token.site,
        wanted.event,
        asked.request_id,
        extra=fields(f"call_{wanted.event}", reason=wanted.reason, **told),
    )
    if news and wanted.event == "ended":
        tell(call_ended, services.sender, call_id=call_id, site=token.site, reason=wanted.reason)
