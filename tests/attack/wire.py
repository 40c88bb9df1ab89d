"""A visitor's end of a connection: HTTP/1.1 kept alive, as quick as an attacker's."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.attack.searching import no_key_in

ORIGIN = "https://www.acme.com"


class Lost(Exception):
    """The server hung up before it had answered."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; empty where there was none."""
        return "" if self.status < 400 else str(self.json["code"])


class Wire:
    """One connection, made when it is needed. A context manager.

    Every answer is searched for the server's keys.

    :param base: such as ``http://127.0.0.1:40123``.
    :param address: of the visitor, as the proxy in front would say.
    """

    def __init__(self, base: str, address: str = "192.0.2.1", origin: str = ORIGIN) -> None:
        self.address = address
        self.origin = origin
        host, _, port = base.removeprefix("http://").partition(":")
        self._where = (host, int(port))
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def mint(self, site: str = "acme", **body: object) -> Answer:
        return await self.post(f"/vaani/v1/sites/{site}/token", body)

    async def token(self, site: str = "acme", **body: object) -> str:
        """A site token; fails where there is none."""
        answer = await self.mint(site, **body)
        assert answer.status == 201, answer.body
        return str(answer.json["site_token"])

    async def call(self, token: str, **body: object) -> Answer:
        return await self.post("/vaani/v1/calls", {"site_token": token, **body})

    async def progress(self, call: Any, event: str, **body: object) -> Answer:
        """:param call: the answer that started it, read."""
        told = {"call_token": call["call_token"], "event": event, **body}
        return await self.post(f"/vaani/v1/calls/{call['call_id']}/progress", told)

    async def post(self, path: str, body: object) -> Answer:
        """:raises Lost: the connection broke, or was refused."""
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: {len(data)}\r\n"
        return await self._ask(head.encode(), data)

    async def get(self, path: str, **headers: str) -> Answer:
        """:raises Lost: the connection broke, or was refused."""
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return await self._ask(f"GET {path} HTTP/1.1\r\n{more}".encode(), b"")

    async def close(self) -> None:
        if self._streams is not None:
            _reader, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _ask(self, head: bytes, body: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        visitor = f"Host: acme.test\r\nOrigin: {self.origin}\r\nX-Forwarded-For: {self.address}\r\n\r\n"
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._where)
            reader, writer = self._streams
            writer.write(head + visitor.encode() + body)
            answer_head = await reader.readuntil(b"\r\n\r\n")
            status, fields = _head(answer_head)
            answer_body = await reader.readexactly(int(fields.get(b"content-length", 0)))
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            raise Lost from None
        if fields.get(b"connection", b"").lower() == b"close":
            await self.close()
        no_key_in(f"an answer {status}", answer_head + answer_body)
        return Answer(status, answer_head, answer_body, loop.time() - began)


def _head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    return int(first.split(b" ", 2)[1]), fields
