"""SIGTERM: what is in flight is answered, whatever Vaani does, and then the server ends."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.visitor import Answer, Visitor
from tests.parts.widget_server import WidgetServer, widget_server

CALLS = 12


def listens(pid: int, port: int) -> bool:
    """Whether this process itself has the port open. Its workers keep it until they have ended."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    return any(str(descriptor.readlink()) in ours for descriptor in Path(f"/proc/{pid}/fd").iterdir())


@contextmanager
def in_flight(
    folder: Path, vaani: SlowVaani, calls: int, timeout: int
) -> Iterator[tuple[WidgetServer, list[Answer]]]:
    """So many calls that Vaani was asked for and holds back; and the answers as they come.

    :param timeout: seconds that the server waits for Vaani.
    """
    answers: list[Answer] = []
    config = vaani.config(f"upstream_timeout = {timeout}", site("acme"))
    with widget_server(folder, config) as server:
        visitors = [Visitor(server.port).another() for _ in range(calls)]
        tokens = [visitor.mint().json["site_token"] for visitor in visitors]
        vaani.go_on.clear()
        threads = [
            threading.Thread(target=lambda visitor, token: answers.append(visitor.start(token)), args=both)
            for both in zip(visitors, tokens, strict=True)
        ]
        for thread in threads:
            thread.start()
        server.wait_for(lambda: vaani.asked == calls)
        yield server, answers
        for thread in threads:
            thread.join(30)


def stop(server: WidgetServer) -> None:
    """SIGTERM, and wait until the workers have been told."""
    server.process.send_signal(signal.SIGTERM)
    server.wait_for(lambda: not listens(server.process.pid, server.port))


def test_calls_in_flight_are_answered(tmp_path: Path) -> None:
    with SlowVaani(0) as vaani, in_flight(tmp_path, vaani, 8, timeout=15) as (server, answers):
        stop(server)
        assert answers == []
        vaani.go_on.set()
        assert server.process.wait(40) == 0
    assert [answer.status for answer in answers] == [201] * 8


def test_a_call_that_vaani_never_answers_is_answered_nevertheless(tmp_path: Path) -> None:
    with SlowVaani(0) as vaani, in_flight(tmp_path, vaani, 1, timeout=4) as (server, answers):
        stop(server)
        assert server.process.wait(40) == 0
        vaani.go_on.set()
    (answer,) = answers
    assert (answer.json["code"], answer.json["spent"]) == ("upstream_timeout", "unknown")


def test_a_supervisor_is_told_when_it_is_ready(tmp_path: Path) -> None:
    """As the unit in docs/deploying.md asks for with Type=notify."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor, SlowVaani(0) as vaani:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(30)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        with widget_server(tmp_path, vaani.config(site()), "--workers", "1", environ=environ):
            assert supervisor.recv(1000).startswith(b"READY=1")
