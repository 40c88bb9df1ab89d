"""What each route takes and what it can answer: the part of the description that no other list has.

By endpoint, as the routes have it. Refusals are named by code; status and sentence are the error's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import REFUSALS, UpstreamError
from .openapi_schemas import Schema, ref


@dataclass(frozen=True)
class Reply:
    """An answer that is no refusal.

    :param content: media type → schema; none where the answer has no body.
    :param headers: names in :data:`HEADERS`.
    """

    description: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    :param replies: by status.
    :param codes: of the refusals it can answer; ``internal_error`` is every operation's.
    :param body: name of the body's schema.
    :param parameters: names in :data:`PARAMETERS`, besides those of the path.
    :param security: names of the security schemes, any of which will do.
    """

    summary: str
    replies: Mapping[int, Reply]
    codes: tuple[str, ...] = ()
    description: str = ""
    body: str | None = None
    parameters: tuple[str, ...] = ()
    security: tuple[str, ...] = ()


PARAMETERS: Mapping[str, Schema] = {
    "Origin": {
        "name": "Origin",
        "in": "header",
        "description": "Of the page; browsers send it by themselves. Without it nothing is to be had.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` that the caller has.",
        "schema": {"type": "string"},
    },
    "Accept-Encoding": {
        "name": "Accept-Encoding",
        "in": "header",
        "description": "`br` and `gzip` are packed ahead of time.",
        "schema": {"type": "string"},
    },
}
"""Headers of requests."""

