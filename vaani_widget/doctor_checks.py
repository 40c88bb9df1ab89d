"""What doctor looks at, one function for each part of an application."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from flask import Flask
from sqlalchemy.engine import URL, make_url

from . import challenges, disk, errors
from .doctor_proxies import proxies
from .findings import Finding, ok, problem, warning
from .ledger_schema import OtherVersion
from .loopback import is_loopback
from .origins import SELF, allows
from .origins_shared import is_shared
from .sites import Site
from .web.bundle import REMEDY, BundleMissing, bundle
from .web.state import State

Check = Callable[[Flask, State], Iterator[Finding]]

LITTLE_SPACE = 200 * 1024 * 1024
"""Bytes of free disk below which a ledger is soon in trouble."""

MANY = 10
"""Lines about sites that an operator is shown at a start; doctor has them all."""

SHORT_TOKEN = 16
"""Characters below which a token for machines is too short."""

UPSTREAM_REMEDIES: dict[type[errors.Refusal], str] = {
    errors.UpstreamTimeout: "Look whether a firewall drops requests to VAANI_API_URL, or raise "
    "VAANI_WIDGET_UPSTREAM_TIMEOUT.",
    errors.UpstreamUnavailable: "Look whether this machine may open connections to VAANI_API_URL.",
}


def _settings(app: Flask, state: State) -> Iterator[Finding]:
    written = [
        f"{key} from {source}" for key, source in state.settings.sources.items() if source != "default"
    ]
    yield ok("settings", f"Read: {', '.join(written)}." if written else "All are at their defaults.")
    for text in state.settings.warnings:
        what, _, remedy = text.partition("; ")
        yield warning("settings", f"{what}.", remedy[:1].upper() + remedy[1:] or "See the table of settings.")


def _key(app: Flask, state: State) -> Iterator[Finding]:
    key = str(state.settings.api_key or "")
    if not key:
        yield problem("key", "VAANI_API_KEY is not set.", "Write the key from your Vaani account into it.")
    elif not key.startswith("vaani_"):
        yield warning(
            "key",
            "VAANI_API_KEY does not begin with vaani_ as Vaani's keys do.",
            "Compare it with the key in your Vaani account.",
        )
    else:
        yield ok("key", "VAANI_API_KEY is set.")


def _sites(app: Flask, state: State) -> Iterator[Finding]:
    for site in state.settings.sites.values():
        found = [*_open_to_strangers(site), *_origins(site)]
        yield from found
        if not site.enabled:
            yield warning(
                f"site {site.key}",
                "It is switched off: every call is refused.",
                "Set enabled = true to open it.",
            )
        elif not found:
            yield ok(f"site {site.key}", f"Takes calls from {', '.join(site.origins)}.")


def _strangers(app: Flask, state: State) -> Iterator[Finding]:
    found = (finding for site in state.settings.sites.values() for finding in _open_to_strangers(site))
    yield from islice(found, MANY)
    more = sum(1 for _ in found)
    if more:
        yield warning("sites", f"{more} more origins of sites are as open.", "doctor names each of them.")


def _open_to_strangers(site: Site) -> Iterator[Finding]:
    """What lets pages of people whom the owner does not know spend the site's calls."""
    about = f"site {site.key}"
    public = any(origin != SELF and not is_loopback(_host(origin)) for origin in site.origins)
    for origin in site.origins:
        host = _host(origin)
        if public and is_loopback(host):
            yield warning(
                about,
                f"{origin} stands beside public origins of {site.key}: any local page of a visitor may call "
                "from it.",
                "Remove it in production.",
            )
        if host.startswith("*.") and is_shared(host[2:]):
            yield warning(
                about,
                f"{origin} is everybody's: whoever gets a name below {host[2:]} may spend the calls of "
                f"{site.key}.",
                "Write the whole names of your own.",
            )


def _origins(site: Site) -> Iterator[Finding]:
    about = f"site {site.key}"
    for origin in site.origins:
        host = _host(origin)
        if origin == SELF:
            continue
        if origin.startswith("http://") and not is_loopback(host):
            yield warning(
                about,
                f"{origin} is not encrypted: browsers give its pages no microphone.",
                "Serve those pages over https and write https:// here.",
            )
        if host.rpartition(".")[2] in {"example", "invalid", "test"} or host.endswith(
            ("example.com", "example.org", "example.net")
        ):
            yield warning(
                about, f"{origin} is a placeholder that no visitor comes from.", "Write your own origin."
            )
        covered = next(
            (star for star in site.origins if "*" in star and star != origin and _covers(star, origin)),
            None,
        )
        if covered:
            yield warning(about, f"{origin} has no effect: {covered} covers it.", "Remove one of the two.")


def _covers(star: str, origin: str) -> bool:
    """Whether the pattern already allows the origin, so that writing both says nothing more."""
    return "*" not in origin and allows((star,), origin, "")


def _host(origin: str) -> str:
    return (urlsplit(origin).hostname or "") if origin != SELF else ""


def _metrics(app: Flask, state: State) -> Iterator[Finding]:
    token = state.settings.metrics_token
    if token is None:
        return
    if find_spec("prometheus_client") is None:
        yield problem(
            "metrics",
            "VAANI_WIDGET_METRICS_TOKEN is set, and /metrics can't answer: the extra [metrics] is missing.",
            "pip install 'vaani-widget[metrics]'",
        )
    elif len(token) < SHORT_TOKEN:
        yield warning(
            "metrics",
            f"VAANI_WIDGET_METRICS_TOKEN has fewer than {SHORT_TOKEN} characters: it can be guessed.",
            "Write a long random one, such as `openssl rand -hex 16` gives.",
        )
    else:
        yield ok("metrics", "/metrics answers to whoever has VAANI_WIDGET_METRICS_TOKEN.")


