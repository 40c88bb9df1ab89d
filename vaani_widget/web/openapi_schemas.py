"""Every field of the protocol as JSON Schema, made from the lists that the server itself goes by.

What a browser sends may have members that are not here: they are ignored, as ``null`` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from ..call_parameters import METADATA_BYTES, METADATA_KEYS, PARAMETERS, Parameter
from ..errors import REFUSALS, Refusal, Spent
from ..grants import LONGEST_GRANT_SECONDS
from ..shapes import EVENTS, MAX_FEEDBACK, RATINGS, REASON
from ..signing import LONGEST
from ..site_look import LOOK, LookAttribute
from ..sites import SITE_KEY_FORM
from ..tokens import SITE_TOKEN_SECONDS
from ..upstream_answer import MAX_LENGTHS

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A pointer to one of :func:`schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def problem_of(refusals: Iterable[type[Refusal]]) -> Schema:
    """A problem with one of these codes, all of one status."""
    listed = sorted(refusals, key=lambda refusal: refusal.code)
    (status,) = {refusal.status for refusal in listed}
    members = {
        "status": {"const": status},
        "code": {"enum": [refusal.code for refusal in listed]},
        "spent": {"enum": sorted({answer for refusal in listed for answer in refusal.spends})},
    }
    return {"allOf": [ref("Problem"), {"properties": members}]}


def schemas() -> dict[str, Schema]:
    """All of them by name."""
    return {
        "Problem": _PROBLEM,
        "TokenRequest": _TOKEN_REQUEST,
        "SiteToken": _SITE_TOKEN,
        "Site": _SITE,
        "Challenge": _CHALLENGE,
        "CallRequest": _CALL_REQUEST,
        "CallSettings": _CALL_SETTINGS,
        "Metadata": _METADATA,
        "Call": _CALL,
        "ProgressRequest": _PROGRESS_REQUEST,
        "Grant": _GRANT,
        "Health": _HEALTH,
    }


def pattern(compiled: re.Pattern[str]) -> str:
    """The whole of a text, for JSON Schema, whose patterns match anywhere."""
    return f"^{compiled.pattern}$"


def _object(
    properties: Mapping[str, Schema], *, optional: Iterable[str] = (), description: str = ""
) -> Schema:
    absent = set(optional)
    said = {"description": description} if description else {}
    required = [name for name in properties if name not in absent]
    return {"type": "object", **said, "required": required, "properties": dict(properties)}


def _text(description: str, **more: object) -> Schema:
    return {"type": "string", "description": description, **more}


def _or_null(schema: Schema) -> Schema:
    """``null`` is absent, since JavaScript writes it so."""
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _token(description: str) -> Schema:
    return _text(description, minLength=1, maxLength=LONGEST)


def _setting(parameter: Parameter) -> Schema:
    known = {
        "type": parameter.kind,
        "description": f"{parameter.meaning[0].upper()}{parameter.meaning[1:]}.",
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "enum": list(parameter.choices) or None,
        "maxLength": None if parameter.choices else parameter.max_length,
        "default": parameter.default,
    }
    return {name: value for name, value in known.items() if value is not None}


def _look(attribute: LookAttribute) -> Schema:
    match attribute.kind:
        case "boolean":
            return {"type": "boolean"}
        case "integer":
            return {"type": "integer", "minimum": attribute.lowest, "maximum": attribute.highest}
        case "choice":
            return {"type": "string", "enum": list(attribute.choices)}
        case _:
            return {"type": "string"}


_PROBLEM = _object(
    {
        "title": _text("What happened; the same for every problem of this code."),
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": _text("What was wrong and what to do, for a developer."),
        "code": _text("For programs. Codes do not change.", enum=sorted(REFUSALS)),
        "retryable": {"type": "boolean", "description": "Whether the same may work later."},
        "spent": _text(
            "Whether it cost the owner money. `unknown`: Vaani may have been reached, so it counts as spent.",
            enum=list(get_args(Spent)),
        ),
        "request_id": _text("Names this request in the server's log.", minLength=1),
        "retry_after": {
            "type": "integer",
            "minimum": 1,
            "description": "Whole seconds after which to try again, where known; also as `Retry-After`.",
        },
        "field": _text("The member of the request that was wrong, such as `voice_speed`."),
        "challenge": ref("Challenge"),
    },
    optional=("retry_after", "field", "challenge"),
    description="A problem as in RFC 9457. Programs read `code`, never the sentences.",
)

_TOKEN_REQUEST = _object(
    {
        "agent": _or_null(_text("UUID or name of one of the site's agents. Default: the site's first.")),
        "grant": _or_null(
            _text(
                "A JWT that the site's own backend signed, good for at most "
                f"{LONGEST_GRANT_SECONDS // 3600} hours: locks settings, carries trusted metadata, says who "
                "the visitor is."
            )
        ),
    },
    optional=("agent", "grant"),
)

_SITE = _object(
    {
        "key": _text("The site's name in pages and paths; not a secret.", pattern=pattern(SITE_KEY_FORM)),
        "name": _text("What visitors read; empty where the owner wrote none."),
        "look": {
            "type": "object",
            "description": "What the owner wrote of it, by the attributes' names with `_` for `-`.",
            "properties": {name: _look(attribute) for name, attribute in LOOK.items()},
            "additionalProperties": False,
        },
        "text": {
            "type": "object",
            "description": "Texts of the widget: language, then key, then text.",
            "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "consent": _or_null(
            _object({"version": _text("Sent back with the call."), "text": _text("What to agree to.")})
        ),
        "page_may_set": {
            "type": "array",
            "description": "Call settings that a page may set. Others are left out and named in `ignored`.",
            "items": {"type": "string", "enum": sorted(PARAMETERS)},
        },
        "languages": {
            "type": "array",
            "description": "Languages of the conversation that a visitor may choose from; the first is the "
            "default. Absent where the owner offers no choice.",
            "items": {"type": "string"},
            "minItems": 2,
        },
        "share": {"type": "boolean", "description": "Where true, the site has a call page of its own."},
    },
    optional=("languages", "share"),
)

_CHALLENGE = {
    "type": "object",
    "description": "What has to be solved before the call; what else it has depends on `kind`.",
    "required": ["kind"],
    "properties": {"kind": _text("Which solver it needs: `altcha`, or the owner's own.", minLength=1)},
    "additionalProperties": True,
}

_SITE_TOKEN = _object(
    {
        "site_token": _token("Starts at most one call, of this site, from this origin, with this agent."),
        "expires_in": {
            "type": "integer",
            "minimum": 1,
            "maximum": SITE_TOKEN_SECONDS,
            "description": "Seconds that the token lives.",
        },
        "site": ref("Site"),
        "challenge": {**ref("Challenge"), "description": "Where one is due by now."},
    },
    optional=("challenge",),
)

_CALL_SETTINGS = {
    "type": "object",
    "description": (
        "Call settings of the page. A name that the page may not set, or that is locked, is left out and "
        "named in the answer's `ignored`; its value is not looked at. No page sets "
        + ", ".join(f"`{name}`" for name, parameter in PARAMETERS.items() if parameter.page_never)
        + "; `metadata` is a member of its own."
    ),
    "properties": {
        name: _setting(parameter)
        for name, parameter in PARAMETERS.items()
        if not parameter.page_never and name != "metadata"
    },
}

_METADATA = {
    "type": "object",
    "description": (
        f"What the agent is told, flat: with what others say at most {METADATA_KEYS} keys and "
        f"{METADATA_BYTES} bytes as JSON. A key outside the site's `metadata_keys` is left out."
    ),
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}

_CALL_REQUEST = _object(
    {
        "site_token": _token("Of `/v1/sites/{site}/token`. Spent by this, unless the answer says otherwise."),
        "settings": _or_null(ref("CallSettings")),
        "metadata": _or_null(ref("Metadata")),
        "challenge_solution": _or_null(_text("Of the challenge that came with `challenge_required`.")),
        "consent": _or_null(_object({"version": _text("Of the text that the visitor saw.", minLength=1)})),
    },
    optional=("settings", "metadata", "challenge_solution", "consent"),
)

_CALL = _object(
    {
        "call_id": _text("The call's name.", minLength=1),
        "token": _text("LiveKit's, for this room, once.", maxLength=MAX_LENGTHS["token"]),
        "room_name": _text("The LiveKit room.", maxLength=MAX_LENGTHS["room_name"]),
        "agent_name": _text("An identifier, not for showing.", maxLength=MAX_LENGTHS["agent_name"]),
        "connection_url": _text(
            "The LiveKit server: `wss:`, or `ws:` on loopback.",
            pattern="^wss?://",
            maxLength=MAX_LENGTHS["connection_url"],
        ),
        "live_captions_url": _or_null(_text("A WebSocket with captions, where Vaani has one.")),
        "call_token": _token("Speaks for this call in `/v1/calls/{call_id}/progress`."),
        "max_seconds": {
            "type": "integer",
            "minimum": 60,
            "description": "After which the widget hangs up. The server can't.",
        },
        "ignored": {
            "type": "array",
            "description": "What the page sent without a say in it: `voice_gender`, `metadata.plan`.",
            "items": {"type": "string"},
        },
    }
)

_PROGRESS_REQUEST = _object(
    {
        "call_token": _token("The call's own."),
        "event": _text("What happened.", enum=list(EVENTS)),
        "reason": _or_null(_text("Why it ended.", pattern=pattern(REASON))),
        "rating": _or_null({"type": "integer", "minimum": RATINGS[0], "maximum": RATINGS[-1]}),
        "text": _or_null(_text("The visitor's own words; no NUL.", maxLength=MAX_FEEDBACK)),
    },
    optional=("reason", "rating", "text"),
)

_GRANT = _object({"grant": _text("Goes into the body of `/v1/sites/{site}/token`.", minLength=1)})

_HEALTH = _object({"status": {"type": "string", "enum": ["ok", "ready"]}})
