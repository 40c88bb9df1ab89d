"""Sites: the websites that may use the widget, read and checked at the start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast

from . import origins as _origins
from .call_settings import AGENT, PAGE_MAY_SET, PARAMETERS, check
from .errors import SettingError, SettingsInvalid
from .site_limits import Limits, Window, parse_limits
from .site_look import Consent, parse_consent, parse_look, parse_text
from .site_secrets import parse_secrets
from .tables import Table, dotted, suggestion

__all__ = ["SITE_KEYS", "Consent", "Limits", "Site", "Window", "parse_sites"]

SITE_KEYS = (
    "name",
    "origins",
    "agents",
    "page_may_set",
    "languages",
    "metadata_keys",
    "require",
    "challenge",
    "enabled",
    "share",
    "secret",
    "secret_env",
    "call",
    "locked",
    "limits",
    "look",
    "text",
    "consent",
)
"""Every key of a site's table."""

SITE_KEY_FORM = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Site:
    """One website, as its owner configured it.

    :param key: its name in pages and paths (``data-site``); not a secret.
    :param name: what visitors read; empty where the owner wrote none.
    :param origins: normalised; ``self`` stands for the server's own. Ask :meth:`allows_origin`.
    :param agents: ids or names of agents; the first is the default.
    :param page_may_set: call settings that a page may set, in the order of the vendor's page.
    :param languages: of the conversation, that a visitor may choose from; the first is the default.
    :param metadata_keys: keys of the metadata that a page may set.
    :param require: ``signed`` takes calls only with a grant that names a visitor.
    :param share: it has a call page of its own, so its origins include ``self``.
    :param secrets: that sign grants, the newest first; only those written down.
    :param call: call settings, weaker than a page's; ``locked`` are stronger than everybody's.
    """

    key: str
    agents: tuple[str, ...]
    origins: tuple[str, ...] = (_origins.SELF,)
    name: str = ""
    page_may_set: tuple[str, ...] = tuple(name for name in PARAMETERS if name in PAGE_MAY_SET)
    languages: tuple[str, ...] = ()
    metadata_keys: tuple[str, ...] = ()
    require: Literal["any", "signed"] = "any"
    challenge: Literal["auto", "off"] = "auto"
    enabled: bool = True
    share: bool = False
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    call: Mapping[str, object] = field(default_factory=dict, repr=False)
    locked: Mapping[str, object] = field(default_factory=dict, repr=False)
    limits: Limits = field(default_factory=Limits)
    look: Mapping[str, str | int | bool] = field(default_factory=dict)
    text: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    consent: Consent | None = None

    def allows_origin(self, origin: str | None, host: str) -> bool:
        """Whether a browser at this ``Origin`` may start calls of this site.

        :param origin: the header as it came; ``None`` and ``null`` are never allowed.
        :param host: the request's own ``Host`` header.
        """
        shared = (_origins.SELF,) if self.share else ()
        return _origins.allows((*self.origins, *shared), origin, host)

    @property
    def public(self) -> dict[str, Any]:
        """What everybody may know: ``site`` of a site token's answer. A new dict, ready for JSON."""
        return {
            "key": self.key,
            "name": self.name,
            "look": dict(self.look),
            "text": {locale: dict(texts) for locale, texts in self.text.items()},
            "consent": {"version": self.consent.version, "text": self.consent.text} if self.consent else None,
            "page_may_set": list(self.page_may_set),
            **self._choice,
        }

    @property
    def at_first_sight(self) -> dict[str, Any]:
        """What a button needs of :attr:`public`; every page view pays for it. The rest comes later."""
        # A language without a label, too: it is one that the owner speaks.
        labels = {
            locale: {"label": texts["label"]} if "label" in texts else {}
            for locale, texts in self.text.items()
        }
        # Whether there is one: where there is none, a click asks for the microphone at once.
        consent = None if self.consent is None else {"version": self.consent.version}
        look = dict(self.look)
        first = {"key": self.key, "name": self.name, "look": look, "text": labels, "consent": consent}
        # A panel that is opened before any call offers them.
        return {**first, **self._choice}

    @property
    def _choice(self) -> dict[str, Any]:
        """What a panel offers besides, where the owner has written it."""
        languages = {"languages": list(self.languages)} if self.languages else {}
        return {**languages, "share": True} if self.share else languages


NO_AGENT = "no-agent-is-set"
"""Stands where an app under test has named none. Vaani is never asked for it."""


def parse_sites(
    raw: object, *, where: str, environ: Mapping[str, str], default_agent: str | None = None
) -> Mapping[str, Site]:
    """Read the table of sites.

    :param raw: site key → its table; ``None`` where no site is written down: then there is one, ``default``,
        with ``default_agent``, for the pages of this server's own origin.
    :param where: how its author wrote the table's name, for the messages.
    :param environ: where ``secret_env`` is looked up.
    :raises SettingError: the first thing that is wrong.
    """
    if raw is None:
        if default_agent is None:
            raise SettingError(
                "VAANI_AGENT", "Name the agent to talk to by its UUID or name, or write a table of sites."
            )
        return MappingProxyType({"default": Site(key="default", agents=(default_agent,))})
    table = Table(where, raw)
    if not table.raw:
        raise SettingError(where, "No site is written here; write one, or leave the key out.")
    sites: dict[str, Site] = {}
    for key in table.raw:
        if not isinstance(key, str) or not SITE_KEY_FORM.fullmatch(key):
            raise table.refuse(str(key), "Name a site with a-z, 0-9, - and _ only, at most 64 of them.")
        sites[key] = _site(key, table.table(key), environ)
    return MappingProxyType(sites)