def _database(app: Flask, state: State) -> Iterator[Finding]:
    url = make_url(state.services.database_url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "postgresql" and find_spec("psycopg") is None:
        yield problem(
            "database",
            "PostgreSQL is asked for and its driver is missing.",
            "pip install 'vaani-widget[postgres]'",
        )
        return
    try:
        state.services.ledger.check()
    except errors.StoreUnavailable as error:
        reason = database_reason(error)
        yield problem("database", f"{shown} can't be used: {reason}", database_remedy(url, error))
    else:
        yield ok("database", f"{shown} answers.")


def database_reason(error: errors.StoreUnavailable) -> str:
    return error.reason if isinstance(error, OtherVersion) else error.detail


def database_remedy(url: URL, error: errors.StoreUnavailable) -> str:
    if isinstance(error, OtherVersion):
        return error.remedy
    if url.get_backend_name() != "sqlite":
        return "Look whether it runs, and whether VAANI_WIDGET_DATABASE_URL has its host, user and password."
    folder = _existing(Path(str(url.database)).parent)
    if not os.access(folder, os.W_OK):
        return f"This process may not write to {folder}: give it the right, or name another place in "\
            "VAANI_WIDGET_DATABASE_URL."  # fmt: skip
    return "Name a file that this process may write in VAANI_WIDGET_DATABASE_URL."


def _disk(app: Flask, state: State) -> Iterator[Finding]:
    url = make_url(state.services.database_url)
    if url.get_backend_name() != "sqlite":
        return
    path = Path(str(url.database))
    unfit = disk.unfit(path)
    if unfit:
        yield warning(
            "disk",
            f"The ledger lies {unfit}; with it goes the count of what was spent.",
            "Put it on a lasting local disk, or name a PostgreSQL in VAANI_WIDGET_DATABASE_URL.",
        )
    free = shutil.disk_usage(_existing(path.parent)).free
    if free < LITTLE_SPACE:
        yield warning(
            "disk", f"Only {free // 2**20} MB are free under the ledger.", "Make room on that disk."
        )
    elif not unfit:
        yield ok(
            "disk", f"{disk.filesystem(path) or 'The disk'} under the ledger has {free // 2**20} MB free."
        )


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.exists())


def _secret_key(app: Flask, state: State) -> Iterator[Finding]:
    settings = state.settings
    if not settings.secret_keys:
        yield ok("secret key", "Tokens are signed with a key of the ledger's own, which all workers share.")
    else:
        source = settings.sources["VAANI_WIDGET_SECRET_KEY"]
        yield ok("secret key", f"Tokens are signed with keys derived from that of {source}.")


def _bundle(app: Flask, state: State) -> Iterator[Finding]:
    try:
        build = bundle()
        found = [build.chunk(name) for name in build.chunks.values()]
        scripts = [build.loader, *(chunk[0] for chunk in found if chunk)]
    except BundleMissing:
        yield problem("bundle", "The scripts that browsers load are not all there.", REMEDY)
        return
    if len(scripts) < 2:
        yield problem("bundle", "The manifest of the browser's scripts names none but the loader.", REMEDY)
    elif not all({"br", "gzip"} <= script.encodings.keys() for script in scripts):
        yield warning("bundle", "Scripts are not packed; pages load three times as much.", REMEDY)
    else:
        yield ok("bundle", f"The loader and {len(scripts) - 1} chunks are there.")


def _upstream(app: Flask, state: State) -> Iterator[Finding]:
    url = state.settings.api_url
    proxies = ", ".join(sorted(f"{name.upper()}_PROXY" for name in getproxies_environment() if name != "no"))
    ignored = f" {proxies} is set and ignored on purpose: the key goes straight to Vaani." if proxies else ""
    try:
        state.services.vaani.probe()
    except errors.Refusal as refusal:
        remedy = UPSTREAM_REMEDIES.get(type(refusal), "Look whether VAANI_API_URL is Vaani's address.")
        yield problem("vaani", f"{url}: {refusal.code}. {refusal.detail}{ignored}", remedy)
    except errors.SettingError as error:
        yield warning("vaani", "It was not asked, because this app is under test.", error.remedy)
    else:
        yield ok(
            "vaani",
            f"{url} answers. No call was started; whether the key and agent are right shows at one.{ignored}",
        )


def _extras(app: Flask, state: State) -> Iterator[Finding]:
    asking = challenges.asking(state.settings.sites.values())
    if not asking:
        return
    if state.services.own_challenge is not None:
        yield ok("challenge", f"Anonymous visitors of {asking} get the app's own where one is due.")
    elif challenges.proof_of_work(tuple) is None:
        what = f"The challenge of {asking} is off: {challenges.EXTRA_MISSING}"
        yield warning("challenge", what, challenges.INSTALL)
    else:
        yield ok("challenge", f"Anonymous visitors of {asking} get ALTCHA's proof of work where one is due.")


AT_START: tuple[Check, ...] = (_strangers, _metrics, _disk, _extras)
"""What an operator has to know at every start; these touch no network and no database."""

ALL: tuple[Check, ...] = (
    _settings, _key, _sites, _database, _secret_key, _bundle, _upstream, proxies, _metrics, _disk, _extras
)  # fmt: skip
"""What doctor looks at. ``_sites`` says of each site what ``_strangers`` says at a start."""
