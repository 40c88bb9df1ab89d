"""The call settings one by one: the thirteen parameters of Vaani's ``POST /api/webrtc/token``.

Types, ranges and defaults are those of the vendor's page for that endpoint; the two limits of length
(``welcome_message``, ``metadata``) are ours. A value is accepted as it is or refused by name, never clamped.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from .errors import SettingsInvalid
from .loopback import is_loopback

Kind = Literal["string", "boolean", "integer", "number", "object"]

METADATA_KEYS = 32
METADATA_BYTES = 4096
"""Of the metadata's compact JSON in UTF-8."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_INT64 = 2**63


@dataclass(frozen=True)
class Parameter:
    """One call setting.

    :param default: what Vaani does where it is not sent; ``None`` where its page names no default.
    :param minimum: lowest value allowed, itself included; ``maximum`` likewise.
    :param max_length: characters of a string; for ``metadata``, bytes of its JSON.
    :param page_never: a page may not set it, whatever the site says.
    """

    name: str
    kind: Kind
    default: str | bool | int | float | None
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    page_never: bool = False


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        parameter.name: parameter
        for parameter in (
            Parameter(
                "agent_id", "string", None, "UUID or name of the agent", max_length=200, page_never=True
            ),
            Parameter(
                "agent_name", "string", None, "display name of the agent", max_length=200, page_never=True
            ),
            Parameter("voice_gender", "string", "female", "voice of the agent", choices=("male", "female")),
            Parameter("primary_language", "string", "hi", "language code of the session", max_length=35),
            Parameter("secondary_language", "string", "en", "fallback language code", max_length=35),
            Parameter(
                "welcome_message", "string", None, "greeting spoken when the call connects", max_length=500
            ),
            Parameter("welcome_interruptible", "boolean", True, "may the visitor talk over the greeting"),
            Parameter("bg_noise_enabled", "boolean", False, "background noise"),
            Parameter(
                "bg_noise_volume", "integer", 60, "volume of the background noise", minimum=0, maximum=100
            ),
            Parameter("voice_speed", "number", 1.0, "speed of the voice", minimum=0.6, maximum=1.4),
            Parameter(
                "websocket_url", "string", None, "other LiveKit server", max_length=500, page_never=True
            ),
            Parameter(
                "env_flag", "string", None, "flag for Vaani's backend", max_length=200, page_never=True
            ),
            Parameter(
                "metadata",
                "object",
                None,
                "key-value pairs forwarded to the agent",
                max_length=METADATA_BYTES,
            ),
        )
    }
)
"""Every call setting by its name, in the order of the vendor's page."""


def check(name: str, value: object) -> object:
    """Return the value of a call setting, or refuse it.

    :raises SettingsInvalid: its ``field`` is ``name`` (``metadata.KEY`` for one value of the metadata).
        The message says what is allowed and never repeats the value.
    """
    parameter = PARAMETERS.get(name)
    if parameter is None:
        near = get_close_matches(str(name)[:64], PARAMETERS, n=1)
        raise SettingsInvalid(
            f"There is no such call setting; did you mean {near[0]}?"
            if near
            else f"There is no such call setting; there are {', '.join(PARAMETERS)}.",
            field=str(name),
        )
    if name == "metadata":
        return check_metadata(value)
    if not _allowed(parameter, value):
        raise SettingsInvalid(f"{name} is {_wanted(parameter)}.", field=name)
    return value


def check_metadata(value: object, *, field: str = "metadata") -> dict[str, object]:
    """Return metadata as a plain dict, or refuse it.

    Flat: text keys, values of text, number, true, false or null; at most 32 keys, 4 KiB as JSON.

    :param field: what a refusal calls it.
    :raises SettingsInvalid: with ``field``, or ``field.KEY``.
    """
    if not isinstance(value, Mapping):
        raise SettingsInvalid(f"{field} is an object of text keys and plain values.", field=field)
    if len(value) > METADATA_KEYS:
        raise SettingsInvalid(f"{field} has at most {METADATA_KEYS} keys.", field=field)
    for key, item in value.items():
        if not isinstance(key, str) or not key or _SURROGATE.search(key):
            raise SettingsInvalid(f"Each key of {field} is text of at least one character.", field=field)
        check_metadata_value(key, item, field=field)
    size = len(json.dumps(dict(value), ensure_ascii=False, separators=(",", ":")).encode())
    if size > METADATA_BYTES:
        raise SettingsInvalid(f"{field} is at most {METADATA_BYTES} bytes as JSON.", field=field)
    return dict(value)


def check_metadata_value(key: str, value: object, *, field: str = "metadata") -> object:
    """Return one value of the metadata, or refuse it with the field ``metadata.KEY``.

    :raises SettingsInvalid:
    """
    match value:
        case None | bool():
            return value
        case str() if not _SURROGATE.search(value):
            return value
        case int() if -_INT64 <= value < _INT64:
            return value
        case float() if math.isfinite(value):
            return value
    raise SettingsInvalid(
        "A value of the metadata is text, a finite number, true, false or null; nothing nested.",
        field=f"{field}.{key}",
    )


def _allowed(parameter: Parameter, value: object) -> bool:
    match parameter.kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and _in_range(parameter, value)
        case "number":
            # A bool is an int to Python, and NaN fails both comparisons.
            return (
                isinstance(value, int | float) and not isinstance(value, bool) and _in_range(parameter, value)
            )
        case _:
            return isinstance(value, str) and _text_allowed(parameter, value)


def _in_range(parameter: Parameter, value: float) -> bool:
    return (parameter.minimum is None or value >= parameter.minimum) and (
        parameter.maximum is None or value <= parameter.maximum
    )


def _text_allowed(parameter: Parameter, value: str) -> bool:
    if parameter.choices:
        return value in parameter.choices
    # A lone surrogate comes through JSON as \ud800 and can't be sent on as UTF-8.
    if len(value) > (parameter.max_length or 0) or _SURROGATE.search(value):
        return False
    match parameter.name:
        case "primary_language" | "secondary_language":
            return _LANGUAGE.fullmatch(value) is not None
        case "websocket_url":
            return _websocket_url(value)
        case "welcome_message":
            return True
        case _:
            return bool(value.strip()) and not _UNPRINTABLE.search(value)


def _websocket_url(value: str) -> bool:
    if _UNPRINTABLE.search(value) or " " in value:
        return False
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  its reading is the check: a bad port raises
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc:
        return False
    return parts.scheme == "wss" or (parts.scheme == "ws" and is_loopback(parts.hostname))


def _wanted(parameter: Parameter) -> str:
    if parameter.choices:
        return " or ".join(f'"{choice}"' for choice in parameter.choices)
    match parameter.name:
        case "primary_language" | "secondary_language":
            return 'a language code such as "hi" or "en-IN"'
        case "websocket_url":
            return "a wss: address (ws: on loopback only)"
    match parameter.kind:
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number from {parameter.minimum:g} to {parameter.maximum:g}"
        case "number":
            return f"a number from {parameter.minimum:g} to {parameter.maximum:g}"
        case _:
            return f"text of at most {parameter.max_length} characters"
