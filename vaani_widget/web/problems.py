"""Refusals as ``application/problem+json`` (RFC 9457), readable by the widget on any origin."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from ..errors import (
    BadRequest,
    BodyTooLarge,
    ChallengeRequired,
    InternalError,
    MethodNotAllowed,
    NotFound,
    Refusal,
    Spent,
    UnsupportedMediaType,
)
from ..logs import during, fields
from .state import request_id

_log = logging.getLogger("vaani_widget")
_P = ParamSpec("_P")
_T = TypeVar("_T")

_BY_STATUS: dict[int, type[Refusal]] = {
    refusal.status: refusal
    for refusal in (BadRequest, NotFound, MethodNotAllowed, BodyTooLarge, UnsupportedMediaType)
}


def problem(refusal: Refusal) -> Response:
    """The refusal as an answer, with ``request_id`` to find it in the log by."""
    members: dict[str, Any] = {
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "retryable": refusal.retryable,
        "spent": refusal.spent,
        "request_id": request_id(),
    }
    if refusal.field is not None:
        members["field"] = refusal.field
    if isinstance(refusal, ChallengeRequired) and refusal.challenge is not None:
        members["challenge"] = refusal.challenge
    response = Response(status=refusal.status, mimetype="application/problem+json")
    if refusal.retry_after is not None:
        members["retry_after"] = refusal.retry_after
        response.headers["Retry-After"] = str(refusal.retry_after)
    response.data = json.dumps(members)
    return response


def install(blueprint: Blueprint) -> None:
    """Registers the handlers. They belong to the blueprint: the host's errors stay the host's.

    One for each status, since Flask prefers a host's ``errorhandler(404)`` to a blueprint's handler
    of a class. Statuses that are none of ours (a host's 401, its rate limit's 429) are left to the host.
    """
    blueprint.register_error_handler(Refusal, problem)
    for status in _BY_STATUS:
        blueprint.register_error_handler(status, _on_http_exception)
    blueprint.register_error_handler(500, _on_server_error)


def _on_http_exception(error: HTTPException) -> Response:
    response = problem(_BY_STATUS[error.code or 400]())
    for name, value in error.get_headers(request.environ):
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _on_server_error(_: HTTPException) -> Response:
    return problem(InternalError(spent=_spent_by_accident()))


def guarded(view: Callable[_P, _T]) -> Callable[_P, _T]:
    """What a view of ours did not foresee is logged and answered as ``internal_error``.

    Around the views and not a handler of ``Exception``, which would take the host's errors, too.
    Under test and in debug mode it goes on as it is, as Flask lets it: somebody wants to see it.
    """

    @wraps(view)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            with during(request_id()):
                return view(*args, **kwargs)
        except (Refusal, HTTPException):
            raise
        except Exception:
            propagate = current_app.config["PROPAGATE_EXCEPTIONS"]
            if current_app.testing or current_app.debug if propagate is None else propagate:
                raise
            told = fields("request_failed", request_id=request_id())
            _log.exception("request %s failed", request_id(), extra=told)
            raise InternalError(spent=_spent_by_accident()) from None

    return run


def _spent_by_accident() -> Spent:
    """Only the route that asks Vaani can have spent something when it broke."""
    return "unknown" if (request.endpoint or "").endswith(".calls") else "no"
