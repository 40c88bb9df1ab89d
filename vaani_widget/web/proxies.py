"""Whether the address that limits count is a visitor's, or that of a proxy which nobody has told us of."""

from __future__ import annotations

from typing import Literal

from flask import Flask, Request, Response, after_this_request, current_app
from werkzeug.middleware.proxy_fix import ProxyFix

from ..notices import Notices
from ..visitors import is_private, parse

_BY_PROXY_FIX = "werkzeug.proxy_fix.orig"
_WRAPPED = ("app", "wsgi_app", "application", "_app", "__wrapped__")
_LAYERS = 20
"""More than anybody wraps; some wrap the app itself, which would lead round and round."""

Trouble = Literal["not_trusted", "missing"]

_SENTENCES: dict[Trouble, str] = {
    "not_trusted": "A request came from a private address and was forwarded for another, and that proxy "
    "is not trusted: all visitors who come that way share one address and its limits. If the proxy is yours, "
    "set VAANI_WIDGET_TRUSTED_PROXIES to the number of proxies in front; in an app of your own, wrap it in "
    "Werkzeug's ProxyFix.",
    "missing": "A request names fewer proxies than are trusted, so it counts for the address of the "
    "nearest one, which all visitors share. Set VAANI_WIDGET_TRUSTED_PROXIES (in an app of your own, "
    "ProxyFix's x_for) to the number of proxies in front that add to X-Forwarded-For.",
}


def trusted(app: Flask) -> int:
    """How many proxies in front are believed to name the visitor's address.

    ProxyFix may lie under other middleware, which keeps what it wraps under one of a few names.
    """
    layer: object = app.wsgi_app
    for _ in range(_LAYERS):
        if isinstance(layer, ProxyFix):
            return layer.x_for
        inner = (getattr(layer, name, None) for name in _WRAPPED)
        layer = next((each for each in inner if callable(each)), None)
    return 0


def noticed(app: Flask, notices: Notices, trouble: Trouble) -> float | None:
    """When that was so last with as many trusted as now, in seconds since 1970."""
    return notices.kept(_name(app, trouble))


def watch(request: Request, notices: Notices) -> None:
    """Looks at one request that counts for a visitor. What is wrong is said once and noted for doctor.

    Only private addresses say anything: one that others can have may send whatever header it likes.
    """
    address = request.remote_addr or ""
    if parse(address) is not None and not is_private(address):
        return
    environ = request.environ
    forwarded = [name.strip() for name in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    before = environ.get(_BY_PROXY_FIX)
    if before is None:
        if forwarded != [""] or "HTTP_FORWARDED" in environ:
            _note(notices, "not_trusted")
    elif address in forwarded:
        if forwarded.index(address) > 0:  # one more proxy stands before those that are trusted
            _note(notices, "not_trusted")
    elif before["REMOTE_ADDR"] == environ.get("REMOTE_ADDR"):
        _note(notices, "missing")


def _note(notices: Notices, trouble: Trouble) -> None:
    name = _name(current_app, trouble)
    if not notices.due(name):
        return

    @after_this_request
    def when_it_is_sent(response: Response) -> Response:
        response.call_on_close(lambda: notices.tell(name, _SENTENCES[trouble]))
        return response


def _name(app: Flask, trouble: Trouble) -> str:
    """With the number in it: what was so with another is mended, or is noted anew."""
    return f"proxy_{trouble}_{trusted(app)}"
