"""``GET /v1/sites/{site}/grant``: a grant for whoever the host's own session belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from ..errors import GrantInvalid, NotFound, OriginNotAllowed
from ..origins import SELF, allows
from ..own_grants import GrantLoader, Visitor, own_grant
from .state import current_state, insist_on

_REMEDY = (
    "return None for a visitor who is not known, else a dict such as "
    '{"visitor": user.id, "metadata": {"plan": user.plan}}'
)


def grant(site: str) -> Response:
    """200 ``{"grant": "…"}``, or 204 for an anonymous visitor; for pages of this origin only."""
    insist_on({"Cache-Control": "no-store"})
    state = current_state()
    loader = state.grant_loader()
    if loader is None:
        raise NotFound("No grant is here. An app gives them where it sets a grant_loader.")
    _page_is_of_this_origin()
    known = state.services.site(site)
    said = _asked(loader, known.key)
    try:
        signed = None if said is None else own_grant(state.services, known, said)
    except GrantInvalid as refusal:
        raise ValueError(f"grant_loader: {refusal.detail} ({refusal.field})") from None
    if signed is None:
        return Response(status=204)
    return Response(json.dumps({"grant": signed}), mimetype="application/json")


def _page_is_of_this_origin() -> None:
    """A browser says where a request comes from; what says nothing is no browser, or an older one."""
    origin = request.headers.get("Origin")
    fetched = request.headers.get("Sec-Fetch-Site", "same-origin")
    # "none" is an address that a person typed in.
    if fetched not in ("same-origin", "none") or (
        origin is not None and not allows([SELF], origin, request.host)
    ):
        raise OriginNotAllowed("A grant is given to pages of this server's own origin only.")


def _asked(loader: GrantLoader, site: str) -> Visitor | None:
    """What the host's function says.

    :raises RuntimeError: it ended the request, as ``abort()`` does: the widget could not read that answer.
    :raises TypeError: it returned something else; the message never has what that was.
    """
    try:
        said: object = current_app.ensure_sync(loader)(site)
    except HTTPException as ended:
        raise RuntimeError(f"grant_loader aborted with {ended.code}: {_REMEDY}") from ended
    if said is None:
        return None
    if not isinstance(said, Mapping):
        raise TypeError(f"grant_loader returned something of type {type(said).__name__}: {_REMEDY}")
    unknown = sorted(repr(name) for name in said if name not in Visitor.__annotations__)
    if unknown:
        known = ", ".join(Visitor.__annotations__)
        raise TypeError(f"grant_loader returned {', '.join(unknown)}; there are {known}: {_REMEDY}")
    return cast(Visitor, said)
