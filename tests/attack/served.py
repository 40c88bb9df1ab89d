"""``vaani-widget serve`` as an operator runs it behind one proxy, with workers that can be killed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.attack import canaries
from tests.attack.wire import ORIGIN

AGENT = "d083374a-c167-4bda-b8bc-2a418ca85f35"
SECRETS = {
    "VAANI_API_KEY": canaries.API_KEY,
    "VAANI_WIDGET_SECRET_KEY": canaries.SERVER_SECRET,
    "ACME_SECRET": canaries.SITE_SECRET,
}
SERVE = "from vaani_widget.cli import main; main()"


class Server:
    """A running one."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self.base = ""

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def workers(self) -> set[int]:
        """Process ids."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Until it is true, or the server has gone."""
        until = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"the server has gone:\n{self.log}"
            assert time.monotonic() < until, f"it did not happen:\n{self.log[-4000:]}"
            time.sleep(0.02)


def site(**changes: Any) -> dict[str, Any]:
    """A site whose secret is written down, so that it has grants and lanes. None leaves something out."""
    limits = {"visitor": "9000/day", "site": "9000/day", "running": 9000, **changes.pop("limits", {})}
    usual = {"origins": [ORIGIN], "agents": [AGENT], "secret_env": "ACME_SECRET", "challenge": "off"}
    table = {**usual, "limits": limits, **changes}
    return {name: value for name, value in table.items() if value is not None}


def environment(vaani: str, database: str, sites: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """In which a command finds all of its settings, and none of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VAANI_")}
    settings = {
        "VAANI_API_URL": vaani,
        "VAANI_WIDGET_DATABASE_URL": database,
        "VAANI_WIDGET_TRUSTED_PROXIES": "1",
        "VAANI_WIDGET_SITES": json.dumps(sites),
        "PYTHONUNBUFFERED": "1",
    }
    return {**clean, **SECRETS, **settings}


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
) -> Iterator[Server]:
    """Serves until the end of the block. Its log then has none of its keys in it.

    :param folder: an empty one.
    :param vaani: the address that stands in for Vaani's.
    """
    options = ["serve", "--port", "0", "--workers", str(workers), "--threads", str(threads)]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", command, *options],
            cwd=folder,
            env={**environment(vaani, database, sites), **(environ or {})},
            stdout=out,
            stderr=out,
        )
    server = Server(process, log)
    try:
        server.wait_for(lambda: re.search(r"Serving on http://\S+\n", server.log))
        server.base = re.findall(r"Serving on (http://\S+)\n", server.log)[0]
        server.wait_for(lambda: len(server.workers()) == workers)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        leaked = canaries.found(log.read_bytes(), canaries.KEYS)
        assert not leaked, "the log has a key in it"
