"""The network below a request, with one deadline for all of it.

httpx's own timeouts are per read, and an answer that drips outlives them for as long as it likes. So this
stands where httpcore has a place for it (https://www.encode.io/httpcore/network-backends/), and everything
that a request waits for (a name, a connection, TLS, every read and write) draws on one allowance.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, cast

import httpcore
import httpx

from .upstream_connect import Connected, connecting, give_up

MAX_CONNECTIONS = 100
MAX_IDLE_CONNECTIONS = 20
KEEPALIVE_SECONDS = 1.5
"""After this, an idle connection is not taken up again: shorter than what servers commonly grant."""


class Allowance:
    """What a request may take, and how far it has come.

    :param until: its end, on ``time.monotonic()``'s clock.
    :param sent: whether a part of it may have gone out. True from the start where nobody can see that.
    """

    def __init__(self, until: float, *, sent: bool) -> None:
        self.until = until
        self.sent = sent

    @property
    def left(self) -> float:
        """Seconds; below zero where it is over."""
        return self.until - time.monotonic()

    @contextmanager
    def running(self) -> Iterator[None]:
        """What this thread does on the network meanwhile draws on it."""
        _running.allowance = self
        try:
            yield
        finally:
            _running.allowance = None


class Network(httpx.BaseTransport):
    """Sends requests from any thread over connections that are kept. Belongs to one process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._backend = _Backend()
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trust(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=self._backend,
        )
        for name in ("httpcore.connection", "httpcore.http11"):
            logging.getLogger(name).addFilter(_silence)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it once. The answer is to be read, or closed.

        :raises httpx.TransportError: one of its kinds.
        """
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=cast(Iterable[bytes], request.stream),
                    extensions={"timeout": {"pool": _left(httpcore.PoolTimeout)}},
                )
            )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close the connections. Who is in the middle of a request is told that it broke."""
        if self.pid == os.getpid():
            self._backend.hang_up()
            self._pool.close()

    def forget(self) -> None:
        """In a child after a fork, close what it has inherited, and touch nothing of the parent's."""
        self._backend.forget()


@cache
def _trust() -> ssl.SSLContext:
    """Once: reading all those certificates takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._connecting: set[Future[Connected]] = set()
        self._streams: weakref.WeakSet[_Stream] = weakref.WeakSet()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(httpcore.ConnectTimeout)
        future: Future[Connected] = Future()
        with self._lock:
            if self._closed:
                raise httpcore.ConnectError("closed")
            self._connecting.add(future)
        try:
            # In a thread of its own: nothing else gets out of a name resolution that hangs.
            connecting(host, port, left, future)
            connected = future.result(left)
        except BaseException as error:
            give_up(future)
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from None
            if isinstance(error, CancelledError):
                raise httpcore.ConnectError("closed") from None
            raise
        finally:
            with self._lock:
                self._connecting.discard(future)
        if isinstance(connected, Exception):
            late = isinstance(connected, TimeoutError)
            raise (httpcore.ConnectTimeout if late else httpcore.ConnectError)(str(connected))
        stream = _Stream(connected)
        with self._lock:
            self._streams.add(stream)
            closed = self._closed
        if closed:
            stream.close()
            raise httpcore.ConnectError("closed")
        return stream

    def hang_up(self) -> None:
        with self._lock:
            self._closed = True
            for future in self._connecting:
                future.cancel()
            streams = list(self._streams)
        for stream in streams:
            stream.hang_up()

    def forget(self) -> None:
        """In a child: the parent's connections, and not a word on them."""
        for stream in list(self._streams):
            stream.forget()


class _Stream(httpcore.NetworkStream):
    """A connection. What httpcore says about timeouts is not heard."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._busy = False
        self._hung_up = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._used(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(_left(httpcore.ReadTimeout))
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._used(httpcore.WriteTimeout, httpcore.WriteError):
            while buffer:
                self._socket.settimeout(_left(httpcore.WriteTimeout))
                if _running.allowance is not None:
                    _running.allowance.sent = True
                buffer = buffer[self._socket.send(buffer) :]

    def close(self) -> None:
        # Another thread may be reading. Its number closed under it could be another connection's next.
        if self._busy:
            self.hang_up()
        else:
            self._socket.close()

    def hang_up(self) -> None:
        """Wakes the thread that waits for it, which then closes it."""
        self._hung_up = True
        with suppress(OSError):
            # Not SSLSocket's own, which first has what is sent meanwhile go out in the clear.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def forget(self) -> None:
        with suppress(OSError):
            os.close(self._socket.detach())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            with self._used(httpcore.ConnectTimeout, httpcore.ConnectError):
                self._socket.settimeout(_left(httpcore.ConnectTimeout))
                secured = ssl_context.wrap_socket(
                    self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
                )
                self._socket = secured
                if self._hung_up:  # while nobody had the socket
                    raise OSError("closed")
                secured.do_handshake()
        except BaseException:
            self.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's
        if info == "is_readable":
            return _is_readable(self._socket)
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        return self._socket if info == "socket" else None

    @contextmanager
    def _used(self, late: type[Exception], broken: type[Exception]) -> Iterator[None]:
        self._busy = True
        try:
            yield
        except TimeoutError:
            raise late from None
        except OSError as error:
            raise broken(str(error)) from None
        finally:
            self._busy = False


def _is_readable(connected: socket.socket) -> bool:
    """Whether there is something to read on it, be it the end."""
    if connected.fileno() < 0:
        return True
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connected, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([connected], [], [], 0)[0])


class _Running(threading.local):
    allowance: Allowance | None = None


_running = _Running()


def _left(over: type[httpcore.TimeoutException]) -> float:
    """Seconds. :raises over: there are none."""
    if _running.allowance is None:
        raise over
    left = _running.allowance.left
    if left <= 0:
        raise over
    return left


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Its errors have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from None


class _Silence(logging.Filter):
    """httpcore notes at DEBUG every header that comes back, and an answer may repeat the key."""

    def filter(self, _record: logging.LogRecord) -> bool:
        return _running.allowance is None


_silence = _Silence()
