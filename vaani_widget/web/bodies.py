"""Request bodies: small, strict JSON, sent as ``text/plain`` so that no preflight is due."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from ..errors import BadRequest, BodyTooLarge, UnsupportedMediaType

MAX_BODY = 16 * 1024
"""Bytes."""

MEDIA_TYPES = frozenset({"text/plain", "application/json"})


def limit(request: Request) -> None:
    """Nobody reads more of this request than is needed to know that it is too large.

    One byte over: of a chunked body Werkzeug reads what is allowed and silently leaves the rest.
    """
    request.max_content_length = MAX_BODY + 1


def read_object(request: Request) -> Mapping[str, Any]:
    """The body's JSON object.

    :raises BodyTooLarge: over 16 KiB, whatever ``Content-Length`` claims, chunked or not.
    :raises UnsupportedMediaType: for a content type other than ``text/plain`` and ``application/json``.
    :raises BadRequest: for anything but one JSON object in UTF-8.
    """
    limit(request)
    try:
        data = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise BodyTooLarge from None
    except ClientDisconnected:
        raise BadRequest("The body was cut short.") from None
    if len(data) > MAX_BODY:
        raise BodyTooLarge
    if request.mimetype not in MEDIA_TYPES:
        raise UnsupportedMediaType
    return parse_object(data)


def parse_object(data: bytes) -> Mapping[str, Any]:
    """Strict JSON: no NaN, no infinity, no member twice, no lone surrogate.

    :raises BadRequest: with what was wrong, never with what was sent.
    """
    try:
        body = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_members_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except ValueError:
        raise BadRequest("The body is not JSON: no NaN, no infinity, no member twice.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be one JSON object.")
    return body


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError
    return number
