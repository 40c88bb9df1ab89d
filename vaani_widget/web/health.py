"""For whoever watches the server: is the process there, and could it start a call."""

from __future__ import annotations

from flask import Response

from .state import current_state


def healthz() -> Response:
    """``GET /healthz``: the process answers. Touches nothing."""
    return _says("ok")


def readyz() -> Response:
    """``GET /readyz``: the ledger answers, too.

    :raises StoreUnavailable: where it doesn't.
    """
    current_state().services.ledger.check()
    return _says("ready")


def _says(status: str) -> Response:
    return Response(f'{{"status": "{status}"}}', mimetype="application/json")
