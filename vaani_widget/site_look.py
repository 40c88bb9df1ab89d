"""What a site says of its button and panel: look, texts, consent. All of it is public."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from .colours import is_colour
from .tables import Table, dotted, line

_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_TEXT_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PICTURE = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?|/(?!/)\S*", re.IGNORECASE)
_FALLBACK = re.compile(
    r"https?://[^\s/?#@]+([/?#]\S*)?|tel:\+?[0-9().;=a-z-]+|mailto:[^\s@?]+@[^\s@]+", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

LookKind = Literal["text", "choice", "boolean", "integer", "colour", "picture", "link", "locale"]


@dataclass(frozen=True)
class LookAttribute:
    """One attribute of the look; ``lowest`` and ``highest`` (CSS pixels, or the z-index) of an integer."""

    kind: LookKind
    choices: tuple[str, ...] = ()
    lowest: int = 0
    highest: int = 0


LOOK: Mapping[str, LookAttribute] = MappingProxyType(
    {
        "label": LookAttribute("text"),
        "position": LookAttribute(
            "choice", ("bottom-right", "bottom-left", "top-right", "top-left", "inline")
        ),
        "variant": LookAttribute("choice", ("button", "compact", "none")),
        "theme": LookAttribute("choice", ("auto", "light", "dark")),
        "accent_color": LookAttribute("colour"),
        "avatar": LookAttribute("picture"),
        "z_index": LookAttribute("integer", lowest=-2147483648, highest=2147483647),
        "offset_x": LookAttribute("integer", lowest=-10000, highest=10000),
        "offset_y": LookAttribute("integer", lowest=-10000, highest=10000),
        "locale": LookAttribute("locale"),
        "transcript": LookAttribute("boolean"),
        "text_input": LookAttribute("boolean"),
        "feedback": LookAttribute("boolean"),
        "fallback_url": LookAttribute("link"),
    }
)
"""The widget's look attributes, with underscores as TOML writes them."""


@dataclass(frozen=True)
class Consent:
    """What a visitor agrees to before a call; a new ``version`` asks everybody again."""

    version: str
    text: str


def parse_look(table: Table) -> Mapping[str, str | int | bool]:
    """Read a site's ``look``; only what is written there.

    :raises SettingError:
    """
    colour = "Write it as accent_color."
    texts = "Write texts as the site's own table text, by language and key."
    table.only(LOOK, {"texts": texts, "color": colour, "colour": colour})
    return MappingProxyType({name: _look(table, name) for name in LOOK if table.has(name)})


def parse_text(table: Table) -> Mapping[str, Mapping[str, str]]:
    """Read a site's ``text``: language, in lower case → key → text.

    :raises SettingError:
    """
    texts: dict[str, Mapping[str, str]] = {}
    for locale in table.raw:
        if not isinstance(locale, str) or not _LOCALE.fullmatch(locale):
            raise table.refuse(str(locale), 'Name a table of texts by its language, such as "en" or "pt-BR".')
        if locale.lower() in texts:
            raise table.refuse(locale, "Write one table of texts for each language: case means nothing.")
        inner = table.table(locale)
        for key in inner.raw:
            if not isinstance(key, str) or not _TEXT_KEY.fullmatch(key):
                raise inner.refuse(str(key), "Name a text by its key, such as ai_notice.")
        # Case means nothing in a language tag, and browsers write it in more than one way.
        texts[locale.lower()] = MappingProxyType(
            {key: _long_text(inner, key, 1000) for key in inner.raw if isinstance(key, str)}
        )
    return MappingProxyType(texts)


def parse_consent(table: Table) -> Consent:
    """Read a site's ``consent``.

    :raises SettingError:
    """
    table.only({"version", "text"})
    for name, remedy in (
        ("version", 'Say which version of the text this is, such as version = "2026-11".'),
        ("text", "Write what the visitor agrees to."),
    ):
        if not table.has(name):
            raise table.refuse(name, remedy)
    return Consent(table.text("version", "", longest=64), _long_text(table, "text", 4000))


def _look(table: Table, name: str) -> str | int | bool:
    attribute = LOOK[name]
    match attribute.kind:
        case "boolean":
            return table.boolean(name, False)
        case "integer":
            return table.integer(name, 0, attribute.lowest, attribute.highest)
        case "choice":
            return table.choice(name, attribute.choices, "")
        case "text":
            return table.text(name, "", longest=120)
    value = table.text(name, "", longest=2000)
    match attribute.kind:
        case "colour":
            if not is_colour(value):
                remedy = 'Write a colour as CSS does: "#0b5fff", "rgb(11, 95, 255)", "teal", "var(--brand)".'
                raise table.refuse(name, remedy)
        case "picture":
            if not _PICTURE.fullmatch(value):
                raise table.refuse(name, 'Write an address that begins with "https://", or a path with "/".')
        case "link":
            if not _FALLBACK.fullmatch(value):
                raise table.refuse(name, 'Write an address that begins with "https://", "tel:" or "mailto:".')
        case _:
            if value != "auto" and not _LOCALE.fullmatch(value):
                raise table.refuse(name, 'Write "auto" or a language such as "en" or "pt-BR".')
    return value


def _long_text(table: Table, name: str, longest: int) -> str:
    """Text that may have line breaks."""
    where, value = dotted(table.where, name), table.raw[name]
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        return line(where, value, longest=longest)
    if _CONTROL.search(value):
        raise table.refuse(name, "Write it without control characters.")
    return value
