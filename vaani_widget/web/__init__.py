"""The one blueprint: its routes by file (``api``, ``assets``, ``call_page``, ``grant``, ``health``,
``metrics``, ``openapi``), and around them ``problems`` (how a refusal is said) and ``manners`` (how to
behave inside somebody's app)."""

from __future__ import annotations

from flask import Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from ..errors import MethodNotAllowed, NotFound
from . import api, assets, call_page, grant, health, manners, metrics, openapi, problems
from .mounting import WidgetBlueprint

__all__ = ["blueprint"]

ROUTES = (
    ("GET", "/widget.js", "widget_js", assets.widget_js),
    ("GET", "/sites/<site>/widget.js", "site_widget_js", assets.site_widget_js),
    ("GET", "/assets/<filename>", "asset", assets.asset),
    ("POST", "/v1/sites/<site>/token", "site_token", api.site_token),
    ("GET", "/v1/sites/<site>/grant", "grant", grant.grant),
    ("POST", "/v1/calls", "calls", api.calls),
    ("POST", "/v1/calls/<call_id>/progress", "progress", api.progress),
    ("GET", "/call/<site>", "call_page", call_page.call_page),
    ("GET", "/healthz", "healthz", health.healthz),
    ("GET", "/readyz", "readyz", health.readyz),
    ("GET", "/metrics", "metrics", metrics.metrics),
    ("GET", "/openapi.json", "openapi", openapi.openapi_json),
)
_METHODS = {endpoint: method for method, _rule, endpoint, _view in ROUTES}
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


@problems.guarded
def nothing_here(rest: str = "") -> Response:
    """Takes what no route of ours takes: only a request that matched a route reaches our error handlers."""
    methods: set[str] = set()
    for method in {method for method, *_ in ROUTES} - {request.method}:
        methods |= _methods_of_others(method)
    if not methods:
        raise NotFound
    response = problems.problem(MethodNotAllowed())
    response.allow.update(methods)
    return response


def _methods_of_others(method: str) -> set[str]:
    adapter = current_app.create_url_adapter(request)
    try:
        rule, _ = adapter.match(method=method, return_rule=True) if adapter else (None, None)
    except HTTPException:
        return set()
    return set(rule.methods or ()) if rule and rule.endpoint != request.endpoint else set()


def _allow_what_there_is(response: Response) -> Response:
    """Flask's own answer to OPTIONS counts in what ``nothing_here`` takes, which is everything."""
    method = _METHODS.get((request.endpoint or "").rpartition(".")[2])
    if request.method == "OPTIONS" and method is not None:
        response.headers["Allow"] = ", ".join(["OPTIONS", method, *(["HEAD"] if method == "GET" else [])])
    return response


def _catch_all(state: BlueprintSetupState) -> None:
    """Not where the blueprint is mounted at the root of a host: the rest of the root is the host's."""
    if (state.url_prefix or "").strip("/") or state.subdomain:
        for rule in ("/", "/<path:rest>"):
            state.add_url_rule(
                rule,
                "nothing_here",
                nothing_here,
                methods=_ANY,
                strict_slashes=False,
                provide_automatic_options=False,
            )


def _make() -> WidgetBlueprint:
    blueprint = WidgetBlueprint("vaani_widget", __name__, url_prefix="/vaani")
    manners.install(blueprint)
    problems.install(blueprint)
    blueprint.after_request(_allow_what_there_is)
    for method, rule, endpoint, view in ROUTES:
        blueprint.add_url_rule(
            rule,
            endpoint,
            problems.guarded(view),
            methods=[method, "OPTIONS"],
            provide_automatic_options=True,  # preflights, also where the host has switched them off
        )
    blueprint.record_once(_catch_all)
    return blueprint


blueprint = _make()
