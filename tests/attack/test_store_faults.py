"""The ledger's database fails under a running server: a call is refused in under a second and before a cent
is spent, and when the database is well again, so is the server, with the same workers as before."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.attack.books import Books, books, keep_to_one_day
from tests.attack.conftest import Ceiling
from tests.attack.served import serving, site
from tests.attack.wire import Answer, Wire
from tests.parts.hostile_upstream import HostileUpstream, Request, credentials
from tests.parts.lateness import Lateness
from tests.parts.postgres import PostgresServer
from tests.parts.slow_link import SlowLink
from tests.parts.widget_server import WidgetServer

SECOND = 1.0
VISITORS = 4
"""At once, at two processes."""

Fault = Callable[[], contextlib.AbstractContextManager[None]]


@dataclass
class Stand:
    """A server, what stands in Vaani's place, and the ledger's books."""

    server: WidgetServer
    vaani: HostileUpstream
    kept: Books

    async def visit(self, fault: Fault, ceiling: Ceiling, name: str, *, known: bool = True) -> None:
        """Visitors with tokens come while the ledger fails, and again when it works.

        :param known: whether a reservation that was refused certainly left its token as it was.
        """
        wires = [Wire(self.server.base, f"192.0.2.{number}") for number in range(VISITORS)]
        async with contextlib.AsyncExitStack() as stack:
            for wire in wires:
                await stack.enter_async_context(wire)
            for wire in wires:
                await self._start(wire, await wire.token())
            tokens = [[await wire.token() for _ in range(3)] for wire in wires]
            before = len(self.vaani.requests)
            workers = self.server.workers()
            refusals: list[Answer] = []
            slowest = 0.0
            with fault():
                for turn in range(3):
                    asked = [wire.call(mine[turn]) for wire, mine in zip(wires, tokens, strict=True)]
                    with Lateness() as machine:
                        answers = await asyncio.gather(*asked)
                    refusals += answers
                    slowest = max(slowest, *(answer.seconds - machine.seconds for answer in answers))
                with Lateness() as machine:
                    ready = await wires[0].get("/vaani/readyz")
                slowest = max(slowest, ready.seconds - machine.seconds)
                alive = await wires[1].get("/vaani/healthz")
            ceiling(f"ledger {name}", len(refusals), len(self.vaani.requests) - before, 0)
            print(f"{name}: the slowest of {len(refusals)} refusals took {slowest:.3f} s")
            assert len(self.vaani.requests) == before, "money was spent that no ledger knows of"
            assert {refused(answer) for answer in refusals} == {"store_unavailable, spent no"}
            assert slowest < SECOND
            assert ready.code == "store_unavailable"
            assert alive.status == 200

            last = [await self._start(wire, mine[0]) for wire, mine in zip(wires, tokens, strict=True)]
            assert set(last) <= {"", "token_spent"}
            assert not known or set(last) == {""}
            assert await self._start(wires[0], await wires[0].token()) == ""
            assert self.server.workers() == workers, "a worker had to die for it"
        assert self.kept.day().calls >= len(self.vaani.requests)
        assert self.kept.whole()

    async def _start(self, wire: Wire, token: str) -> str:
        """Try until the ledger works. Nothing else has to be done for that."""
        async for _ in attempts():
            answer = await wire.call(token)
            if answer.code != "store_unavailable":
                return answer.code
        raise AssertionError("it does not get well again")


async def attempts() -> AsyncIterator[None]:
    until = asyncio.get_running_loop().time() + 30
    while asyncio.get_running_loop().time() < until:
        yield


def refused(answer: Answer) -> str:
    assert answer.json["retryable"] is True
    return f"{answer.code}, spent {answer.json['spent']}"


@contextmanager
def stand(folder: Path, url: str) -> Iterator[Stand]:
    keep_to_one_day(60)
    with (
        HostileUpstream(credentials()) as vaani,
        serving(folder, vaani=vaani.url, database=url, sites={"acme": site()}) as server,
        books(url) as kept,
    ):
        yield Stand(server, vaani, kept)


def test_sqlite_whose_disk_is_full(sqlite_url: str, tmp_path: Path, ceiling: Ceiling) -> None:
    """The workers may write no file beyond what it has: the disk's answer, without a disk."""
    none = resource.RLIM_INFINITY

    with stand(tmp_path, sqlite_url) as it:

        def limit(size: int) -> None:
            for pid in it.server.workers():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, none))

        @contextmanager
        def full() -> Iterator[None]:
            limit(1)
            try:
                yield
            finally:
                limit(none)

        asyncio.run(it.visit(full, ceiling, "on a disk that is full, SQLite"))


