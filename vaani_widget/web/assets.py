"""The loader and the chunks it fetches: cached as long as is right, packed ahead of time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Response, request

from ..errors import InternalError, NotFound
from ..logs import fields
from .bundle import Bundle, BundleMissing, Script, bundle
from .state import current_state

SHORT = "public, max-age=300, stale-while-revalidate=3600"
FOREVER = "public, max-age=31536000, immutable"
AGAIN = "public, no-cache"

_log = logging.getLogger("vaani_widget")
_T = TypeVar("_T")


def widget_js() -> Response:
    """``GET /widget.js``: the same for every site."""
    return _answer(_from_bundle(lambda today: today.loader), SHORT)


def site_widget_js(site: str) -> Response:
    """``GET /sites/{site}/widget.js``: the loader that knows its site."""
    known = current_state().services.site(site).at_first_sight
    return _answer(_from_bundle(lambda today: today.loader_for(known)), SHORT)


def asset(filename: str) -> Response:
    """``GET /assets/{name}``: only names of the build, so no path leads anywhere else."""
    found = _from_bundle(lambda today: today.chunk(filename))
    if found is None:
        raise NotFound
    script, current = found
    return _answer(script, FOREVER if current else AGAIN)


def _from_bundle(take: Callable[[Bundle], _T]) -> _T:
    try:
        return take(bundle())
    except BundleMissing as missing:
        _log.error("%s", missing, extra=fields("scripts_missing"))
        raise InternalError(
            "The server has no scripts to serve; its log says what to do.", spent="no"
        ) from None


def _answer(script: Script, cache: str) -> Response:
    encoding = _encoding(script)
    response = Response(script.encodings[encoding], mimetype="text/javascript")
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = cache
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{script.etag}-{encoding}")
    response.make_conditional(request)
    return response


def _encoding(script: Script) -> str:
    """The best of those we have that the browser takes; ``identity`` where it says nothing."""
    accepted = request.accept_encodings
    offered = [word for word in script.encodings if word != "identity" and accepted.quality(word) > 0]
    plain = accepted.quality("identity") if "identity" in list(accepted.values()) else 0
    best = max(offered, key=accepted.quality, default="identity")
    return best if best != "identity" and accepted.quality(best) >= plain else "identity"
