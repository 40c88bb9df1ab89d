"""A real PostgreSQL server for tests, in a folder and on a port of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

USER = "postgres"


def binary(name: str) -> str:
    """The path of one of the server's programs."""
    folders = []
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip()))
    folders += [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    raise AssertionError(
        f"These tests run a real PostgreSQL, and {name} is not on this machine: "
        "install Debian's package `postgresql`."
    )


class PostgresServer:
    """A server that can be stopped, started again, frozen and thawed. A context manager.

    Its data stay between :meth:`stop` and :meth:`start`, and so does its port.

    :param durable: it waits for the disk, as it does outside of tests.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="vaani-widget-pg-"))
        self._frozen: list[int] = []
        self.port = _free_port()

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def __enter__(self) -> PostgresServer:
        try:
            if os.getuid() == 0:
                shutil.chown(self._folder, USER)
            self._run(
                binary("initdb"), "-D", self._data, "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8"
            )
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        with (self._folder / "log").open("ab") as log:
            where = ["-D", self._data, "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._folder)]
            hurry = [] if self._durable else ["-F"]
            self._process = subprocess.Popen(
                [*_as_user(), binary("postgres"), *where, *hurry, "-c", "max_connections=200"],
                cwd="/",
                env=_environment(),
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"PostgreSQL did not start: {error}\n{self.log}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop it, hanging up on everyone."""
        self.thaw()
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # a "fast" shutdown
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(20)
            self._process = None

    def freeze(self) -> None:
        """Let it and its workers hang: connections stay open, nothing answers."""
        assert self._process is not None
        self._signal(self._process.pid, signal.SIGSTOP)
        for child in _children(self._process.pid):
            self._signal(child, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        frozen, self._frozen = self._frozen, []
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            self._frozen.append(pid)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*_as_user(), *command], cwd="/", env=_environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server. Yields the URL of an empty database, whose driver the caller chooses."""
    with PostgresServer() as server:
        yield server.url


@contextmanager
def fresh_database(server: PostgresServer) -> Iterator[str]:
    """An empty database on a running server. Yields its URL."""
    name = f"test_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.url.rsplit('/', 1)[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _as_user() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    if setpriv := shutil.which("setpriv"):
        return [setpriv, f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--"]
    raise AssertionError("Root needs `setpriv` to run PostgreSQL; install Debian's package `util-linux`.")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {
        "LC_ALL": "C.UTF-8"
    }


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