HEADERS: Mapping[str, Schema] = {
    "ETag": {"description": "Names this very file.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long to keep it.", "schema": {"type": "string"}},
    "Content-Encoding": {
        "description": "How it is packed, where it is.",
        "schema": {"type": "string", "enum": ["br", "gzip"]},
    },
    "Content-Security-Policy": {
        "description": "What the page loads, and which sites may frame it.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Whole seconds after which to try again, where known.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
"""Headers of answers."""

NAMED: Mapping[str, Any] = {
    "site": {
        "description": "The site's key.",
        "schema": {"$ref": "#/components/schemas/Site/properties/key"},
    },
    "call_id": {"description": "The call's id.", "schema": {"type": "string", "minLength": 1}},
    "filename": {
        "description": "A name that the loader asks for.",
        "schema": {"type": "string", "minLength": 1},
    },
}
"""The parts of paths that vary."""

_BODY = ("bad_request", "body_too_large", "unsupported_media_type")
_SITE = ("site_not_found", "origin_not_allowed", "agent_not_allowed", "signed_visitors_only", "site_disabled")
_LEDGER = ("store_unavailable",)
_UPSTREAM = tuple(code for code, refusal in REFUSALS.items() if issubclass(refusal, UpstreamError))


def _file(description: str, media: str, schema: Schema, *headers: str) -> Mapping[int, Reply]:
    """A file that is asked for again with its ``ETag``."""
    content, kept = {media: schema}, ("ETag", "Cache-Control")
    return {
        200: Reply(description, content, (*kept, *headers)),
        304: Reply("The caller has it already.", headers=kept),
        412: Reply("The file, though it is not the one that `If-Match` names.", content),
    }


_SCRIPT = _file("The script.", "text/javascript", {"type": "string"}, "Content-Encoding")
_SCRIPT_PARAMETERS = ("If-None-Match", "Accept-Encoding")


def _json(description: str, schema: str, *headers: str) -> Reply:
    return Reply(description, {"application/json": ref(schema)}, headers)


OPERATIONS: Mapping[str, Operation] = {
    "widget_js": Operation(
        summary="The loader",
        description="The one script that a page has; the same for every site.",
        replies=_SCRIPT,
        parameters=_SCRIPT_PARAMETERS,
    ),
    "site_widget_js": Operation(
        summary="The loader that knows its site",
        description="It carries the site's key and look in itself, so that the page needs no attributes.",
        replies=_SCRIPT,
        codes=("site_not_found",),
        parameters=_SCRIPT_PARAMETERS,
    ),
    "asset": Operation(
        summary="What the loader fetches",
        description=(
            "Kept for good under today's name. A name of an earlier build answers today's file, to be asked "
            "for again."
        ),
        replies=_SCRIPT,
        codes=("not_found",),
        parameters=_SCRIPT_PARAMETERS,
    ),
    "site_token": Operation(
        summary="A site token",
        description=(
            "Starts at most one call. 30 a minute for one address, counted by each worker process for itself."
        ),
        body="TokenRequest",
        replies={201: _json("The token, and what a page may know of its site.", "SiteToken")},
        codes=(
            *_BODY,
            *_SITE,
            "rate_limited",
            "grant_invalid",
            "grant_expired",
            "settings_invalid",
            *_LEDGER,
        ),
        parameters=("Origin",),
    ),
    "calls": Operation(
        summary="Start a call",
        description=(
            "Spends the site token, then asks Vaani once. Every check comes before anything is spent; an "
            "answer's `spent` says what it cost."
        ),
        body="CallRequest",
        replies={201: _json("The call has begun: what its browser needs to join.", "Call")},
        codes=(
            *_BODY,
            *_SITE,
            "token_invalid",
            "token_expired",
            "consent_required",
            "token_spent",
            "challenge_required",
            "challenge_failed",
            "settings_invalid",
            "grant_invalid",
            "budget_spent",
            "rate_limited",
            "site_busy",
            *_LEDGER,
            *_UPSTREAM,
        ),
        parameters=("Origin",),
    ),
    "progress": Operation(
        summary="What a browser tells of its call",
        description=(
            "Authorised by the call token alone, whatever the origin. The same may be told again; to lose "
            "all of it is harmless. `ended` gives back the running slot and nothing else."
        ),
        body="ProgressRequest",
        replies={204: Reply("It is written down.")},
        codes=(*_BODY, "token_invalid", "token_expired", "call_not_found", *_LEDGER),
    ),
    "grant": Operation(
        summary="A grant for the page's session",
        description=(
            "Only in an app that sets a `grant_loader`, and only for pages of this origin: the app's own "
            "session says who the visitor is. The one route that takes a cookie. Any `grant-url` answers "
            "the same."
        ),
        replies={
            200: _json("A grant.", "Grant"),
            204: Reply("The visitor is anonymous, and there is nothing to say."),
        },
        codes=("not_found", "origin_not_allowed", "site_not_found", *_LEDGER),
        parameters=("Origin",),
    ),
    "call_page": Operation(
        summary="A page that is only the call",
        description="To link to or to frame, where the site sets `share`.",
        replies={200: Reply("The page.", {"text/html": {"type": "string"}}, ("Content-Security-Policy",))},
        codes=("not_found",),
    ),
    "healthz": Operation(
        summary="The process answers",
        description="Touches nothing.",
        replies={200: _json("It does.", "Health")},
    ),
    "readyz": Operation(
        summary="The ledger answers, too",
        description="Never asks Vaani.",
        replies={200: _json("A call could be started.", "Health")},
        codes=_LEDGER,
    ),
    "metrics": Operation(
        summary="Numbers for Prometheus",
        description="Answers to `VAANI_WIDGET_METRICS_TOKEN` only; without it nothing is here.",
        replies={
            200: Reply(
                "In one of Prometheus's formats, as `Accept` says. A ledger that can't be reached is a "
                "number, too.",
                {"text/plain": {"type": "string"}, "application/openmetrics-text": {"type": "string"}},
            )
        },
        codes=("not_found",),
        security=("metrics",),
    ),
    "openapi": Operation(
        summary="This description",
        replies=_file("An OpenAPI document.", "application/json", {"type": "object"}),
        parameters=("If-None-Match",),
    ),
}
"""Every operation by its endpoint."""
