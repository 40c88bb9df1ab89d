"""Starts calls as fast as a server answers, or at a given rate: ``python -m bench.calls_load ORDER``.

``ORDER`` is JSON, and so is what it prints. A process of its own, so that it measures the server and not
itself. Site tokens are signed before the clock runs: what is measured is starting calls.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from vaani_widget.tokens import Keyring, SiteToken

from .calls_served import AGENT, PATH, SECRET_KEY, origin, site_key

PREPARED_A_SECOND = 2_000
"""Requests that are ready before the clock runs; more are made as they are wanted."""


@dataclass(frozen=True)
class Order:
    """What to ask for.

    :param url: of the server.
    :param connections: kept open, each with one request in flight (closed loop).
    :param per_second: open loop: requests begin at this rate, at random, whatever was answered by then.
    :param seed: another one for every order of a run: no token is made twice.
    :param status: of an answer as it should be.
    """

    url: str
    seconds: float
    seed: int
    connections: int = 32
    per_second: float | None = None
    sites: int = 1
    status: int = 201

    def line(self) -> str:
        return json.dumps(asdict(self))


@dataclass
class Seen:
    """What came of it.

    :param milliseconds: of each answer within the time. Open loop: from when the request was due.
    :param wrong: answers that are no call: their beginnings.
    :param busy: how much of one processor making the load took. At 1 it measured itself.
    :param late: answers that came after the time was up, which do not count.
    """

    seconds: float
    status: int = 201
    milliseconds: list[float] = field(default_factory=list)
    late: int = 0
    wrong: list[str] = field(default_factory=list)
    busy: float = 0.0

    def note(self, head: bytes, body: bytes, began: float, ended: float, until: float) -> None:
        if not head.startswith(f"HTTP/1.1 {self.status} ".encode()):
            self.wrong.append(f"{head[9:12].decode()} {body[:200].decode(errors='replace')}")
        elif ended > until:
            self.late += 1
        else:
            self.milliseconds.append((ended - began) * 1000)


def requests(order: Order) -> Iterator[bytes]:
    """Requests as bytes, without end: each of another visitor, with a token of its own."""
    chance = random.Random(order.seed)
    keyring = Keyring((SECRET_KEY.encode(),))
    host = urlsplit(order.url).netloc
    now = int(time.time())
    while True:
        number = chance.randrange(order.sites)
        token = SiteToken(
            jti=f"{chance.getrandbits(128):032x}",
            site=site_key(number),
            origin=origin(number),
            agent=AGENT,
            issued_at=now,
            expires_at=now + 3600,
        )
        body = {"site_token": keyring.sign_site_token(token), "settings": {"primary_language": "en"}}
        sent = json.dumps(body).encode()
        address = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
        head = [
            f"POST {PATH} HTTP/1.1",
            f"Host: {host}",
            f"Origin: {origin(number)}",
            f"X-Forwarded-For: {address}",
            "Content-Type: text/plain;charset=UTF-8",
            f"Content-Length: {len(sent)}",
        ]
        yield "\r\n".join(head).encode() + b"\r\n\r\n" + sent


class Connection(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None

    def ask(self, request: bytes) -> asyncio.Future[tuple[bytes, bytes]]:
        """:return: head and body of the answer, to come."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._received = b""
            self._answer.set_result((head, body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((b"HTTP/1.1 000", f"connection lost: {error}".encode()))


async def closed_loop(order: Order, ready: Iterator[bytes], seen: Seen) -> None:
    """Every connection asks again as soon as it is answered."""
    connections = [await _connect(order) for _ in range(order.connections)]
    until = time.perf_counter() + order.seconds

    async def keep_asking(connection: Connection) -> None:
        while (began := time.perf_counter()) < until:
            head, body = await connection.ask(next(ready))
            seen.note(head, body, began, time.perf_counter(), until)

    await asyncio.gather(*map(keep_asking, connections))
    for connection in connections:
        connection.close()


async def open_loop(order: Order, ready: Iterator[bytes], seen: Seen) -> None:
    """Requests begin when they are due, as visitors come: independently of each other and of the answers."""
    assert order.per_second is not None
    chance = random.Random(order.seed)
    idle = [await _connect(order) for _ in range(4)]
    start = time.perf_counter()
    due, asking = start, []

    async def ask(due: float, request: bytes) -> None:
        connection = idle.pop() if idle else await _connect(order)
        head, body = await connection.ask(request)
        seen.note(head, body, due, time.perf_counter(), float("inf"))
        idle.append(connection)

    while (due := due + chance.expovariate(order.per_second)) < start + order.seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asking.append(asyncio.create_task(ask(due, next(ready))))
    await asyncio.gather(*asking)
    for connection in idle:
        connection.close()


async def _connect(order: Order) -> Connection:
    host, _, port = urlsplit(order.url).netloc.partition(":")
    _, connection = await asyncio.get_running_loop().create_connection(Connection, host, int(port))
    return connection


async def run(order: Order) -> Seen:
    made = requests(order)
    prepared = [next(made) for _ in range(int(order.seconds * (order.per_second or PREPARED_A_SECOND)))]

    def ready() -> Iterator[bytes]:
        yield from prepared
        yield from made

    seen = Seen(order.seconds, order.status)
    began, cpu = time.perf_counter(), time.process_time()
    await (open_loop if order.per_second else closed_loop)(order, ready(), seen)
    seen.busy = (time.process_time() - cpu) / (time.perf_counter() - began)
    return seen


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Order(**json.loads(sys.argv[1])))))))
