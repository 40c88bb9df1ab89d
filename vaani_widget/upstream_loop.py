"""An event loop in a thread, on which a request has one deadline for all of it.

httpx's own timeouts are per read, and an answer that drips outlives them for as long as it likes. Here one
deadline cancels a request wherever it is: resolving, connecting, sending, reading.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import anyio
import httpx

from .errors import Spent, UpstreamInvalid, UpstreamTimeout, UpstreamUnavailable
from .upstream_answer import MAX_BYTES, Failure

KEEPALIVE_SECONDS = 1.5
"""After this, an idle connection is not taken up again: shorter than what servers commonly grant."""

T = TypeVar("T")


class Sending:
    """How far a request has come, as httpcore tells it (https://www.encode.io/httpcore/extensions/#trace).

    :param begun: sent from the start, where it can't be observed.
    """

    def __init__(self, *, begun: bool) -> None:
        self._lock = threading.Lock()
        self._begun = begun
        self._given_up = False
        self._half_open: Any = None  # httpcore.AsyncNetworkStream

    @property
    def spent(self) -> Spent:
        return "unknown" if self._begun else "no"

    def give_up(self) -> Spent:
        """Nobody waits any more. What has not been sent by now never will be."""
        with self._lock:
            self._given_up = True
            return self.spent

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._half_open = info["return_value"]
        elif event == "connection.start_tls.complete":
            self._half_open = None
        elif event.endswith(".send_request_headers.started"):
            self._half_open = None
            with self._lock:
                if self._given_up:
                    raise TimeoutError
                self._begun = True

    async def close(self) -> None:
        """Close the connection that httpcore forgets when it is cancelled while TLS is being agreed on."""
        if self._half_open is not None:
            with suppress(Exception):
                await self._half_open.aclose()


class Loop:
    """An event loop in a thread, and the HTTP transport that lives on it. Belongs to one process.

    The transport, and no client around it: there are no cookies, redirects or proxies of the environment to
    see to, and every call would pay for them.

    It is asyncio's own, and not anyio's blocking portal, because handing something to a portal waits until
    the loop has taken it, and a loop that is busy would hold everybody up beyond their deadline.
    """

    transport: httpx.AsyncBaseTransport

    def __init__(self, transport: httpx.AsyncBaseTransport | None) -> None:
        self.pid = os.getpid()
        self._given = transport
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="vaani-widget-upstream", daemon=True
        )
        self._thread.start()
        started.result()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have it done, without waiting.

        :raises RuntimeError: the loop was stopped.
        """
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise

    def stop(self) -> None:
        """Close the connections, and end the thread. What is under way is cancelled."""
        if self.pid != os.getpid() or not self._thread.is_alive():
            return
        with suppress(RuntimeError):  # stopped already
            self._loop.call_soon_threadsafe(self._stopped.set)
        if threading.current_thread() is not self._thread:
            self._thread.join(2)  # a name resolution that hangs is left behind

    def _run(self, started: Future[None]) -> None:
        for name in ("httpcore.connection", "httpcore.http11"):
            logging.getLogger(name).addFilter(_silence)
        _silence.threads.add(threading.get_ident())
        try:
            asyncio.run(self._main(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)
        finally:
            _silence.threads.discard(threading.get_ident())

    async def _main(self, started: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        async with self._given or _network() as self.transport:
            started.set_result(None)
            await self._stopped.wait()
            under_way = asyncio.all_tasks() - {asyncio.current_task()}
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


def _network() -> httpx.AsyncHTTPTransport:
    # Few are kept: the pool looks at every idle connection, twice for each request.
    limits = httpx.Limits(
        max_connections=100, max_keepalive_connections=4, keepalive_expiry=KEEPALIVE_SECONDS
    )
    return httpx.AsyncHTTPTransport(limits=limits, trust_env=False)


@asynccontextmanager
async def answered(
    transport: httpx.AsyncBaseTransport, request: httpx.Request
) -> AsyncIterator[httpx.Response]:
    """The answer to a request, to read from while inside."""
    response = await transport.handle_async_request(request)
    try:
        yield response
    finally:
        await response.aclose()


class _Silence(logging.Filter):
    """httpcore notes at DEBUG every header that comes back, and an answer may repeat the key."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def filter(self, _record: logging.LogRecord) -> bool:
        return threading.get_ident() not in self.threads


_silence = _Silence()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_silence.threads.clear)


async def bounded(
    ask: Callable[[httpx.AsyncBaseTransport, Sending], Awaitable[T]],
    transport: httpx.AsyncBaseTransport,
    sending: Sending,
    deadline: float,
) -> T | Failure:
    """Await ``ask`` until the deadline, on ``time.monotonic()``'s clock. Raises nothing: see `Failure`."""
    try:
        with anyio.fail_after(deadline - time.monotonic()):
            return await ask(transport, sending)
    except (TimeoutError, httpx.TimeoutException) as error:
        before = isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout))
        return Failure(UpstreamTimeout, "no" if before else sending.spent)
    except httpx.ConnectError as error:
        return Failure(UpstreamUnavailable, "no", "Vaani can't be reached.", said=str(error))
    except httpx.RemoteProtocolError as error:
        if "disconnected" in str(error):
            return Failure(UpstreamUnavailable, sending.spent, "Vaani closed the connection.")
        return Failure(UpstreamInvalid, sending.spent, "Vaani's answer is not HTTP.")
    except httpx.NetworkError:
        return Failure(UpstreamUnavailable, sending.spent, "The connection to Vaani broke.")
    except Exception as error:  # no words of it: they may repeat what was sent
        return Failure(UpstreamUnavailable, sending.spent, said=type(error).__name__)
    finally:
        await sending.close()


async def read(response: httpx.Response) -> tuple[bytes | None, str | None]:
    """The body, or what is wrong with it. Nothing is unpacked here, so it is as small as on the wire."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
        return None, "is compressed, which it was asked not to be"
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                return None, f"is longer than {MAX_BYTES} bytes"
    except httpx.RemoteProtocolError:
        return None, "was cut short"
    return bytes(body), None
