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
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial
from typing import TypeVar

import httpx

from .errors import SettingError, Spent, UpstreamInvalid, UpstreamTimeout, UpstreamUnavailable
from .logs import fields
from .upstream_answer import MAX_BYTES, Answer, Credentials, Failure, judge
from .upstream_network import Allowance, Network
from .upstream_words import loggable

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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = api_url.rstrip("/")
        self._key = _Key(api_key)
        self._timeout = timeout
        self._transport = transport
        self._network: Network | None = None
        self._close_network: Callable[[], object] | None = None
        _clients.add(self)
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
        said = loggable(outcome.said, self._key.value, body)
        del body
        _tell(outcome, said)
        raise outcome.error()

    def probe(self) -> None:
        """Is Vaani reachable? Starts no call and sends no key; any HTTP answer will do.

        :raises UpstreamError: no; ``spent`` is ``"no"``.
        """
        found = self._within(self._get)
        if isinstance(found, Failure):
            said = loggable(found.said, self._key.value)
            _tell(found, said)
            raise found.refusal(found.detail, spent="no")

    def close(self) -> None:
        """Close this process's connections. The next use opens new ones."""
        with _making:
            self._network, close = None, self._close_network
        if close is not None:
            close()

    def forget_parents(self) -> None:
        """In a child after a fork: close the parent's connections here, without a word on them."""
        if self._network is not None:
            self._network.forget()

    def _within(self, ask: Callable[[httpx.BaseTransport, Allowance], T]) -> T | Failure:
        """Run ``ask`` with a deadline. Never raises: see :class:`Failure`."""
        try:
            transport = self._transport or self._here()
        except Exception as error:  # such as certificates that can't be read
            return _failure(error, "no")
        # What a given transport does unseen, may have been sent.
        allowance = Allowance(time.monotonic() + self._timeout, sent=self._transport is not None)
        with allowance.running():
            try:
                return ask(transport, allowance)
            except Exception as error:
                return _failure(error, "unknown" if allowance.sent else "no")

    def _post(self, content: bytes, transport: httpx.BaseTransport, allowance: Allowance) -> Answer:
        headers = {**HEADERS, "Content-Type": "application/json", "X-API-Key": self._key.value}
        request = httpx.Request("POST", self._base + PATH, content=content, headers=headers)
        with closing(transport.handle_request(request)) as response:
            retry_after = response.headers.get("Retry-After")
            if response.status_code in {200, 201}:
                body, flaw = _read(response)
                return Answer(response.status_code, retry_after, body, flaw)
            # The status says it all. The words that come with it are worth a second, not the deadline.
            allowance.until = time.monotonic() + min(allowance.left / 2, 1)
            body = None
            with suppress(httpx.HTTPError):
                body, _flaw = _read(response)
            return Answer(response.status_code, retry_after, body)

    def _get(self, transport: httpx.BaseTransport, _allowance: Allowance) -> None:
        request = httpx.Request("GET", self._base + "/", headers=HEADERS)
        transport.handle_request(request).close()

    def _here(self) -> Network:
        network = self._network
        if network is None or network.pid != os.getpid():
            with _making:
                network = self._network
                if network is None or network.pid != os.getpid():
                    if network is not None:
                        _left_behind.append(network)  # the parent's, whose locks may never come free here
                    network = self._network = Network()
                    self._close_network = weakref.finalize(
                        self, network.close
                    )  # at the interpreter's end, too
        return network


class _Key:
    """The API key. Requests get it for the time of sending only."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "<the API key>"


def _failure(error: Exception, spent: Spent) -> Failure:
    """No words of an error that is not known: they may repeat what was sent."""
    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        return Failure(UpstreamTimeout, "no")
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return Failure(UpstreamTimeout, spent)
    if isinstance(error, httpx.ConnectError):
        return Failure(UpstreamUnavailable, "no", "Vaani can't be reached.", said=str(error))
    if isinstance(error, httpx.RemoteProtocolError):
        if "disconnected" in str(error):
            return Failure(UpstreamUnavailable, spent, "Vaani closed the connection.")
        return Failure(UpstreamInvalid, spent, "Vaani's answer is not HTTP.")
    if isinstance(error, httpx.NetworkError):
        return Failure(UpstreamUnavailable, spent, "The connection to Vaani broke.")
    return Failure(UpstreamUnavailable, spent, said=type(error).__name__)


def _read(response: httpx.Response) -> tuple[bytes | None, str | None]:
    """The body, or what is wrong with it. Nothing is unpacked here, so it is as small as on the wire."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
        return None, "is compressed, which it was asked not to be"
    body = bytearray()
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                return None, f"is longer than {MAX_BYTES} bytes"
    except httpx.RemoteProtocolError:
        return None, "was cut short"
    return bytes(body), None


def _tell(failure: Failure, said: str) -> None:
    """:param said: fit for a log."""
    sentence = failure.detail or failure.refusal.title
    told = fields("upstream_failed", code=failure.refusal.code, spent=failure.spent)
    logger.warning("%s%s", sentence, f" ({said})" if said else "", extra=told)


_making = threading.Lock()
_left_behind: list[Network] = []
_clients: weakref.WeakSet[VaaniClient] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    global _making
    _making = threading.Lock()  # a thread that is not here any more may have held the old one
    for client in list(_clients):
        client.forget_parents()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
