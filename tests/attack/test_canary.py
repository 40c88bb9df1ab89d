"""Keys, tokens, addresses, who a visitor is and what a page says: they go through calls, refusals and
everything that breaks, and are in no answer, no log, no metric, no traceback and no file afterwards.

The other attacks look for the keys as well, in every answer, log and database of theirs.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tests.attack import canaries, loud
from tests.attack.books import dump
from tests.attack.conftest import Ceiling
from tests.attack.served import SERVE, environment, serving, site
from tests.attack.wire import ORIGIN, Answer, Wire
from tests.parts.hostile_upstream import (
    Behaviour,
    HostileUpstream,
    Request,
    answer,
    credentials,
    raw,
    redirect,
    reset,
    response,
)
from tests.parts.postgres import PostgresServer
from tests.parts.widget_server import WidgetServer
from vaani_widget import shapes
from vaani_widget.calls import Asked
from vaani_widget.ledger_store import database_url
from vaani_widget.tokens import sign_grant

METRICS_TOKEN = "metrics-canary-71b2a9d04c"
PASSWORD = "password-canary-3b9d"
LIVEKIT_TOKEN = "livekit-canary-c81e90"
ADDRESSES = ("203.0.113.177", "2001:db8:1f3a:77:9:8:7:6")
VISITOR = "visitor-canary-17f0e6"
PAGE_METADATA = "page-canary-d2f09b"
GRANT_METADATA = "grant-canary-8a61c3"
FEEDBACK = "feedback-canary-5f1b"
JUNK = "junk-canary-90ab12"
QUERY = "query-canary-6e2c"

KEYS = (*canaries.KEYS, METRICS_TOKEN, PASSWORD)
SAID = (*ADDRESSES, "2001:db8:1f3a:77:", VISITOR, PAGE_METADATA, GRANT_METADATA, JUNK, QUERY)
ROOT = Path(loud.__file__).parents[2]
MERGE, LEDGER, UPSTREAM = "merge", "ledger", "upstream"


def echo(status: int) -> Behaviour:
    """Vaani fails, and repeats what it was sent wherever an answer can say something."""

    def behave(_server: HostileUpstream, connection: socket.socket, request: Request) -> None:
        key = request.headers["x-api-key"]
        said = json.dumps({"detail": f"{key} {request.body.decode()}", "message": key}).encode()
        connection.sendall(response(status, said, {"X-Echo": key, "Set-Cookie": f"key={key}"}))

    return behave


def half(_server: HostileUpstream, connection: socket.socket, request: Request) -> None:
    """JSON that ends too early, with the key in it."""
    said = request.headers["x-api-key"].encode()
    connection.sendall(response(200, b'{"token": "' + said + b" " + request.body))


FAILURES: dict[str, Behaviour] = {
    **{str(status): echo(status) for status in (400, 401, 402, 403, 404, 422, 429, 500, 503)},
    "half": half,
    "html": answer(200, f"<p>{canaries.API_KEY}</p>".encode(), {"Content-Type": "text/html"}),
    "reset": reset(f"HTTP/1.1 200 OK\r\nX-Echo: {canaries.API_KEY}\r\n".encode()),
    "elsewhere": redirect(302, f"https://evil.example/{canaries.API_KEY}"),
    "no HTTP": raw(f"{canaries.API_KEY} is not HTTP\r\n\r\n".encode()),
}


def grant() -> str:
    return sign_grant(
        site="acme",
        secret=canaries.SITE_SECRET.encode(),
        visitor=VISITOR,
        metadata={"account": GRANT_METADATA},
        now=time.time(),
    )


class Visit:
    """One visitor, who does all that can be done, and everything that was answered."""

    def __init__(self, base: str, address: str) -> None:
        self._wire = Wire(base, address)
        self.answers: list[bytes] = []
        """But for what a visitor has to be given: its own tokens."""
        self.tokens: list[str] = []
        self.codes: list[str] = []

    async def everything(self, vaani: HostileUpstream, failing: AbstractContextManager[None]) -> None:
        async with self._wire:
            vaani.behaviour = credentials(token=LIVEKIT_TOKEN)
            started = await self._call("")
            for event in ("connected", "feedback", "ended"):
                self._keep(await self._wire.progress(started.json, event, text=FEEDBACK, rating=5))
            self._keep(await self._wire.progress({**started.json, "call_id": "f" * 32}, "ended"))
            for broken in (MERGE, LEDGER, UPSTREAM):
                assert (await self._call(broken)).code == "internal_error"
            for behaviour in FAILURES.values():
                vaani.behaviour = behaviour
                assert (await self._call("")).status in (502, 503, 504)
            await self._nonsense()
            await self._pages()
            token = await self._mint()
            with failing:
                assert (await self._send(token, "")).code == "store_unavailable"
                self._keep(await self._wire.get("/vaani/readyz"))
                self._keep(await self._wire.get("/vaani/metrics", Authorization=f"Bearer {METRICS_TOKEN}"))

    async def _call(self, broken: str) -> Answer:
        return await self._send(await self._mint(), broken)

    async def _mint(self) -> str:
        minted = await self._wire.mint(grant=grant())
        assert minted.status == 201, minted.body
        token = str(minted.json["site_token"])
        self.tokens.append(token)
        self.answers.append(minted.head + minted.body.replace(token.encode(), b""))
        return token

    async def _send(self, token: str, broken: str) -> Answer:
        metadata = {"page": PAGE_METADATA, "break": broken}
        answer = await self._wire.call(token, metadata=metadata, settings={"welcome_message": "Hello"})
        if answer.status == 201:
            self.tokens.append(answer.json["call_token"])
        self._keep(answer)
        return answer

    async def _nonsense(self) -> None:
        bodies: list[object] = [JUNK, [JUNK], {"site_token": JUNK}, {"site_token": self.tokens[-1] + JUNK}]
        bodies += [{"site_token": {"is": JUNK}}, {"site_token": self.tokens[0]}, {"grant": JUNK}]
        bodies += [{"site_token": JUNK * 900}]
        for body in bodies:
            for path in ("v1/calls", f"v1/calls/{JUNK}/progress", "v1/sites/acme/token", "v1/nothing"):
                self._keep(await self._wire.post(f"/vaani/{path}?{QUERY}", body))

    async def _pages(self) -> None:
        assert (await self._wire.get("/vaani/metrics", Authorization="Bearer " + JUNK)).status == 404
        for path in ("healthz", "readyz", "openapi.json", "sites/acme/widget.js", "call/acme", "widget.js"):
            self._keep(await self._wire.get(f"/vaani/{path}?{QUERY}"))
        metrics = await self._wire.get("/vaani/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        assert metrics.status == 200
        self._keep(metrics)

    def _keep(self, answer: Answer) -> None:
        self.codes.append(answer.code if answer.status >= 400 else str(answer.status))
        given = LIVEKIT_TOKEN.encode() if answer.status == 201 else b""
        self.answers.append(answer.head + (answer.body.replace(given, b"") if given else answer.body))


def not_http(server: WidgetServer) -> None:
    """What gunicorn itself refuses, and likes to repeat."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    header = f"GET / HTTP/1.1\r\n{JUNK}"
    for sent in (JUNK, f"{header}\0: {JUNK}", f"GET /{JUNK * 900} HTTP/1.1", f"{header}: {JUNK * 900}"):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(f"{sent}\r\n\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def commands(folder: Path, environ: dict[str, str]) -> bytes:
    """What an operator is shown."""
    shown = b""
    for command in (["doctor"], ["ledger", "--format", "json"]):
        done = subprocess.run(
            [sys.executable, "-c", SERVE, *command],
            cwd=folder,
            env=environ,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert b"acme" in done.stdout, done.stderr
        shown += done.stdout + done.stderr
    return shown


def search(kept: dict[str, bytes], hidden: dict[str, tuple[str, ...]], ceiling: Ceiling, name: str) -> None:
    """:param hidden: for each thing that was kept, what must not be in it."""
    found = {place: canaries.found(text, hidden[place]) for place, text in kept.items()}
    size = sum(map(len, kept.values()))
    ceiling(f"canaries in {name}, of so many bytes", size, sum(map(len, found.values())), 0)
    assert not any(found.values()), {place: names for place, names in found.items() if names}
    assert all(kept.values()), "nothing was kept, so nothing can be found"


def run(
    folder: Path, url: str, form: str, failing: Callable[[], AbstractContextManager[None]]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """All visits. Returns what was answered, logged and shown, and every token that was given."""
    acme = site(metadata_keys=["page", "break"], page_may_set=["welcome_message"], share=True)
    environ = {"VAANI_WIDGET_METRICS_TOKEN": METRICS_TOKEN, "LOUD": form, "PYTHONPATH": str(ROOT)}
    with (
        HostileUpstream(credentials()) as vaani,
        serving(
            folder,
            vaani=vaani.url,
            database=url,
            sites={"acme": acme},
            workers=1,
            environ=environ,
            command="from tests.attack.loud import main; main()",
        ) as server,
    ):
        visits = [Visit(server.base, address) for address in ADDRESSES]
        for visit in visits:
            asyncio.run(visit.everything(vaani, failing()))
        not_http(server)
        shown = commands(folder, environment(vaani.url, url, {"acme": acme}) | environ)
        reached = b"".join(request.body for request in vaani.requests).decode()
        log = server.log
    assert PAGE_METADATA in reached, "what is looked for was never sent"
    assert GRANT_METADATA in reached
    assert log.count("ZeroDivisionError") >= 6, "nothing broke"
    assert "a receiver of the host's" in log
    answers = b"\n".join(text for visit in visits for text in visit.answers)
    tokens = tuple(part for visit in visits for token in visit.tokens for part in token.split(".")[1:])
    return {"answers": answers, "log": log.encode(), "commands": shown}, tokens


@contextmanager
def locked(url: str) -> Iterator[None]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_on_sqlite(sqlite_url: str, tmp_path: Path, ceiling: Ceiling) -> None:
    kept, tokens = run(tmp_path, sqlite_url, "text", lambda: locked(sqlite_url))
    kept["files"] = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.sqlite3*"))
    everything = (*KEYS, *SAID, LIVEKIT_TOKEN, *tokens)
    hidden = {
        "answers": (*KEYS, *SAID),
        "log": (*everything, FEEDBACK),
        "commands": (*everything, FEEDBACK),
        "files": everything,
    }
    assert FEEDBACK.encode() in kept["files"], "the file that was looked through is another"
    search(kept, hidden, ceiling, "SQLite's run")


def test_on_postgres(tmp_path: Path, ceiling: Ceiling) -> None:
    """The database's own log is looked through as well."""
    with PostgresServer() as server:
        url = server.url.replace("postgres@", f"postgres:{PASSWORD}@")

        @contextmanager
        def stopped() -> Iterator[None]:
            server.stop()
            try:
                yield
            finally:
                server.start()

        kept, tokens = run(tmp_path, url, "json", stopped)
        engine = create_engine(database_url(url))
        kept["tables"] = dump(engine)
        engine.dispose()
        kept["the database's log"] = server.log.encode()
    everything = (*KEYS, *SAID, LIVEKIT_TOKEN, *tokens)
    hidden = dict.fromkeys(kept, everything)
    hidden["answers"] = (*KEYS, *SAID)
    assert FEEDBACK.encode() in kept["tables"]
    search(kept, hidden, ceiling, "PostgreSQL's run")


def test_no_key_is_in_any_variable_of_a_traceback(sqlite_url: str, tmp_path: Path, ceiling: Ceiling) -> None:
    """What a service that collects errors is sent: every frame's variables, as they show themselves."""
    kept, _tokens = run(tmp_path, sqlite_url, "variables", lambda: locked(sqlite_url))
    assert b"call_id = '" in kept["log"], "the variables were not there to be looked at"
    search({"log": kept["log"]}, {"log": KEYS}, ceiling, "tracebacks with variables")


def test_what_a_request_brings_does_not_show_itself() -> None:
    """Neither in such a traceback nor anywhere else that something is printed."""
    body = {"site_token": JUNK, "grant": JUNK, "call_token": JUNK, "metadata": {"page": PAGE_METADATA}}
    body |= {"settings": {"welcome_message": JUNK}, "challenge_solution": JUNK}
    shown = [
        Asked(body=lambda: body, origin=ORIGIN, host="acme.test", address=ADDRESSES[0]),
        shapes.token_request(body),
        shapes.call_request(body),
        shapes.progress_request({**body, "event": "feedback", "text": FEEDBACK}),
    ]
    assert not canaries.found(repr(shown).encode(), (*SAID, FEEDBACK))


@pytest.mark.parametrize("before", range(3))
def test_base64_hides_nothing_from_this(before: int) -> None:
    """What the search is worth."""
    text = b"x" * before + VISITOR.encode() + b'", "more": 1}'
    assert canaries.found(base64.urlsafe_b64encode(text), SAID) == [VISITOR]
    assert canaries.found(text.hex().encode(), SAID) == [VISITOR]
    assert not canaries.found(base64.urlsafe_b64encode(text[::-1]), SAID)
