"""What doctor says of the proxies in front: by the settings, and by what was noticed while serving."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Flask

from .findings import Finding, ok, warning
from .web.proxies import noticed, trusted
from .web.state import State

_ABOUT = "proxy"
_SET = (
    "Set VAANI_WIDGET_TRUSTED_PROXIES to the number of proxies in front; in an app of your own, wrap it in "
    "Werkzeug's ProxyFix."
)


def proxies(app: Flask, state: State) -> Iterator[Finding]:
    """Whether limits count visitors, or a proxy that all of them share."""
    believed = trusted(app)
    stranger = noticed(app, state.services.notices, "not_trusted")
    silent = noticed(app, state.services.notices, "missing")
    if stranger is not None:
        yield warning(
            _ABOUT,
            "A proxy in front is not trusted: all visitors who come through it share one address and its "
            f"limits. {_last(stranger)}",
            _SET,
        )
    if silent is not None:
        yield warning(
            _ABOUT,
            f"{_count(believed)} trusted, but a request named fewer in X-Forwarded-For: it counted for the "
            f"address of a proxy, which all visitors share. {_last(silent)}",
            f"{_SET} Each of them has to write X-Forwarded-For, or add to it.",
        )
    if stranger is not None or silent is not None:
        return
    if believed:
        yield ok(_ABOUT, f"{_count(believed)} trusted to name the visitor's address.")
    elif any(
        origin.startswith("https://") for site in state.settings.sites.values() for origin in site.origins
    ):
        yield warning(
            _ABOUT,
            "No proxy in front is trusted. Behind one, all visitors share one address and its limits.",
            _SET,
        )
    else:
        yield ok(
            _ABOUT,
            "None is trusted, which is right only where visitors reach this server without one; behind one "
            f"they would all share one address and its limits, until it is told. {_SET}",
        )


def _count(believed: int) -> str:
    return "1 proxy in front is" if believed == 1 else f"{believed} proxies in front are"


def _last(at: float) -> str:
    return f"Last seen about {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC."
