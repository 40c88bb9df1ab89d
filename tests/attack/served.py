"""``vaani-widget serve`` as an operator runs it behind one proxy, with workers that can be killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.attack import canaries
from tests.attack.wire import ORIGIN
from tests.parts.widget_server import WidgetServer, nobodys_environment, running

AGENT = "d083374a-c167-4bda-b8bc-2a418ca85f35"
SECRETS = {
    "VAANI_API_KEY": canaries.API_KEY,
    "VAANI_WIDGET_SECRET_KEY": canaries.SERVER_SECRET,
    "ACME_SECRET": canaries.SITE_SECRET,
}
SERVE = "from vaani_widget.cli import main; main()"


def site(**changes: Any) -> dict[str, Any]:
    """A site whose secret is written down, so that it has grants and lanes. None leaves something out."""
    limits = {"visitor": "9000/day", "site": "9000/day", "running": 9000, **changes.pop("limits", {})}
    usual = {"origins": [ORIGIN], "agents": [AGENT], "secret_env": "ACME_SECRET", "challenge": "off"}
    table = {**usual, "limits": limits, **changes}
    return {name: value for name, value in table.items() if value is not None}


def environment(vaani: str, database: str, sites: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """In which a command finds all of its settings, and none of whoever runs the tests."""
    settings = {
        "VAANI_API_URL": vaani,
        "VAANI_WIDGET_DATABASE_URL": database,
        "VAANI_WIDGET_TRUSTED_PROXIES": "1",
        "VAANI_WIDGET_SITES": json.dumps(sites),
        "PYTHONUNBUFFERED": "1",
    }
    return {**nobodys_environment(), **SECRETS, **settings}


@contextmanager
def serving(
    folder: Path,
    *,
    vaani: str,
    database: str,
    sites: Mapping[str, Mapping[str, Any]],
    workers: int = 2,
    threads: int = 16,
    environ: Mapping[str, str] | None = None,
    command: str = SERVE,
) -> Iterator[WidgetServer]:
    """Serves until the end of the block. Its log is searched for its keys, as that of every such server.

    :param folder: an empty one.
    :param vaani: the address that stands in for Vaani's.
    """
    options = ["--workers", str(workers), "--threads", str(threads)]
    settings = {**environment(vaani, database, sites), **(environ or {})}
    with running(folder, command, *options, environ=settings) as server:
        server.wait_for(lambda: len(server.workers()) == workers)
        yield server
