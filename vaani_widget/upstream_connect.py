"""A connection to a name, made in a thread that nobody has to wait for."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from itertools import chain, zip_longest
from typing import Any

NEXT_AFTER_SECONDS = 0.25
"""An address that has not answered by then is no longer waited for alone (RFC 8305, 5)."""

UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY}

Connected = socket.socket | Exception
"""What came of it. Not raised, since only waiting for it raises a ``TimeoutError`` then."""

Address = tuple[Any, ...]
"""As ``socket.getaddrinfo`` has it."""


def connecting(host: str, port: int, seconds: float, future: Future[Connected]) -> None:
    """Begin. Where ``future`` is cancelled, nothing is left open.

    :param seconds: that it may take. A resolver may take longer; then its thread ends with it, unnoticed.
    :raises RuntimeError: there can be no more threads.
    """
    until = time.monotonic() + seconds
    threading.Thread(
        target=_connect, args=(host, port, until, future), name="vaani-widget-connect", daemon=True
    ).start()


def give_up(future: Future[Connected]) -> None:
    """Nobody wants it any more."""
    if not future.cancel():  # it has come in this very moment
        connected = future.result()
        if isinstance(connected, socket.socket):
            connected.close()


def _connect(host: str, port: int, until: float, future: Future[Connected]) -> None:
    connected: Connected
    try:
        connected = _first(_in_turn(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)), until)
    except Exception as error:
        connected = error
    if future.set_running_or_notify_cancel():
        future.set_result(connected)
    elif isinstance(connected, socket.socket):
        connected.close()


def _in_turn(addresses: Iterable[Address]) -> Iterable[Address]:
    """One of IPv6, one of IPv4, and so on, beginning with what the resolver put first (RFC 8305, 4)."""
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return (address for address in chain(*zip_longest(*families.values())) if address is not None)


def _first(addresses: Iterable[Address], until: float) -> socket.socket:
    """The address that answers first, without waiting for one that is silent."""
    left = deque(addresses)
    failure = OSError("the name has no address")
    with selectors.DefaultSelector() as trying:
        try:
            while left or trying.get_map():
                if left:
                    begun = _begin(left.popleft())
                    if isinstance(begun, OSError):
                        failure = begun
                        continue
                    trying.register(begun, selectors.EVENT_WRITE)
                wait = until - time.monotonic()
                if wait <= 0:
                    raise TimeoutError
                for key, _events in trying.select(min(wait, NEXT_AFTER_SECONDS) if left else wait):
                    tried = key.fileobj
                    assert isinstance(tried, socket.socket)
                    trying.unregister(tried)
                    number = tried.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not number:
                        tried.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        return tried
                    tried.close()
                    failure = OSError(number, os.strerror(number))
        finally:
            for key in list(trying.get_map().values()):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()
    raise failure


def _begin(address: Address) -> socket.socket | OSError:
    family, kind, protocol, _name, where = address
    try:
        begun = socket.socket(family, kind, protocol)
    except OSError as error:  # such as a family that this machine does not have
        return error
    begun.setblocking(False)
    try:
        number = begun.connect_ex(where)
    except OSError as error:
        begun.close()
        return error
    if number and number not in UNDER_WAY:
        begun.close()
        return OSError(number, os.strerror(number))
    return begun
