"""Whether the address that limits count is a visitor's, or that of a proxy which nobody has told us of."""

from __future__ import annotations

from flask import Request, Response, after_this_request

from ..notices import PROXY_MISSING, PROXY_NOT_TRUSTED, Notices
from ..visitors import is_private, parse

_BY_PROXY_FIX = "werkzeug.proxy_fix.orig"
_SENTENCES = {
    PROXY_NOT_TRUSTED: "A request came from a private address and was forwarded for another, and that proxy "
    "is not trusted: all visitors who come that way share one address and its limits. If the proxy is yours, "
    "set VAANI_WIDGET_TRUSTED_PROXIES to the number of proxies in front; in an app of your own, wrap it in "
    "Werkzeug's ProxyFix.",
    PROXY_MISSING: "A request names fewer proxies than are trusted, so it counts for the address of the "
    "nearest one, which all visitors share. Set VAANI_WIDGET_TRUSTED_PROXIES (in an app of your own, "
    "ProxyFix's x_for) to the number of proxies in front that add to X-Forwarded-For.",
}


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
            _note(notices, PROXY_NOT_TRUSTED)
    elif address in forwarded:
        if forwarded.index(address) > 0:  # one more proxy stands before those that are trusted
            _note(notices, PROXY_NOT_TRUSTED)
    elif before["REMOTE_ADDR"] == environ.get("REMOTE_ADDR"):
        _note(notices, PROXY_MISSING)


def _note(notices: Notices, name: str) -> None:
    if not notices.tell(name, _SENTENCES[name]):
        return

    @after_this_request
    def when_it_is_sent(response: Response) -> Response:
        response.call_on_close(lambda: notices.keep(name))
        return response
