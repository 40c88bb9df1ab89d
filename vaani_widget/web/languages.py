"""Which language a page is in, as the loader decides it for the button: tags, most exact first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OURS = ("en", "hi", "bn", "ta", "ur", "es")
"""Those that the widget speaks."""

_FROM_THE_RIGHT = frozenset(
    {"ar", "arc", "azb", "bal", "ckb", "dv", "fa", "glk", "he", "ks", "lrc", "mzn", "nqo", "pnb", "prs",
     "ps", "rhg", "sam", "sd", "sdh", "skr", "syr", "ug", "ur", "yi",
     "az-ir", "az-iq", "pa-pk", "uz-af"}
)  # fmt: skip
_SCRIPTS_FROM_THE_RIGHT = frozenset(
    {"adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"}
)

Texts = Mapping[str, Mapping[str, str]]


def tags(language: str) -> list[str]:
    """A language and what it is a kind of, in lower case: of ``zh-Hant-TW`` also ``zh-hant`` and ``zh``."""
    parts = language.lower().split("-")
    return ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]


def spoken(asked: Iterable[str], owners: Texts) -> str:
    """The first of those asked for that the widget speaks, or the owner does; else English.

    :param owners: the site's own texts, by languages in lower case.
    """
    known = (tag for language in asked for tag in tags(language) if tag in OURS or tag in owners)
    return next(known, "en")


def ours(language: str) -> str:
    """That of our own words, for a page in a language."""
    return next((tag for tag in tags(language) if tag in OURS), "en")


def owners_texts(language: str, owners: Texts) -> dict[str, str]:
    """What the owner says by key, the most exact language's before others', and that of our words at last."""
    texts: dict[str, str] = {}
    for tag in [ours(language), *reversed(tags(language))]:
        texts |= owners.get(tag, {})
    return texts


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, by the script that the tag names, else by that of the language, in its region."""
    rest = language.lower().split("-")[1:]
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    right = (
        script in _SCRIPTS_FROM_THE_RIGHT if script else any(tag in _FROM_THE_RIGHT for tag in tags(language))
    )
    return "rtl" if right else "ltr"
