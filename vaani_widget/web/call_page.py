"""``GET /call/{site}``: a page that is only the call, to link to or to frame."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Response, render_template, request
from werkzeug.datastructures import LanguageAccept

from ..errors import NotFound
from ..loopback import is_loopback
from ..origins import SELF
from ..sites import Site
from . import languages
from .state import current_state, insist_on


def call_page(site: str) -> Response:
    """The page of a site that sets ``share``; 404 for any other."""
    state = current_state()
    known = state.settings.sites.get(site)
    if known is None or not known.share:
        raise NotFound("No call page is here. A site has one where its owner sets share = true.")
    nonce = secrets.token_urlsafe(16)
    lang = language(known, request.accept_languages)
    page = render_template(
        "vaani_widget/call.html",
        site=known,
        nonce=nonce,
        endpoints=state.endpoints,
        lang=lang,
        dir=languages.direction(lang),
        words_in=languages.ours(lang),
        texts=languages.owners_texts(lang, known.text),
    )
    insist_on(
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy(known, nonce, request.host),
            "Permissions-Policy": "microphone=(self), autoplay=(self)",
            "Referrer-Policy": "strict-origin",
            "X-Frame-Options": None,  # frame-ancestors says more
        }
    )
    return Response(page, mimetype="text/html")


def language(site: Site, accepted: LanguageAccept) -> str:
    """What the page is written in: the owner's choice, else what the visitor reads best, else English."""
    return languages.spoken([str(site.look.get("locale", "auto")), *accepted.values()], site.text)


def policy(site: Site, nonce: str, host: str) -> str:
    """The page's own Content-Security-Policy: it loads what it names and nothing else.

    :param host: host and port of the request; only a page on loopback may talk to a LiveKit server
        there, which has no certificate.
    """
    hostname = urlsplit(f"//{host}").hostname or ""
    loopback = " ws: http:" if is_loopback(hostname) else ""
    ancestors = " ".join(origin for origin in site.origins if origin != SELF)
    directives = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}' 'strict-dynamic'",
        "style-src": f"'nonce-{nonce}'",
        "connect-src": f"'self' https: wss:{loopback}",
        "img-src": "'self' https: data:",
        "media-src": "blob: mediastream:",
        "require-trusted-types-for": "'script'",
        "frame-ancestors": f"'self' {ancestors}".strip(),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
