"""What the bodies of the protocol look like: names, types and lengths, and nothing about authority.

A member that is not known is ignored: tomorrow's widget talks to today's server. ``null`` is absent,
since JavaScript writes it so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from .errors import BadRequest

Event = Literal["connected", "ended", "feedback"]
EVENTS: tuple[Event, ...] = ("connected", "ended", "feedback")
MAX_FEEDBACK = 2000
"""Characters of a visitor's words."""

RATINGS = range(1, 6)
REASON = re.compile(r"[a-z][a-z0-9_]{0,31}")

_T = TypeVar("_T")


@dataclass(frozen=True)
class TokenRequest:
    """Body of ``POST /v1/sites/{site}/token``."""

    agent: str | None
    grant: str | None = field(repr=False)


@dataclass(frozen=True)
class CallRequest:
    """Body of ``POST /v1/calls``."""

    site_token: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    metadata: Mapping[str, Any] = field(repr=False)
    challenge_solution: str | None = field(repr=False)
    consent_version: str | None


@dataclass(frozen=True)
class ProgressRequest:
    """Body of ``POST /v1/calls/{call_id}/progress``."""

    call_token: str = field(repr=False)
    event: Event
    reason: str | None
    rating: int | None
    text: str | None = field(repr=False)


def token_request(body: Mapping[str, Any]) -> TokenRequest:
    """:raises BadRequest: naming the member."""
    return TokenRequest(agent=_take(body, "agent", str), grant=_take(body, "grant", str))


def call_request(body: Mapping[str, Any]) -> CallRequest:
    """:raises BadRequest: naming the member."""
    consent = _take(body, "consent", dict)
    return CallRequest(
        site_token=_need(body, "site_token"),
        settings=_take(body, "settings", dict) or {},
        metadata=_take(body, "metadata", dict) or {},
        challenge_solution=_take(body, "challenge_solution", str),
        consent_version=None if consent is None else _need(consent, "version", "consent.version"),
    )


def progress_request(body: Mapping[str, Any]) -> ProgressRequest:
    """:raises BadRequest: naming the member."""
    named = _need(body, "event")
    event = next((event for event in EVENTS if event == named), None)
    if event is None:
        raise BadRequest(f"Write one of {', '.join(EVENTS)}.", field="event")
    reason = _take(body, "reason", str)
    if reason is not None and not REASON.fullmatch(reason):
        raise BadRequest("Write a word of at most 32 lower-case letters, digits and _.", field="reason")
    rating = _take(body, "rating", int)
    if rating is not None and rating not in RATINGS:
        raise BadRequest("Write a whole number from 1 to 5.", field="rating")
    text = _take(body, "text", str)
    if text is not None and (len(text) > MAX_FEEDBACK or "\0" in text):
        raise BadRequest(f"Write at most {MAX_FEEDBACK} characters, none of them NUL.", field="text")
    return ProgressRequest(_need(body, "call_token"), event, reason, rating, text)


_WORDS = {str: "a string", dict: "an object", int: "a whole number"}


def _take(body: Mapping[str, Any], name: str, kind: type[_T], field: str | None = None) -> _T | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadRequest(f"{field or name} must be {_WORDS[kind]}.", field=field or name)
    return value


def _need(body: Mapping[str, Any], name: str, field: str | None = None) -> str:
    value = _take(body, name, str, field)
    if not value:
        raise BadRequest(f"{field or name} is missing.", field=field or name)
    return value
