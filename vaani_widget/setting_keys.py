"""Every top-level setting, once: its name, type, default and meaning. The README's table is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

SettingKind = Literal["text", "path", "whole number", "seconds", "key or list of keys", "table"]

_PREFIXES = ("VAANI_WIDGET_", "VAANI_")


@dataclass(frozen=True)
class Key:
    """One setting.

    :param name: in ``app.config`` and in the environment.
    :param default: what holds where nobody sets it, in words.
    :param value: the same as a value, where it is one.
    """

    name: str
    kind: SettingKind
    default: str
    meaning: str
    value: str | int | float | None = None

    @property
    def in_file(self) -> str | None:
        """Its name in the TOML file; ``None`` for the file's own path."""
        if self.name == "VAANI_WIDGET_CONFIG":
            return None
        prefix = next(prefix for prefix in _PREFIXES if self.name.startswith(prefix))
        return self.name.removeprefix(prefix).lower()


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        key.name: key
        for key in (
            Key(
                "VAANI_API_KEY",
                "text",
                "none: the start stops",
                "The account's key at Vaani. It never leaves the server, a log or an error.",
            ),
            Key(
                "VAANI_API_URL",
                "text",
                "https://api.vaanivoice.ai",
                "Where Vaani is. Under `app.testing` it has to be set, or a transport given: "
                "tests spend no money.",
                value="https://api.vaanivoice.ai",
            ),
            Key(
                "VAANI_AGENT",
                "text",
                "none",
                "The agent, by UUID or name, of the site `default`, where no site is written down.",
            ),
            Key(
                "VAANI_WIDGET_CONFIG",
                "path",
                "none",
                "A TOML file with settings. Environment and `app.config` are stronger.",
            ),
            Key(
                "VAANI_WIDGET_SITES",
                "table",
                "one site `default`, same origin only",
                "The websites that may use the widget, by key. In the environment a JSON object.",
            ),
            Key(
                "VAANI_WIDGET_SECRET_KEY",
                "key or list of keys",
                "the app's `SECRET_KEY` and `SECRET_KEY_FALLBACKS` where they have 32 bytes, "
                "else a random one kept in the database",
                "Signs tokens; at least 32 bytes. A list rotates: the first signs, all verify.",
            ),
            Key(
                "VAANI_WIDGET_DATABASE_URL",
                "text",
                "`vaani_widget.sqlite3` in the instance folder",
                "The ledger's database, SQLite or PostgreSQL. "
                "One that is wiped at a deploy forgets the day's budget.",
            ),
            Key(
                "VAANI_WIDGET_TRUSTED_PROXIES",
                "whole number",
                "0",
                "How many proxies stand in front of a server of its own. "
                "In a host app, ProxyFix is the app's.",
                value=0,
            ),
            Key(
                "VAANI_WIDGET_UPSTREAM_TIMEOUT",
                "seconds",
                "10",
                "How long a request to Vaani may take in all.",
                value=10,
            ),
            Key(
                "VAANI_WIDGET_METRICS_TOKEN",
                "text",
                "none: no metrics",
                "Opens `/metrics` to whoever sends it as a Bearer token, such as Prometheus.",
            ),
        )
    }
)
"""Every setting by its name."""

IN_FILE: Mapping[str, Key] = MappingProxyType({key.in_file: key for key in KEYS.values() if key.in_file})
"""Every setting by its name in the TOML file."""
