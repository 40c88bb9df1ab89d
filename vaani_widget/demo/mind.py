"""What the demo's agent makes of its settings and of what it hears: rules, no model, no LiveKit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .phrases import ASKED, PHRASES
from .vaani_rules import DEFAULTS

_WORD = re.compile(r"[^\s.,!?;:।؟¿¡…]+")

After = Literal["stay", "leave", "close"]
"""What the agent does once it has said it: stay, leave the room, or close it for everybody."""


@dataclass(frozen=True)
class Saying:
    text: str
    language: str
    after: After = "stay"


@dataclass(frozen=True)
class CallSettings:
    """What the local Vaani API told the agent about this call."""

    agent: str = "demo"
    voice_gender: str = "female"
    primary_language: str = "hi"
    secondary_language: str = "en"
    welcome_message: str | None = None
    welcome_interruptible: bool = True
    bg_noise_enabled: bool = False
    bg_noise_volume: int = 60
    voice_speed: float = 1.0
    env_flag: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dispatch(cls, text: str) -> CallSettings:
        """Read a dispatch's metadata; a room that was made without the local API gets the defaults."""
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return cls()
        known = {*DEFAULTS, "agent"}
        return cls(**{name: value for name, value in told.items() if name in known and value is not None})

    @property
    def language(self) -> str:
        """The language to speak: the primary one, where it is known; else the secondary; else English."""
        return _known(self.primary_language) or self.fallback_language

    @property
    def fallback_language(self) -> str:
        """The language to fall back to when it did not understand."""
        return _known(self.secondary_language) or "en"


class Mind:
    """The conversation of one call."""

    def __init__(self, settings: CallSettings) -> None:
        self.settings = settings

    def greeting(self) -> Saying:
        """The welcome message, its ``{{variables}}`` filled from the metadata; else the agent's own."""
        language = self.settings.language
        if self.settings.welcome_message:
            return Saying(self._fill(self.settings.welcome_message), language)
        known = self._known_of_visitor()
        parts = ["hello_name" if "name" in known else "hello", "i_am"]
        parts += [part for part in ("page", "plan") if part in known]
        return Saying(" ".join(self._phrase(part, language) for part in [*parts, "ask"]), language)

    def answer(self, text: str) -> Saying:
        """What to say to something heard or typed."""
        topic, language = topic_of(text), self.settings.language
        match topic:
            case None:
                fallback = self.settings.fallback_language
                said = self._phrase("heard", fallback, text=text.strip().rstrip(".!?।"))
                return Saying(f"{said} {self._phrase('ask', fallback)}", fallback)
            case "settings":
                return Saying(self._recital(), "en")
            case "name":
                known = "my_name" if "name" in self._known_of_visitor() else "no_name"
                return Saying(self._phrase(known, language), language)
            case "who":
                return Saying(self._phrase("i_am", language), language)
            case "bye":
                return Saying(self._phrase("bye", language), language, after="leave")
            case "hang_up":
                return Saying(self._phrase("bye", language), language, after="close")
            case "hello":
                return Saying(f"{self._phrase('hello', language)} {self._phrase('ask', language)}", language)
            case _:
                return Saying(self._phrase(topic, language), language)

    def _known_of_visitor(self) -> dict[str, str]:
        metadata = self.settings.metadata
        return {key: str(metadata[key]) for key in ("name", "page", "plan") if metadata.get(key)}

    def _phrase(self, key: str, language: str, **values: str) -> str:
        text = PHRASES[language][key]
        for name, value in {**self._known_of_visitor(), **values}.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _fill(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            return str(self.settings.metadata.get(found[1], found[0]))

        return re.sub(r"\{\{\s*([\w.-]+)\s*\}\}", value, text)

    def _recital(self) -> str:
        """Every setting as it arrived: how an owner checks them by ear."""
        told = self.settings
        parts = [f"Agent {told.agent}", f"{told.voice_gender} voice", f"speed {told.voice_speed:g}",
                 f"language {told.primary_language}, then {told.secondary_language}",
                 f"noise {told.bg_noise_volume if told.bg_noise_enabled else 'off'}"]  # fmt: skip
        if told.env_flag:
            parts.append(f"flag {told.env_flag}")
        parts += [f"{key} {value}" for key, value in told.metadata.items()]
        return ", ".join(parts) + "."


def topic_of(text: str) -> str | None:
    """The first topic that a word of ``text`` names, or ``None``."""
    words = " " + " ".join(_WORD.findall(text.casefold())) + " "
    for topic, names in ASKED.items():
        for name in names.split(", "):
            # Indian languages put endings on words; in English an ending makes another word.
            if f" {name}{' ' if name.isascii() else ''}" in words:
                return topic
    return None


def _known(code: str) -> str | None:
    language = code.replace("_", "-").split("-")[0].lower()
    return language if language in PHRASES else None
