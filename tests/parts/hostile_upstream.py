"""A server on loopback that does to its clients whatever can go wrong, on real sockets.

::

    with HostileUpstream(reset()) as upstream:
        VaaniClient(api_url=upstream.url, …)
        assert len(upstream.requests) == 1
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CREDENTIALS = {
    "token": "eyJ.visitor.token",
    "room_name": "room_acme_1a2b3c",
    "agent_name": "d083374a-c167-4bda-b8bc-2a418ca85f35",
    "connection_url": "wss://livekit.example.com",
}
"""An answer as Vaani documents it."""


@dataclass(frozen=True)
class Request:
    """What came in. Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    connection: int
    """0 for the first connection that was ever made, and so on."""

    @property
    def json(self) -> object:
        return json.loads(self.body)


Behaviour = Callable[["HostileUpstream", socket.socket, Request], None]
"""Answers one request. To keep the connection for another one, it leaves it open."""


class HostileUpstream:
    """Listens on a free port of loopback. ``behaviour`` may be exchanged between requests.

    :param greeting: what every connection is told first, before it has said a word.
    :param tls: speaks it, with a certificate of its own.
    """

    def __init__(
        self, behaviour: Behaviour, *, greeting: bytes = b"", tls: ssl.SSLContext | None = None
    ) -> None:
        self.behaviour = behaviour
        self.greeting = greeting
        self.tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self.sent = 0
        """Bytes of a :func:`flood` that went out."""
        self.stopping = threading.Event()
        self.hung_up = threading.Event()
        """Set when a client has closed a connection."""
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> HostileUpstream:
        self._start(self._accept)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listener.close()
        self.hang_up()
        for thread in list(self._threads):
            thread.join(10)

    def hang_up(self) -> None:
        """Close every connection there is."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            with suppress(OSError):
                if self.tls is not None:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                    with self._lock:
                        self._open.add(connection)
                connection.sendall(self.greeting)
                while request := _read(connection, number):
                    self.requests.append(request)
                    self.behaviour(self, connection, request)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
            self.hung_up.set()


def _read(connection: socket.socket, number: int) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536) if connection.fileno() != -1 else b""
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Request(method, path, headers, body, number)


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """A full queue of connections: the packets go nowhere, as behind a firewall that drops them."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield full.getsockname()


def raw(data: bytes, *, close: bool = True) -> Behaviour:
    """These bytes, whatever they are."""

    def behave(_server: HostileUpstream, connection: socket.socket, _request: Request) -> None:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return behave


def response(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an answer."""
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body))} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Something\r\n{head}\r\n".encode("latin-1") + body


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A proper answer; ``body`` is bytes, or becomes JSON. The connection stays open."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return raw(response(status, data, headers), close=False)


def credentials(**changes: object) -> Behaviour:
    """Vaani's answer, with some of it exchanged."""
    return answer(200, CREDENTIALS | changes)


def hang(first: bytes = b"") -> Behaviour:
    """Say this much and then nothing, with the connection open, until the client hangs up."""

    def behave(_server: HostileUpstream, connection: socket.socket, _request: Request) -> None:
        connection.sendall(first)
        connection.recv(1)
        connection.shutdown(socket.SHUT_RDWR)

    return behave


def drip(data: bytes, *, every: float) -> Behaviour:
    """One byte at a time, ``every`` seconds: no single read is ever late."""

    def behave(server: HostileUpstream, connection: socket.socket, _request: Request) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            if server.stopping.wait(every):
                return

    return behave


def reset(first: bytes = b"") -> Behaviour:
    """Say this much, then break the connection with a RST."""

    def behave(_server: HostileUpstream, connection: socket.socket, _request: Request) -> None:
        connection.sendall(first)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return behave


def cut_short(body: bytes, *, missing: int) -> Behaviour:
    """Announce more than is sent, and close."""
    return raw(response(200, body, {"Content-Length": str(len(body) + missing)}))


def flood(size: int, *, announced: bool) -> Behaviour:
    """That many bytes, with their length said before or in chunks without end."""

    def pieces() -> Iterator[bytes]:
        piece = b"x" * 65536
        if announced:
            yield response(200, b"", {"Content-Length": str(size)})
        else:
            yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        for _ in range(size // 65536):
            yield piece

    def behave(server: HostileUpstream, connection: socket.socket, _request: Request) -> None:
        for piece in pieces():
            connection.sendall(piece)
            server.sent += len(piece)

    return behave


def gzip_bomb(size: int) -> Behaviour:
    """Credentials that are small until they are unpacked."""
    packed = gzip.compress(json.dumps(CREDENTIALS).encode() + b" " * size)
    return answer(200, packed, {"Content-Encoding": "gzip"})


def redirect(status: int, location: str) -> Behaviour:
    """Elsewhere, please. Whether it was followed is in ``requests``."""
    return answer(status, b"", {"Location": location})
