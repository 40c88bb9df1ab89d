"""What Vaani's ``POST /api/webrtc/token`` takes, as its page says it: the local Vaani API judges by this.

Written down apart from :mod:`vaani_widget.call_settings` on purpose: it is the other side's opinion, and
finds our mistakes only as long as it is not made of our code. It is stricter than Vaani need be in one thing:
a parameter that the page does not name is refused, so that a misspelt one is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

DEFAULTS: Final[Mapping[str, object]] = {
    "voice_gender": "female",
    "primary_language": "hi",
    "secondary_language": "en",
    "welcome_message": None,
    "welcome_interruptible": True,
    "bg_noise_enabled": False,
    "bg_noise_volume": 60,
    "voice_speed": 1.0,
    "env_flag": None,
    "metadata": {},
}
"""What a session runs with where a parameter was not sent; ``None`` is the agent's own."""


def _text(value: object) -> str | None:
    return None if isinstance(value, str) and value.strip() else "Input should be a non-empty string"


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "Input should be a boolean"


def _gender(value: object) -> str | None:
    return None if value in ("male", "female") else "Input should be 'male' or 'female'"


def _volume(value: object) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "Input should be an integer"
    return None if 0 <= value <= 100 else "Input should be between 0 and 100"


def _speed(value: object) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return "Input should be a number"
    return None if 0.6 <= value <= 1.4 else "Input should be between 0.6 and 1.4"


def _address(value: object) -> str | None:
    good = isinstance(value, str) and value.startswith(("ws://", "wss://"))
    return None if good else "Input should be a ws:// or wss:// URL"


def _object(value: object) -> str | None:
    return None if isinstance(value, dict) else "Input should be an object"


CHECKS: Final[Mapping[str, Callable[[object], str | None]]] = {
    "agent_id": _text,
    "agent_name": _text,
    "voice_gender": _gender,
    "primary_language": _text,
    "secondary_language": _text,
    "welcome_message": _text,
    "welcome_interruptible": _boolean,
    "bg_noise_enabled": _boolean,
    "bg_noise_volume": _volume,
    "voice_speed": _speed,
    "websocket_url": _address,
    "env_flag": _text,
    "metadata": _object,
}
"""The thirteen parameters; each check says what is wrong, or ``None``."""


def problems(body: object) -> list[dict[str, object]]:
    """Everything wrong with a request, in the form of the API's 422 answers; empty where all is well."""
    if not isinstance(body, dict):
        return [_problem("Input should be an object")]
    found = []
    for name, value in body.items():
        check = CHECKS.get(name)
        wrong = "Extra inputs are not permitted" if check is None else check(value)
        if wrong:
            found.append(_problem(wrong, name))
    if "agent_id" not in body and "agent_name" not in body:
        found.append(_problem("Field required: agent_id or agent_name", "agent_id"))
    return found


def settings_of(body: Mapping[str, Any]) -> dict[str, object]:
    """What the agent is told: every setting of the session, sent or not."""
    return {name: body.get(name, default) for name, default in DEFAULTS.items()}


def _problem(message: str, *where: str) -> dict[str, object]:
    return {"loc": ["body", *where], "msg": message, "type": "value_error"}
