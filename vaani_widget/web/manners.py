"""Good manners inside somebody's app: CORS, CSRF protection, cookies and headers that are not ours."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from flask_cors import CORS

from . import bodies
from .mounting import WidgetBlueprint
from .state import insisted_on

NO_CORS = frozenset({"call_page", "grant", "metrics"})
"""Endpoints for people, for programs with a token and for pages of this origin only."""


def install(blueprint: Blueprint) -> None:
    """Registers what runs around every request of the blueprint."""
    blueprint.url_value_preprocessor(_before_the_host)
    # Only Content-Type may be sent across origins: with "any header" a page somewhere could send
    # X-Forwarded-Host through a proxy that passes it on, and be its own "self".
    CORS(
        blueprint,
        origins="*",
        send_wildcard=True,
        methods=["GET", "HEAD", "POST"],
        allow_headers=["Content-Type"],
        expose_headers=["Retry-After"],
        max_age=86400,
        supports_credentials=False,
        vary_header=False,
    )
    blueprint.after_request(_no_store_unless_said)
    blueprint.after_request(_without_the_hosts_cors)  # registered after CORS, so it runs before it


def _before_the_host(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Runs before any ``before_request`` of the host: Flask calls these first.

    So the blueprint is exempt from Flask-WTF's CSRF protection whatever the order of registration (a
    site token is what stands against forged requests here), and the host reads no large body either.
    """
    csrf = current_app.extensions.get("csrf")
    if csrf is not None and hasattr(csrf, "exempt") and request.blueprint is not None:
        csrf.exempt(current_app.blueprints[request.blueprint])
    bodies.limit(request)


def _without_the_hosts_cors(response: Response) -> Response:
    """A host's Flask-CORS has written to our error answers by now; ours says it once, always the same."""
    _drop_cors(response)
    return response


def _no_store_unless_said(response: Response) -> Response:
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def last_word(app: Flask, response: Response, **_: object) -> None:
    """Receives ``request_finished``: after the host's ``after_request`` and after its session was saved.

    A page of the host's own may have one visitor's grant in it, so what was insisted on holds there too.
    Where the host sent a cookie along, a shared cache must not keep an answer of ours.
    """
    for name, value in insisted_on().items():
        response.headers.remove(name)
        if value is not None:
            response.headers[name] = value
    if request.blueprint is None or not isinstance(app.blueprints.get(request.blueprint), WidgetBlueprint):
        return
    if (request.endpoint or "").rpartition(".")[2] in NO_CORS:
        _drop_cors(response)
    if "Set-Cookie" in response.headers and response.cache_control.public:
        response.cache_control.public = False
        response.cache_control.private = True


def _drop_cors(response: Response) -> None:
    for name in {name for name, _ in response.headers if name.lower().startswith("access-control-")}:
        response.headers.remove(name)
