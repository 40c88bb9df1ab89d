"""The settings of one application: read once, checked once, frozen. Nothing else reads a setting anywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from .errors import SettingError
from .hidden import Secret, SecretBytes
from .loopback import is_loopback
from .setting_keys import KEYS, Key
from .setting_sources import Found, Sources, number, table
from .site_secrets import SHORTEST, keys_in_environment, parse_keys
from .sites import NO_AGENT, Site, parse_sites
from .tables import describe, line

__all__ = ["KEYS", "Key", "Secret", "Settings", "load"]

_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
_DATABASES = re.compile(r"(sqlite(\+pysqlite)?|postgres|postgresql(\+psycopg)?)://")
_LONGEST_TIMEOUT = 15
"""Seconds. A browser waits 20 for its call: what comes later is paid for and heard by nobody."""


@dataclass(frozen=True)
class Settings:
    """What an application was configured to do.

    :param api_key: empty only under test.
    :param api_url: without a slash at its end.
    :param agent: of the site ``default`` where no site was written.
    :param secret_keys: the newest first; empty: take the ledger's own.
    :param database_url: ``None``: SQLite in the instance folder.
    :param trusted_proxies: proxies in front of a server of its own.
    :param upstream_timeout: seconds that a request to Vaani may take in all.
    :param warnings: one line each, for the log at the start and for doctor.
    :param sources: where each key was found: ``app.config``, ``environment``, ``file NAME``,
        ``command line`` or ``default``.
    """

    api_key: Secret
    api_url: str
    agent: str | None
    sites: Mapping[str, Site]
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)
    database_url: Secret | None = None
    trusted_proxies: int = 0
    upstream_timeout: float = 10
    metrics_token: Secret | None = None
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


def load(
    *,
    app_config: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    config_file: Path | None = None,
    host_secret_keys: Sequence[str | bytes | None] = (),
    testing: bool = False,
    transport_given: bool = False,
) -> Settings:
    """Read and check every setting. It opens nothing but the TOML file.

    :param app_config: a host app's ``app.config``; ``None`` for a server of its own.
    :param environ: ``os.environ`` where absent.
    :param config_file: a TOML file named on the command line; stronger than ``VAANI_WIDGET_CONFIG``.
    :param host_secret_keys: the host's ``SECRET_KEY`` first, then its fallbacks; read from ``app_config``
        where absent.
    :param testing: of the app: then Vaani's own address has to be set on purpose, and neither key nor agent
        is needed.
    :param transport_given: something stands in for the network: then neither is needed.
    :raises SettingError: the first thing that is wrong, in one line.
    """
    environ = os.environ if environ is None else environ
    sources = Sources(app_config, environ, config_file)
    agent = _agent(sources)
    # Most tests of a host make no call; Services refuses the first that would go to nobody.
    sites = _sites(sources, environ, NO_AGENT if testing and agent is None else agent)
    host_keys = host_secret_keys or _host_keys(app_config or {})
    secret_keys, secret_source = _secret_keys(sources, host_keys)
    return Settings(
        api_key=_api_key(sources, needed=not (testing or transport_given)),
        api_url=_api_url(sources, needed=testing and not transport_given),
        agent=agent,
        sites=sites,
        secret_keys=secret_keys,
        database_url=_database_url(sources),
        trusted_proxies=_trusted_proxies(sources),
        upstream_timeout=_upstream_timeout(sources),
        metrics_token=_hidden(sources, "VAANI_WIDGET_METRICS_TOKEN"),
        warnings=sources.warnings(_variables(sources)),
        sources=MappingProxyType({**_where(sources), "VAANI_WIDGET_SECRET_KEY": secret_source}),
    )


def _where(sources: Sources) -> dict[str, str]:
    found = {name: sources.find(name) for name in KEYS} | {"VAANI_WIDGET_CONFIG": sources.config}
    return {name: one.source if one else "default" for name, one in found.items()}


def _agent(sources: Sources) -> str | None:
    found = sources.find("VAANI_AGENT")
    if found is None:
        return None
    with found.refusing():
        return line(found.label, found.value)


def _sites(sources: Sources, environ: Mapping[str, str], agent: str | None) -> Mapping[str, Site]:
    found = sources.find("VAANI_WIDGET_SITES")
    if found is None:
        return parse_sites(None, where="VAANI_WIDGET_SITES", environ=environ, default_agent=agent)
    with found.refusing():
        return parse_sites(table(found), where=found.label, environ=environ, default_agent=agent)


def _variables(sources: Sources) -> frozenset[str]:
    """Names of variables that hold the secrets of sites."""
    found = sources.find("VAANI_WIDGET_SITES")
    sites = table(found) if found else {}
    tables = sites.values() if isinstance(sites, Mapping) else ()
    return frozenset(str(site["secret_env"]) for site in tables if "secret_env" in site)


def _hidden(sources: Sources, name: str) -> Secret | None:
    """Text for a header; what it holds is never repeated."""
    found = sources.find(name)
    if found is None:
        return None
    if not isinstance(found.value, str):
        raise found.refuse(f"Write text in quotes, not {describe(found.value)}.")
    if not _HEADER_SAFE.fullmatch(found.value):
        raise found.refuse("Copy it again: it is empty, or holds white space or characters that no key has.")
    return Secret(found.value)


def _api_key(sources: Sources, *, needed: bool) -> Secret:
    key = _hidden(sources, "VAANI_API_KEY")
    if key is None and needed:
        raise SettingError("VAANI_API_KEY", "Set it to your account's key at Vaani; it stays on this server.")
    return key or Secret("")


def _api_url(sources: Sources, *, needed: bool) -> str:
    found = sources.find("VAANI_API_URL")
    if found is None:
        if needed:
            raise SettingError(
                "VAANI_API_URL",
                "This app is under test and a call would cost money; set it to a server of your own, "
                "or use vaani_widget.testing.",
            )
        return str(KEYS["VAANI_API_URL"].value)
    with found.refusing():
        url = line(found.label, found.value, longest=500)
    remedy = (
        "Write an address such as https://api.vaanivoice.ai (http: on loopback only), nothing after its path."
    )
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  its reading is the check: a bad port raises
    except ValueError:
        raise found.refuse(remedy) from None
    host = parts.hostname or ""
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not encrypted or not host or "@" in parts.netloc or "?" in url or "#" in url or " " in url:
        raise found.refuse(remedy)
    return url.rstrip("/")


def _host_keys(app_config: Mapping[str, object]) -> tuple[object, ...]:
    fallbacks = app_config.get("SECRET_KEY_FALLBACKS")
    return (app_config.get("SECRET_KEY"), *(fallbacks if isinstance(fallbacks, list | tuple) else ()))


def _secret_keys(sources: Sources, host_keys: Sequence[object]) -> tuple[tuple[bytes, ...], str]:
    """The keys that sign, and where they were found."""
    found = sources.find("VAANI_WIDGET_SECRET_KEY")
    if found is not None:
        with found.refusing():
            if found.text:
                return keys_in_environment(found.label, str(found.value)), found.source
            return parse_keys(found.label, found.value), found.source
    keys = [_host_key(key) for key in host_keys]
    # The first signs. A fallback in its place would be a key that its owner has retired.
    if not keys or keys[0] is None:
        return (), "default"
    return tuple(key for key in keys if key is not None), "app.config SECRET_KEY"


def _host_key(key: object) -> SecretBytes | None:
    """The host's key where it is long enough for us; it was made for other work, so that it stops nothing."""
    as_bytes = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    return SecretBytes(as_bytes) if isinstance(as_bytes, bytes) and len(as_bytes) >= SHORTEST else None


def _database_url(sources: Sources) -> Secret | None:
    found = sources.find("VAANI_WIDGET_DATABASE_URL")
    if found is None:
        return None
    if not isinstance(found.value, str) or not _DATABASES.match(found.value) or not found.value.isprintable():
        raise found.refuse('Write it as "sqlite:////path/to/file" or "postgresql://user:password@host/name".')
    return Secret(found.value)


def _trusted_proxies(sources: Sources) -> int:
    found = sources.find("VAANI_WIDGET_TRUSTED_PROXIES")
    if found is None:
        return 0
    value = number(found, whole=True)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10:
        raise found.refuse(_number_remedy("a whole number from 0 to 10, such as 1", found))
    return value


def _upstream_timeout(sources: Sources) -> float:
    found = sources.find("VAANI_WIDGET_UPSTREAM_TIMEOUT")
    if found is None:
        return 10
    value = number(found, whole=False)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _LONGEST_TIMEOUT:
        raise found.refuse(_number_remedy(f"seconds above 0 and up to {_LONGEST_TIMEOUT}, such as 10", found))
    return value


def _number_remedy(wanted: str, found: Found) -> str:
    quotes = ", without quotes" if isinstance(found.value, str) and not found.text else ""
    return f"Write {wanted}{quotes}."