def _site(key: str, table: Table, environ: Mapping[str, str]) -> Site:
    table.only(SITE_KEYS, dict.fromkeys(("agent", *AGENT), 'Write it as agents = ["…"].'))
    secrets = parse_secrets(table, environ)
    require = cast(Literal["any", "signed"], table.choice("require", ("any", "signed"), "any"))
    if require == "signed" and not secrets:
        raise table.refuse(
            "require", '"signed" needs a secret that signs grants; write secret_env or secret too.'
        )
    page_may_set = _parse_page_may_set(table)
    call, locked = _parse_call(table.table("call")), _parse_call(table.table("locked"))
    languages = _parse_languages(table, page_may_set, call, locked)
    if languages:
        call = MappingProxyType({"primary_language": languages[0], **call})
    return Site(
        key=key,
        name=table.text("name", "", longest=100),
        origins=_parse_origins(table),
        agents=_parse_agents(table),
        page_may_set=page_may_set,
        languages=languages,
        metadata_keys=table.texts("metadata_keys", example='["page", "plan"]'),
        require=require,
        challenge=cast(Literal["auto", "off"], table.choice("challenge", ("auto", "off"), "auto")),
        enabled=table.boolean("enabled", True),
        share=table.boolean("share", False),
        secrets=secrets,
        call=call,
        locked=locked,
        limits=parse_limits(table.table("limits")),
        look=parse_look(table.table("look")),
        text=parse_text(table.table("text")),
        consent=parse_consent(table.table("consent")) if table.has("consent") else None,
    )


def _parse_origins(table: Table) -> tuple[str, ...]:
    example = '["https://www.acme.com"]'
    written = table.texts("origins", example=example)
    if not written:
        raise table.refuse(
            "origins",
            f'Name the websites that may use this site: {example}, or ["self"] for this server\'s own.',
        )
    plain = []
    for number, entry in enumerate(written, 1):
        try:
            plain.append(_origins.normalise(entry))
        except ValueError as problem:
            # An entry with a user and a password in it is the one that can't be shown.
            shown = "" if "@" in entry else f" ({json.dumps(entry)})"
            raise table.refuse("origins", f"Entry {number}{shown}: {problem}.") from None
    return tuple(dict.fromkeys(plain))


def _parse_agents(table: Table) -> tuple[str, ...]:
    agents = table.texts("agents", example='["d083374a-c167-4bda-b8bc-2a418ca85f35"]')
    if not agents:
        raise table.refuse("agents", 'Name at least one agent by its UUID or name: agents = ["…"].')
    return agents


def _parse_page_may_set(table: Table) -> tuple[str, ...]:
    names = table.texts("page_may_set", tuple(PAGE_MAY_SET), example='["primary_language"]')
    settable = [name for name, parameter in PARAMETERS.items() if not parameter.page_never]
    settable.remove("metadata")
    for name in names:
        if name == "metadata":
            raise table.refuse(
                "page_may_set", "Name the keys of metadata that a page may set in metadata_keys."
            )
        if name in PARAMETERS and name not in settable:
            raise table.refuse("page_may_set", f"No page may set {name}; write it in call, locked or agents.")
        if name not in settable:
            raise table.refuse("page_may_set", f"{json.dumps(name)}: {suggestion(name, settable)}")
    return tuple(name for name in PARAMETERS if name in names)


def _parse_languages(
    table: Table, page_may_set: tuple[str, ...], call: Mapping[str, object], locked: Mapping[str, object]
) -> tuple[str, ...]:
    """Languages that a visitor may choose from: such a choice must be able to have an effect."""
    languages = table.texts("languages", example='["hi", "en"]')
    if not table.has("languages"):
        return ()
    name = "primary_language"
    for language in languages:
        try:
            check(name, language)
        except SettingsInvalid:
            remedy = f'{json.dumps(language)}: write language codes, such as "hi" or "pt-BR".'
            raise table.refuse("languages", remedy) from None
    if len({language.lower() for language in languages}) < max(len(languages), 2):
        raise table.refuse("languages", "Name at least two languages, each once, or leave the key out.")
    if name not in page_may_set or name in locked:
        remedy = f"A visitor can choose only where {name} is in page_may_set and not in locked."
        raise table.refuse("languages", remedy)
    if call.get(name, languages[0]) != languages[0]:
        raise table.refuse("languages", f"Begin with the site's own {name}: the first is the default.")
    return languages


def _parse_call(table: Table) -> Mapping[str, object]:
    known = [name for name in PARAMETERS if name not in AGENT]
    table.only(known, dict.fromkeys(AGENT, "Name the agent in the site's list agents."))
    settings: dict[str, object] = {}
    for name in known:
        if table.has(name):
            try:
                settings[name] = check(name, table.raw[name])
            except SettingsInvalid as refusal:
                _, dot, inner = (refusal.field or name).partition(".")
                at = dotted(table.where, name)
                raise SettingError(dotted(at, inner) if dot else at, refusal.detail) from None
    return MappingProxyType(settings)
