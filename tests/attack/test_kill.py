"""Workers are killed (SIGKILL) while they start calls: what a visitor was told stands in the ledger, what
reached Vaani was reserved before, and the budget holds."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.attack.books import books, keep_to_one_day
from tests.attack.conftest import Ceiling
from tests.attack.served import serving, site
from tests.attack.wire import Answer, Lost, Wire
from tests.parts.hostile_upstream import HostileUpstream, Request, credentials
from tests.parts.widget_server import WidgetServer

WORKERS = 3
CLIENTS = 8
PER_KILL = 8
"""Calls that reach Vaani from one kill to the next, more or less."""


@dataclass
class Killer:
    """Stands in Vaani's place, so it knows which worker is in the middle of a call, and kills that one:
    before the answer, with the answer on its way, or some moments later."""

    kills: int
    server: WidgetServer | None = None
    done: list[str] = field(default_factory=list)
    _calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, upstream: HostileUpstream, connection: socket.socket, request: Request) -> None:
        with self._lock:
            self._calls += 1
            turn, rest = divmod(self._calls, PER_KILL)
            mine = rest == 0 and len(self.done) < self.kills
        kind = ("before", "with", "after")[turn % 3] if mine else ""
        if kind == "before" and self._kill(connection, kind):
            return
        time.sleep(0.01)  # Vaani takes its time: others are in the middle of a call as well
        credentials()(upstream, connection, request)
        if kind in ("with", "after"):
            time.sleep(0 if kind == "with" else random.uniform(0.001, 0.02))
            self._kill(connection, kind)

    def _kill(self, connection: socket.socket, kind: str) -> bool:
        assert self.server is not None
        with self._lock:  # one at a time, or two may mean the same one
            pid = worker_of(self.server, connection)
            if pid is None:
                return False
            os.kill(pid, signal.SIGKILL)
            self.done.append(kind)
            return True


def worker_of(server: WidgetServer, connection: socket.socket) -> int | None:
    """Which process has the other end; none where it has gone already."""
    with contextlib.suppress(OSError, StopIteration):  # it went while we looked
        end = f":{connection.getpeername()[1]:04X}"
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        inode = next(line[9] for line in lines if line[1].endswith(end) and line[9] != "0")
        for pid in server.workers():
            if any(_is_socket(descriptor, inode) for descriptor in Path(f"/proc/{pid}/fd").iterdir()):
                return pid
    return None


def _is_socket(descriptor: Path, inode: str) -> bool:
    with contextlib.suppress(FileNotFoundError):  # the worker closes others while we look
        return str(descriptor.readlink()) == f"socket:[{inode}]"
    return False


@dataclass
class Told:
    """What the clients saw."""

    codes: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    call_ids: set[str] = field(default_factory=set)
    token_ids: dict[int, str] = field(default_factory=dict)


async def client(base: str, number: int, told: Told, most: int) -> None:
    """Starts one call after the other until the budget is spent."""
    attempt = 0
    async with Wire(base) as wire:
        while not told.codes["budget_spent"]:
            attempt += 1
            assert attempt < most, "the budget is never spent"
            name = attempt * CLIENTS + number
            wire.address = f"10.{name >> 16 & 255}.{name >> 8 & 255}.{name & 255}"
            answer = await start(wire, name, told)
            if answer is None:
                told.lost += 1
                continue
            told.codes[answer.code] += 1
            if answer.status == 201:
                told.call_ids.add(answer.json["call_id"])


async def start(wire: Wire, name: int, told: Told) -> Answer | None:
    """:return: none where the server broke off."""
    try:
        token = await wire.token()
        told.token_ids[name] = jti(token)
        return await wire.call(token, metadata={"name": name})
    except Lost:
        return None


def jti(token: str) -> str:
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"])


def test_workers_killed_in_the_middle(url: str, tmp_path: Path, ceiling: Ceiling, long: bool) -> None:
    kills = 30 if long else 6
    budget = kills * (PER_KILL + CLIENTS) + 20  # what was reserved and never reached Vaani is spent, too
    keep_to_one_day(120)
    killer, told = Killer(kills), Told()
    acme = site(secret_env=None, limits={"site": f"{budget}/day"}, metadata_keys=["name"])

    async def everybody(base: str) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(client(base, number, told, budget))

    with (
        HostileUpstream(killer) as vaani,
        serving(tmp_path, vaani=vaani.url, database=url, sites={"acme": acme}, workers=WORKERS) as server,
        books(url) as kept,
    ):
        killer.server = server
        first = server.workers()
        asyncio.run(everybody(server.base))
        engine = url.partition(":")[0]
        ceiling(
            f"{kills} × kill -9, {engine}", sum(told.codes.values()) + told.lost, len(vaani.requests), budget
        )
        print(f"{Counter(killer.done)}, {told.lost} broken off, {dict(told.codes)}, {kept.outcomes()}")
        assert len(killer.done) == kills
        assert told.lost >= kills / 3, "nobody was waiting when the workers were killed"
        assert set(told.codes) <= {"", "budget_spent", "store_unavailable"}, told.codes

        # All are back, and at least that many others than at first.
        server.wait_for(lambda: len(server.workers()) == WORKERS)
        assert len(server.workers() & first) < WORKERS
        assert not told.call_ids - kept.call_ids(), "a visitor was told of a call that the ledger lost"
        asked = [told.token_ids[request.json["metadata"]["name"]] for request in vaani.requests]  # type: ignore[index]
        assert len(asked) == len(set(asked)), "a token reached Vaani twice"
        assert not set(asked) - kept.tokens(), "Vaani was asked for a call that nobody had reserved"
        assert len(asked) <= budget
        day = kept.day()
        assert day.calls == budget, "there was money left, or more was spent"
        outcomes = kept.outcomes()
        assert set(outcomes) <= {"committed", "reserved"}, outcomes
        assert outcomes["reserved"] >= 1, "no worker was killed between its reservation and its commit"
        assert kept.whole()
