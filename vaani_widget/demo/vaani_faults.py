"""Every way in which an upstream fails, for real, on the wire: errors to order from the local Vaani API."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Final

Fault = int | str
"""A status (from 200 to 599), or a name out of :data:`FAULTS`."""

DETAILS: Final[Mapping[int, str]] = {
    401: "Invalid API key",
    402: "Insufficient balance",
    403: "Not allowed for this account",
    404: "Agent not found",
    422: "Unprocessable",
    429: "Too many requests",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}
GOOD: Final = {
    "token": "a.b.c",
    "room_name": "room_demo_0",
    "agent_name": "00000000-0000-4000-8000-000000000000",
    "connection_url": "wss://livekit.example",
}


def send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/json", **headers: str
) -> None:
    """One complete answer."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def send_json(handler: BaseHTTPRequestHandler, status: int, answer: object, **headers: str) -> None:
    send(handler, status, json.dumps(answer).encode(), **headers)


def is_fault(name: str) -> bool:
    return name in FAULTS or (name.isdigit() and 200 <= int(name) <= 599)


def fail(handler: BaseHTTPRequestHandler, fault: Fault, stopping: threading.Event) -> None:
    """Fail this one request. Returns when the client has gone, the answer is sent, or ``stopping`` is set."""
    if isinstance(fault, int) or fault.isdigit():
        status = int(fault)
        headers = {"Retry_After": "7"} if status == 429 else {}
        # Vaani's errors carry either member.
        member = "message" if status == 402 else "detail"
        send_json(handler, status, {member: DETAILS.get(status, "Something went wrong")}, **headers)
        return
    handler.close_connection = True
    with contextlib.suppress(OSError):  # the client may have had enough
        FAULTS[fault](handler, stopping)


def _hang(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    while not stopping.wait(0.1) and not _gone(handler):
        pass


def _drip(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    body = json.dumps(GOOD).encode()
    _head(handler, len(body) + 1000)
    for byte in body + b" " * 999:
        handler.wfile.write(bytes([byte]))
        if stopping.wait(0.05) or _gone(handler):
            return


def _reset(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    # Linger of zero seconds makes close() send RST instead of FIN.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _truncated(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    body = json.dumps(GOOD).encode()
    _head(handler, len(body))
    handler.wfile.write(body[: len(body) // 2])


def _huge(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    block = b" " * 65_536
    _head(handler, 800 * len(block))  # 50 MB
    for _ in range(800):
        handler.wfile.write(block)


def _not_http(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    handler.wfile.write(b"\x15\x03\x01\x00\x02\x02\x46")


def _body(answer: object) -> Callable[[BaseHTTPRequestHandler, threading.Event], None]:
    return lambda handler, stopping: send_json(handler, 201, answer)


def _html(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    send(handler, 200, b"<!doctype html><title>Welcome</title>", kind="text/html")


def _redirect(handler: BaseHTTPRequestHandler, stopping: threading.Event) -> None:
    send_json(handler, 307, {"detail": "Moved"}, Location="http://127.0.0.1:1/api/webrtc/token")


def _head(handler: BaseHTTPRequestHandler, length: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.flush()


def _gone(handler: BaseHTTPRequestHandler) -> bool:
    """Whether the client has closed its side."""
    connection = handler.connection
    connection.setblocking(False)
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        with contextlib.suppress(OSError):
            connection.setblocking(True)


FAULTS: Final[Mapping[str, Callable[[BaseHTTPRequestHandler, threading.Event], None]]] = {
    "hang": _hang,
    "drip": _drip,
    "reset": _reset,
    "truncated": _truncated,
    "huge": _huge,
    "not-http": _not_http,
    "html": _html,
    "redirect": _redirect,
    "not-an-object": _body([GOOD]),
    "missing": _body({name: value for name, value in GOOD.items() if name != "token"}),
    "wrong-types": _body({**GOOD, "room_name": 7}),
    "javascript-url": _body({**GOOD, "connection_url": "javascript:alert(1)"}),
}
