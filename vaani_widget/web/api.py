"""The API that the widget speaks: site token, call, progress."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from ..calls import Asked, mint_site_token, start_call
from ..progress import record_progress
from . import proxies
from .bodies import read_object
from .state import current_state, insist_on, request_id


def site_token(site: str) -> Response:
    """``POST /v1/sites/{site}/token``."""
    minted = mint_site_token(current_state().services, site, _asked())
    members: dict[str, Any] = {
        "site_token": minted.site_token,
        "expires_in": minted.expires_in,
        "site": minted.site.public,
    }
    if minted.challenge is not None:
        members["challenge"] = minted.challenge
    return _created(members)


def calls() -> Response:
    """``POST /v1/calls``."""
    started = start_call(current_state().services, _asked())
    credentials = started.credentials
    return _created(
        {
            "call_id": started.call_id,
            "token": credentials.token,
            "room_name": credentials.room_name,
            "agent_name": credentials.agent_name,
            "connection_url": credentials.connection_url,
            "live_captions_url": credentials.live_captions_url,
            "call_token": started.call_token,
            "max_seconds": started.max_seconds,
            "ignored": list(started.ignored),
        }
    )


def progress(call_id: str) -> Response:
    """``POST /v1/calls/{call_id}/progress``."""
    record_progress(current_state().services, call_id, _asked())
    return Response(status=204)


def _asked() -> Asked:
    insist_on({"Cache-Control": "no-store"})
    proxies.watch(request, current_state().services.notices)
    return Asked(
        body=lambda: read_object(request),
        origin=request.headers.get("Origin"),
        host=request.host,
        address=request.remote_addr or "",
        request_id=request_id(),
    )


def _created(members: Mapping[str, Any]) -> Response:
    """Not ``jsonify``: a host may have its own way of writing JSON."""
    return Response(json.dumps(members), status=201, mimetype="application/json")
