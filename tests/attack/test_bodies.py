"""Bodies that are meant to hurt: too large, too deep, ambiguous. Refused, and the worker keeps its size."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from tests.attack.conftest import Ceiling
from tests.attack.raw import Answer, ask, chunked
from tests.attack.served import serving, site
from tests.attack.wire import ORIGIN, Wire
from tests.parts.hostile_upstream import HostileUpstream, credentials

MIB = 2**20
PATHS = ("/vaani/v1/sites/acme/token", "/vaani/v1/calls", "/vaani/v1/calls/x/progress")
DEPTH = 10_000
LARGE = {
    "1 MB": b"x" * 1_000_000,
    "1 MB of JSON": b'{"agent": "' + b"x" * 1_000_000 + b'"}',
    "lists, 10,000 deep": b'{"a": ' + b"[" * DEPTH + b"]" * DEPTH + b"}",
    "objects, 10,000 deep": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
}
SMALL = {
    "lists, 10,000 deep and never closed": b'{"a": ' + b"[" * DEPTH,
    "lists, 8,000 deep": b'{"a": ' + b"[" * 8000 + b"]" * 8000 + b"}",
    "objects, 2,700 deep": b'{"a":' * 2700 + b"1" + b"}" * 2700,
    "NaN": b'{"agent": NaN}',
    "a number without end": b'{"agent": 1e999}',
    "a whole number of 16,000 digits": b'{"agent": ' + b"9" * 16_000 + b"}",
    "a member twice": b'{"agent": "a", "agent": "b"}',
    "a member twice, spelt otherwise": b'{"site_token": "a", "site\\u005ftoken": "b"}',
    "1,700 names, one of them twice": b"{"
    + b",".join(b'"%d":0' % number for number in range(1700))
    + b',"0":1}',
}


def attack(base: str, path: str, body: bytes, *, in_chunks: bool, kind: str) -> Answer:
    length = b"Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(body)}".encode()
    head = [f"POST {path} HTTP/1.1".encode(), f"Origin: {ORIGIN}".encode(), f"Content-Type: {kind}".encode()]
    pieces = chunked(body) if in_chunks else (body[at : at + 4096] for at in range(0, len(body), 4096))
    return ask(base, [*head, length], *pieces)


def attack_with_everything(base: str) -> Counter[tuple[str, int, str]]:
    answers: Counter[tuple[str, int, str]] = Counter()
    for number, path in enumerate(PATHS):
        for name, body in {**LARGE, **SMALL}.items():
            kind = "application/json" if number % 2 else "text/plain"
            answer = attack(base, path, body, in_chunks=(number + len(name)) % 2 == 0, kind=kind)
            answers[name, answer.status, answer.code] += 1
    return answers


def resident(pid: int) -> int:
    """Bytes of memory that a process has in use."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line]
    return int(line.split()[1]) * 1024


async def start_a_call(base: str) -> None:
    """The server is none the worse for it."""
    async with Wire(base) as wire:
        answer = await wire.call(await wire.token())
        assert answer.status == 201, answer.body


def test_hostile_bodies_are_refused_and_nothing_is_kept_of_them(
    tmp_path: Path, sqlite_url: str, ceiling: Ceiling, long: bool
) -> None:
    times = 40 if long else 4  # whatever is kept of a request would be seen
    with (
        HostileUpstream(credentials()) as vaani,
        serving(
            tmp_path, vaani=vaani.url, database=sqlite_url, sites={"acme": site()}, workers=1, threads=4
        ) as server,
    ):
        (worker,) = server.workers()
        asyncio.run(start_a_call(server.base))
        attack_with_everything(server.base)  # what is made once is made now
        before = resident(worker)
        answers: Counter[tuple[str, int, str]] = Counter()
        for _ in range(times):
            answers += attack_with_everything(server.base)
        grown = resident(worker) - before
        ceiling("hostile bodies: MiB that a worker grew by", answers.total(), grown // MIB, 10)
        assert answers.keys() == {
            *((name, 413, "body_too_large") for name in LARGE),
            *((name, 400, "bad_request") for name in SMALL),
        }
        assert answers.total() > 150
        assert grown < 10 * MIB, f"the worker has grown by {grown / MIB:.1f} MiB"
        assert server.workers() == {worker}
        assert len(vaani.requests) == 1
        asyncio.run(start_a_call(server.base))
