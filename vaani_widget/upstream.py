"""The client for Vaani: one request for one call, answered within a time or given up.

**Never repeated.** Each request may cost money, so none is sent twice, not even when the connection breaks.
A kept connection that the server has closed meanwhile is noticed before anything is sent on it (httpcore
looks whether there is something to read), and after 1.5 s of idleness none is taken up again, since servers
commonly close after two (gunicorn) to five (uvicorn, Node). What remains is a server that closes in the very
moment of sending: that is ``upstream_unavailable`` with ``spent`` unknown.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import partial
from typing import TypeVar

import anyio
import httpx

from .errors import SettingError, UpstreamTimeout, UpstreamUnavailable
from .logs import fields
from .upstream_answer import Answer, Credentials, Failure, judge, loggable
from .upstream_loop import Loop, Sending, answered, bounded, read

__all__ = ["Credentials", "VaaniClient"]

PATH = "/api/webrtc/token"

# identity: what is small on the wire is small in memory.
HEADERS = {"User-Agent": "vaani-widget", "Accept": "application/json", "Accept-Encoding": "identity"}

T = TypeVar("T")

logger = logging.getLogger(__name__)


class VaaniClient:
    """Asks Vaani for calls. Thread-safe; nothing is opened before the first use, and then per process.

    :param api_url: ``VAANI_API_URL``, such as ``https://api.vaanivoice.ai``.
    :param api_key: ``VAANI_API_KEY``. It is in no log, error or representation.
    :param timeout: seconds for a request in all, from name resolution to the answer's last byte.
    :param transport: what sends the requests instead of the network, for tests.
    :raises SettingError: the key can't be sent in an HTTP header.
    """

    def __init__(
        self,
        *,
        api_url: str,
        api_key: str,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base = api_url.rstrip("/")
        self._key = _Key(api_key)
        self._timeout = timeout
        self._transport = transport
        self._loop: Loop | None = None
        if not (api_key.isascii() and api_key.isprintable()):
            del api_key
            raise SettingError(
                "VAANI_API_KEY", "has characters that no key has; copy it again, without line ends"
            )

    def start_call(self, body: Mapping[str, object]) -> Credentials:
        """Make a room, send the agent into it, and get the visitor's credentials.

        :param body: the call's settings as Vaani names them.
        :raises UpstreamError: one of its kinds; ``spent`` says what is known of the cost.
        """
        answer = self._within(partial(self._post, json.dumps(dict(body)).encode()))
        outcome = judge(answer, now=time.time()) if isinstance(answer, Answer) else answer
        del answer  # has the token in it
        if isinstance(outcome, Credentials):
            return outcome
        said = loggable(outcome.said, [self._key.value, *_metadata(body)])
        del body
        _tell(outcome, said)
        raise outcome.error()

    def probe(self) -> None:
        """Is Vaani reachable? Starts no call and sends no key; any HTTP answer will do.

        :raises UpstreamError: no; ``spent`` is ``"no"``.
        """
        found = self._within(self._get)
        if isinstance(found, Failure):
            said = loggable(found.said, [self._key.value])
            _tell(found, said)
            raise found.refusal(found.detail, spent="no")

    def close(self) -> None:
        """Close this process's connections. The next use opens new ones."""
        with _making:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()

    def _within(self, ask: Callable[[httpx.AsyncBaseTransport, Sending], Awaitable[T]]) -> T | Failure:
        """Run ``ask`` on the loop. Never raises: see :class:`Failure`."""
        deadline = time.monotonic() + self._timeout
        # What a given transport does unseen, may have been sent.
        sending = Sending(begun=self._transport is not None)
        try:
            loop = self._here()
            future = loop.submit(bounded(ask, loop.transport, sending, deadline))
        except Exception as error:  # a loop that can't start, or that another thread has just closed
            return Failure(UpstreamUnavailable, "no", said=type(error).__name__)
        try:
            # The loop has the first word; a loop too busy to speak does not hold anybody up.
            return future.result(max(deadline - time.monotonic(), 0) + 0.1)
        except TimeoutError:
            return Failure(UpstreamTimeout, sending.give_up())
        except CancelledError:
            return Failure(UpstreamUnavailable, sending.spent, "The server is about to stop.")
        finally:
            future.cancel()

    async def _post(self, content: bytes, transport: httpx.AsyncBaseTransport, sending: Sending) -> Answer:
        headers = {**HEADERS, "Content-Type": "application/json", "X-API-Key": self._key.value}
        request = httpx.Request(
            "POST",
            self._base + PATH,
            content=content,
            headers=headers,
            extensions={"trace": sending.trace},
        )
        async with answered(transport, request) as response:
            retry_after = response.headers.get("Retry-After")
            if response.status_code in {200, 201}:
                body, flaw = await read(response)
                return Answer(response.status_code, retry_after, body, flaw)
            # The status says it all. The words that come with it are worth a second, not the deadline.
            body = None
            left = anyio.current_effective_deadline() - anyio.current_time()
            with suppress(httpx.HTTPError), anyio.move_on_after(min(left / 2, 1)):
                body, _flaw = await read(response)
            return Answer(response.status_code, retry_after, body)

    async def _get(self, transport: httpx.AsyncBaseTransport, sending: Sending) -> None:
        trace = {"trace": sending.trace}
        request = httpx.Request("GET", self._base + "/", headers=HEADERS, extensions=trace)
        async with answered(transport, request):
            pass

    def _here(self) -> Loop:
        loop = self._loop
        if loop is None or loop.pid != os.getpid():
            with _making:
                loop = self._loop
                if loop is None or loop.pid != os.getpid():
                    if loop is not None:
                        _left_behind.append(loop)  # its thread is not in this process; nothing may touch it
                    loop = self._loop = Loop(self._transport)
                    weakref.finalize(self, loop.stop)  # also when the interpreter ends
        return loop


class _Key:
    """The API key. Requests get it for the time of sending only."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "<the API key>"


def _tell(failure: Failure, said: str) -> None:
    """:param said: fit for a log."""
    sentence = failure.detail or failure.refusal.title
    told = fields("upstream_failed", code=failure.refusal.code, spent=failure.spent)
    logger.warning("%s%s", sentence, f" ({said})" if said else "", extra=told)


def _metadata(body: Mapping[str, object]) -> list[str]:
    """What the log must not repeat. Shorter values would tear other words apart."""
    metadata = body.get("metadata")
    values = metadata.values() if isinstance(metadata, Mapping) else ()
    return [value for value in values if isinstance(value, str) and len(value) > 3]


_making = threading.Lock()
_left_behind: list[Loop] = []


def _after_fork_in_child() -> None:
    global _making
    _making = threading.Lock()  # a thread that is not here any more may have held the old one


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