def may_mount() -> bool:
    """Whether this user of this machine may mount something, in a namespace that is gone at once."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    with contextlib.suppress(OSError):
        return os.getuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


if may_mount():

    @pytest.fixture
    def small_disk(tmp_path: Path) -> Iterator[Path]:
        """Two megabytes."""
        place = tmp_path / "disk"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", place], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)

    def test_sqlite_on_a_small_disk_that_is_full(small_disk: Path, tmp_path: Path, ceiling: Ceiling) -> None:
        """The same on a file system that has no block left. Only root can make one."""

        @contextmanager
        def full() -> Iterator[None]:
            filler = small_disk / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
                while out.write(b"\0" * 512):
                    pass
            try:
                yield
            finally:
                filler.unlink()

        with stand(tmp_path, f"sqlite:///{small_disk}/ledger.sqlite3") as it:
            asyncio.run(it.visit(full, ceiling, "on a tmpfs that is full, SQLite"))


def test_sqlite_held_by_somebody_else(sqlite_url: str, tmp_path: Path, ceiling: Ceiling) -> None:
    """A backup, or a shell that somebody forgot."""

    @contextmanager
    def held() -> Iterator[None]:
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    with stand(tmp_path, sqlite_url) as it:
        asyncio.run(it.visit(held, ceiling, "locked by another, SQLite"))


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """One of these tests' own, since they stop it."""
    with PostgresServer() as server:
        yield server


def test_postgres_that_stops_hangs_and_restarts(
    own_postgres: PostgresServer, tmp_path: Path, ceiling: Ceiling
) -> None:
    @contextmanager
    def stopped() -> Iterator[None]:
        own_postgres.stop()
        try:
            yield
        finally:
            own_postgres.start()

    @contextmanager
    def hung() -> Iterator[None]:
        own_postgres.freeze()
        try:
            yield
        finally:
            own_postgres.thaw()

    with stand(tmp_path, own_postgres.url) as it:
        asyncio.run(it.visit(stopped, ceiling, "stopped and started again, PostgreSQL"))
        asyncio.run(it.visit(hung, ceiling, "hung, PostgreSQL", known=False))
        asyncio.run(restarted_unnoticed(it, own_postgres))


def test_postgres_at_the_end_of_a_slow_link(
    own_postgres: PostgresServer, tmp_path: Path, ceiling: Ceiling
) -> None:
    """Each answer in time by itself, all that a call needs of them not."""
    address = make_url(own_postgres.url)
    with SlowLink(address.port or 5432) as link:
        url = address.set(host="127.0.0.1", port=link.port).render_as_string(hide_password=False)

        @contextmanager
        def slow() -> Iterator[None]:
            link.seconds = 0.45
            try:
                yield
            finally:
                link.seconds = 0.0

        with stand(tmp_path, url) as it:
            asyncio.run(it.visit(slow, ceiling, "slow, PostgreSQL", known=False))


async def restarted_unnoticed(it: Stand, postgres: PostgresServer) -> None:
    """Between two visitors: the second one sees nothing of it, but for a machine that is too busy."""
    async with Wire(it.server.base) as wire:
        tokens = [await wire.token() for _ in range(2)]
        assert (await wire.call(tokens[0])).code in ("", "store_unavailable")
        postgres.stop()
        postgres.start()
        assert await it._start(wire, tokens[1]) == ""


def test_postgres_stops_while_vaani_is_asked(
    own_postgres: PostgresServer, tmp_path: Path, ceiling: Ceiling
) -> None:
    """The call is paid for, so the visitor gets it, and the reservation of before counts it."""

    def stop_and_answer(upstream: HostileUpstream, connection: socket.socket, request: Request) -> None:
        own_postgres.stop()
        credentials()(upstream, connection, request)

    async def visit(it: Stand) -> Answer:
        async with Wire(it.server.base) as wire:
            assert await it._start(wire, await wire.token()) == ""
            token = await wire.token()
            it.vaani.behaviour = stop_and_answer
            return await wire.call(token)

    with stand(tmp_path, own_postgres.url) as it:
        answer = asyncio.run(visit(it))
        own_postgres.start()
        ceiling("ledger lost while Vaani is asked: calls not counted", 2, 2 - it.kept.day().calls, 0)
        assert answer.status == 201, answer.body
        assert answer.json["call_id"] in it.kept.call_ids()
        assert it.kept.outcomes() == {"committed": 1, "reserved": 1}
        assert "stays reserved" in it.server.log
