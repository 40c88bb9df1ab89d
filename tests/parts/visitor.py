"""Visitors of a widget, each with an address of its own, who make one connection for each request. What
comes back is searched for the server's keys."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tests.attack.searching import no_key_in

HOST = "voice.test"
"""What visitors call the server; it is on this machine all the same."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What a request brought; nothing was tried twice for it."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Visitor:
    """One visitor's way to a server.

    :param port: of a server or a proxy on 127.0.0.1.
    :param tls: whom to trust, where it speaks TLS.
    :param address: its own, one of 127.0.0.0/8.
    :param headers: sent with everything it asks.
    """

    port: int
    tls: ssl.SSLContext | None = None
    address: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)

    def another(self, **headers: str) -> Visitor:
        """One who was never here before, who comes the same way."""
        number = next(_numbers)
        address = f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return replace(self, address=address, headers={**self.headers, **headers})

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.port}"

    def connect(self, timeout: float = 30) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout, (self.address, 0))
        if self.tls is None:
            return connection
        try:
            return self.tls.wrap_socket(connection, server_hostname=HOST)
        except BaseException:
            connection.close()
            raise

    def ask(self, method: str, path: str, body: object = None, timeout: float = 30, **more: str) -> Answer:
        """
        :param body: bytes, or becomes JSON.
        :raises OSError: the connection failed or was cut.
        :raises http.client.HTTPException: so was the answer.
        """
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(HOST, self.port)
        connection.sock = self.connect(timeout)
        headers = {"Origin": self.origin, "Content-Type": "text/plain", "Connection": "close"}
        try:
            with suppress(OSError):  # refused before all of it was sent; the answer says why, if there is one
                connection.request(method, path, data, {**headers, **self.headers, **more})
            response = connection.getresponse()
            data = response.read()
            no_key_in(f"an answer {response.status}", response.reason, str(response.headers), data)
            return Answer(response.status, response.headers, data)
        finally:
            connection.close()

    def mint(self, site: str = "acme") -> Answer:
        return self.ask("POST", f"/vaani/v1/sites/{site}/token", {})

    def call(self, site: str = "acme") -> Answer:
        """A whole call; where no token is to be had, the answer that says so."""
        minted = self.mint(site)
        if minted.status != 201:
            return minted
        return self.start(minted.json["site_token"])

    def start(self, site_token: str) -> Answer:
        return self.ask("POST", "/vaani/v1/calls", {"site_token": site_token})

    def stall(self, *, chunked: bool = False) -> socket.socket:
        """Begin a request that is never finished. The caller closes it."""
        length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 400"
        head = f"POST /vaani/v1/calls HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nOrigin: {self.origin}\r\n"
        part = '5\r\n{"sit\r\n' if chunked else '{"sit'
        connection = self.connect()
        connection.sendall(f"{head}Content-Type: text/plain\r\n{length}\r\n\r\n{part}".encode())
        return connection
