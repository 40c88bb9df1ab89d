"""What Vaani answered, and what it means. No network here."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from .errors import (
    AgentNotFound,
    Spent,
    UpstreamAuth,
    UpstreamBalance,
    UpstreamError,
    UpstreamInvalid,
    UpstreamLimited,
    UpstreamRejected,
    UpstreamUnavailable,
)

MAX_BYTES = 64 * 1024
"""Of an answer. Vaani's are about 1 kB."""

MAX_LENGTHS = {"token": 16_384, "room_name": 512, "agent_name": 512, "connection_url": 2_048}
"""Characters. The documented answer is these four strings; the lengths are ours, and far above what comes."""

MAX_RETRY_AFTER = 3_600
"""Seconds. Whoever asks for more is asked again after this."""


@dataclass(frozen=True)
class Credentials:
    """What a browser needs to join its room, once.

    :param token: a LiveKit JWT for this room only.
    :param room_name: ``room_<agent>_<hash>``.
    :param agent_name: an identifier, not for showing.
    :param connection_url: ``wss:``, or ``ws:`` on loopback.
    :param live_captions_url: the same kind of address, where Vaani gave one.
    """

    token: str = field(repr=False)
    room_name: str
    agent_name: str
    connection_url: str
    live_captions_url: str | None = None


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as far as it was read.

    :param body: at most :data:`MAX_BYTES`; ``None`` where it was not to be had.
    :param flaw: why the body could not be taken, in words that follow "Vaani's answer ".
    """

    status: int
    retry_after: str | None = None
    body: bytes | None = field(default=None, repr=False)
    flaw: str | None = None


@dataclass(frozen=True)
class Failure:
    """A refusal that has not been raised yet.

    Raised only outside of every handler: what an HTTP library's traceback shows of its variables has the
    key in it.

    :param said: for the log: why, or what Vaani said about it. Not cleaned yet.
    """

    refusal: type[UpstreamError]
    spent: Spent
    detail: str | None = None
    retry_after: int | None = None
    said: str = field(default="", repr=False)

    def error(self) -> UpstreamError:
        return self.refusal(self.detail, retry_after=self.retry_after, spent=self.spent)


# Vaani's own client documents these. A call that was refused with one of them has cost nothing.
_REFUSED: dict[int, type[UpstreamError]] = {
    401: UpstreamAuth,
    402: UpstreamBalance,
    403: UpstreamAuth,
    404: AgentNotFound,
    422: UpstreamRejected,
    429: UpstreamLimited,
}


def judge(answer: Answer, *, now: float) -> Credentials | Failure:
    """What came of a request for a call.

    :param now: seconds since the epoch, for a ``Retry-After`` that is a date.
    """
    if answer.status in {200, 201}:
        found = _credentials(answer)
        if isinstance(found, Credentials):
            return found
        return Failure(UpstreamInvalid, "unknown", f"Vaani's answer {found}.")
    if answer.status in _REFUSED:
        wait = retry_after(answer.retry_after, now=now) if answer.status == 429 else None
        return Failure(_REFUSED[answer.status], "no", retry_after=wait, said=_said(answer))
    if 400 <= answer.status < 500:
        detail = f"Vaani did not accept the request (status {answer.status})."
        return Failure(UpstreamRejected, "unknown", detail, said=_said(answer))
    if 500 <= answer.status < 600:
        return Failure(
            UpstreamUnavailable, "unknown", f"Vaani failed (status {answer.status}).", said=_said(answer)
        )
    return Failure(UpstreamInvalid, "unknown", f"Vaani's answer has status {answer.status}.")


def _credentials(answer: Answer) -> Credentials | str:
    """The credentials, or what is wrong with the answer."""
    if answer.flaw is not None or answer.body is None:
        return answer.flaw or "has no body"
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(data, dict):
        return "is not a JSON object"
    strings: dict[str, str] = {}
    for name, longest in MAX_LENGTHS.items():
        value = data.get(name)
        if not isinstance(value, str) or not value or len(value) > longest or not value.isprintable():
            return f"has no usable {name}"
        strings[name] = value
    if not is_room_address(strings["connection_url"]):
        return "has a connection_url that is not wss:"
    captions = data.get("live_captions_url")
    usable = isinstance(captions, str) and is_room_address(captions)
    return Credentials(**strings, live_captions_url=captions if usable else None)


def is_room_address(url: str) -> bool:
    """May a browser be sent there? ``wss:`` with a host, or ``ws:`` on loopback; no user, no fragment.

    Stricter than a browser's parser, so that there is nothing that we read one way and it another.
    """
    if len(url) > MAX_LENGTHS["connection_url"] or not url.isascii() or not url.isprintable():
        return False
    if any(character in url for character in "\\ #"):
        return False
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "wss" or (parts.scheme == "ws" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_after(header: str | None, *, now: float) -> int | None:
    """Seconds from a ``Retry-After`` header: a number or a date (RFC 9110, 10.2.3). 1 to an hour."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        seconds = int(header)
    else:
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:  # "-0000": UTC, of an unknown place
            moment = moment.replace(tzinfo=UTC)
        seconds = round((moment - datetime.fromtimestamp(now, UTC)).total_seconds())
    return min(max(seconds, 1), MAX_RETRY_AFTER)


def _said(answer: Answer) -> str:
    """Vaani's own words on an error: ``detail`` or ``message``, or FastAPI's list of both."""
    try:
        data = json.loads(answer.body or b"")
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, dict):
        return ""
    found = data.get("detail") or data.get("message")
    if isinstance(found, dict):
        found = found.get("message") or found.get("msg")
    if isinstance(found, list):  # never its "input", which is what we sent
        found = "; ".join(str(item["msg"]) for item in found if isinstance(item, dict) and "msg" in item)
    return found if isinstance(found, str) else ""
