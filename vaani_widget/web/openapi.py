"""``GET /openapi.json``: the protocol, described from the lists that the server goes by (OpenAPI 3.1).

Paths are those of the application's own table of routes, so that prefix, nesting and all are as they are.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Response, current_app, request

from ..errors import REFUSALS, Refusal
from .assets import SHORT
from .openapi_operations import HEADERS, NAMED, OPERATIONS, PARAMETERS, Operation, Reply
from .openapi_schemas import Schema, problem_of, ref, schemas
from .state import current_state

PROBLEM_TYPE = "application/problem+json"

_HERE = "/openapi.json"
_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
_ABOUT = (
    "What the widget speaks with its server. Any origin may read every answer, errors included; CORS is "
    "never the gate. Only the grant, the call page and the metrics have no CORS. Every path answers a "
    "`HEAD` where it answers a `GET`, a preflight by `OPTIONS`, and any other method by "
    "`method_not_allowed`. A path that is not here answers `not_found`."
)


def openapi_json() -> Response:
    """The same for everybody; an owner's settings are not in it."""
    response = Response(_described(_routes(), _server()), mimetype="application/json")
    response.headers["Cache-Control"] = SHORT
    response.add_etag()
    response.make_conditional(request)
    return response


def document(routes: Iterable[tuple[str, str, str]], server: str) -> dict[str, Any]:
    """The whole description.

    :param routes: method, path (as Flask writes it) and endpoint.
    :param server: address of the paths' root; relative to this document's own where it has no host.
    """
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for method, rule, endpoint in routes:
        paths[_VARIABLE.sub(r"{\1}", rule)][method.lower()] = _operation(endpoint, rule)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vaani-widget",
            "version": _version(),
            "description": _ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas(),
            "responses": {"MethodNotAllowed": _problem([REFUSALS["method_not_allowed"]])},
            "securitySchemes": {"metrics": {"type": "http", "scheme": "bearer"}},
        },
    }


@lru_cache(maxsize=8)  # a prefix may have a variable in it, that anybody can choose
def _described(routes: tuple[tuple[str, str, str], ...], server: str) -> str:
    return json.dumps(document(routes, server), ensure_ascii=False)


def _routes() -> tuple[tuple[str, str, str], ...]:
    """Ours, below the prefix; HEAD and OPTIONS come with every route, and the catch-all is none."""
    prefix = f"{current_state().endpoints}."
    root = _root(rule.rule if (rule := request.url_rule) else _HERE)
    return tuple(
        (method, rule.rule.removeprefix(root), name)
        for rule in current_app.url_map.iter_rules()
        if (name := rule.endpoint.removeprefix(prefix)) in OPERATIONS and rule.endpoint.startswith(prefix)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    )


def _server() -> str:
    return _root(request.script_root + request.path) or "/"


def _root(path: str) -> str:
    return path.removesuffix(_HERE)


def _operation(endpoint: str, rule: str) -> Schema:
    """:raises KeyError: nobody has described this endpoint."""
    operation = OPERATIONS[endpoint]
    named = _VARIABLE.findall(rule)
    # A name with a slash in it, packed or not, is another path.
    codes = {*operation.codes, "internal_error", *(("not_found",) if named else ())}
    described: Schema = {
        "operationId": endpoint,
        "summary": operation.summary,
        "responses": _responses(operation, codes),
    }
    if operation.description:
        described["description"] = operation.description
    parameters = [
        *({"name": name, "in": "path", "required": True, **NAMED[name]} for name in named),
        *(PARAMETERS[name] for name in operation.parameters),
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = _body(operation.body)
    if operation.security:
        described["security"] = [{name: []} for name in operation.security]
    return described


def _body(schema: str) -> Schema:
    """JSON, sent as text so that a page of another origin needs no preflight."""
    inside = {"type": "string", "contentMediaType": "application/json", "contentSchema": ref(schema)}
    content = {"text/plain": {"schema": inside}, "application/json": {"schema": ref(schema)}}
    return {"required": True, "description": "At most 16 KiB; no member twice, no NaN.", "content": content}


def _responses(operation: Operation, codes: Iterable[str]) -> Schema:
    by_status: dict[int, list[type[Refusal]]] = defaultdict(list)
    for code in codes:
        by_status[REFUSALS[code].status].append(REFUSALS[code])
    answers = {status: _reply(reply) for status, reply in operation.replies.items()}
    answers |= {status: _problem(refusals) for status, refusals in by_status.items()}
    return {str(status): answers[status] for status in sorted(answers)}


def _reply(reply: Reply) -> Schema:
    said: Schema = {"description": reply.description}
    if reply.headers:
        said["headers"] = {name: HEADERS[name] for name in reply.headers}
    if reply.content:
        said["content"] = {media: {"schema": schema} for media, schema in reply.content.items()}
    return said


def _problem(refusals: list[type[Refusal]]) -> Schema:
    listed = sorted(refusals, key=lambda refusal: refusal.code)
    said: dict[str, Any] = {
        "description": "\n".join(f"- `{refusal.code}`: {refusal.title}" for refusal in listed),
        "content": {PROBLEM_TYPE: {"schema": problem_of(listed)}},
    }
    if any(refusal.retryable for refusal in listed):
        said["headers"] = {"Retry-After": HEADERS["Retry-After"]}
    return said


def _version() -> str:
    try:
        return version("vaani-widget")
    except PackageNotFoundError:  # run from its folder, never installed
        return "0"
