"""Whoever watches: is the process there, which touches nothing, and could a call start, which asks nobody."""

from __future__ import annotations

import json
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.conftest import Kit, MakeKit, is_problem
from vaani_widget.errors import UpstreamTimeout

TOUCHES = ("open", "socket.", "sqlite3.", "os.mkdir", "os.listdir", "_thread.", "subprocess.", "shutil.")


class Watch:
    """Audit hooks stay for good: this one looks only when it is told to, and at one thread."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.thread: int | None = None
        sys.addaudithook(self._look)

    def _look(self, event: str, _arguments: object) -> None:
        if self.thread == threading.get_ident() and event.startswith(TOUCHES):
            self.seen.append(event)

    @contextmanager
    def looking(self) -> Iterator[list[str]]:
        self.seen, self.thread = [], threading.get_ident()
        try:
            yield self.seen
        finally:
            self.thread = None


watch = Watch()


@contextmanager
def hanging_vaani() -> Iterator[tuple[str, socket.socket]]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def was_asked(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_healthz_touches_nothing(kit: Kit) -> None:
    client = kit.client
    client.get("/vaani/healthz")
    with watch.looking() as touched:
        answer = client.get("/vaani/healthz")
    assert (answer.status_code, json.loads(answer.data)) == (200, {"status": "ok"})
    assert touched == []
    with watch.looking() as touched:
        client.get("/vaani/readyz")
    assert touched, "the watch is blind"


def test_readyz_asks_the_ledger_and_never_vaani(make_kit: MakeKit, tmp_path: Path) -> None:
    with hanging_vaani() as (url, listener):
        kit = make_kit(VAANI_API_URL=url, VAANI_WIDGET_UPSTREAM_TIMEOUT=1)
        by_network = replace(kit.state.services, transport=None)
        kit.app.extensions["vaani_widget"] = replace(kit.state, services=by_network)
        assert kit.client.get("/vaani/readyz").status_code == 200
        with closing(sqlite3.connect(tmp_path / "ledger-0.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")
            is_problem(kit.client.get("/vaani/readyz"), "store_unavailable", 503)
            assert kit.client.get("/vaani/healthz").status_code == 200
        assert kit.client.get("/vaani/readyz").status_code == 200
        assert not was_asked(listener)
        with pytest.raises(UpstreamTimeout):
            kit.state.services.vaani.probe()
        assert was_asked(listener), "the trap is not where Vaani is looked for"


def test_readyz_of_a_ledger_of_another_version(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    kit.state.services.ledger.own_secret()
    with kit.state.services.ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE vaani_widget_meta SET value = '999' WHERE name = 'schema_version'")
    problem = is_problem(kit.client.get("/vaani/readyz"), "store_unavailable", 503)
    assert "schema" not in str(problem), "nobody else's business"
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "schema_version 999" in line.getMessage()
    assert "Run the vaani-widget that made them" in line.getMessage()
