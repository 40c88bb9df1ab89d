"""``vaani-widget serve`` as an operator runs it: gunicorn, workers and all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.attack.searching import no_key_in

SERVE = """
from vaani_widget import cli, ledger_deadline
ledger_deadline.OPERATION_SECONDS = 30  # on a machine that is busy with other things; time is not the point
cli.main()
"""


class WidgetServer:
    """A running one; ``base`` is its address."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._log = log
        self.process = process
        self.base = ""

    @property
    def log(self) -> str:
        """What it has printed and logged."""
        return self._log.read_text(errors="replace")

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def workers(self) -> set[int]:
        """Process ids."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}

    def reload(self) -> None:
        """SIGHUP, and wait until the workers from before are gone."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.workers() and not before & self.workers())

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Until it is true. The server has to be there all the time."""
        until = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"the server has gone:\n{self.log}"
            assert time.monotonic() < until, f"it did not happen:\n{self.log[-4000:]}"
            time.sleep(0.02)


@contextmanager
def widget_server(
    folder: Path, config: str, *options: str, environ: Mapping[str, str] | None = None
) -> Iterator[WidgetServer]:
    """Serves until the end of the block, on a free port.

    :param folder: its working directory, where ``widget.toml`` is written and may be changed.
    :param config: the text of that file.
    :param options: of the command line.
    """
    (folder / "widget.toml").write_text(config)
    arguments = ["--config", "widget.toml", *options]
    with running(folder, SERVE, *arguments, environ=environ or {}) as server:
        server.wait_for(server.workers)
        yield server


def nobodys_environment() -> dict[str, str]:
    """Without any setting of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("VAANI_")}


@contextmanager
def running(folder: Path, command: str, *options: str, environ: Mapping[str, str]) -> Iterator[WidgetServer]:
    """A server process until the end of the block, on a free port, with its log in the folder, which
    has none of the keys in it that tests look for.

    :param command: Python that runs the command line.
    """
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", command, "serve", "--port", "0", *options],
            cwd=folder,
            env={**nobodys_environment(), "PYTHONUNBUFFERED": "1", **environ},
            stdout=out,
            stderr=out,
        )
    server = WidgetServer(process, log)
    try:
        server.wait_for(lambda: re.search(r"Serving on http://\S+\n", server.log))
        server.base = re.findall(r'Serving on (http://[^\s"]+)', server.log)[0]
        yield server
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        no_key_in("the server's log", log.read_bytes())
