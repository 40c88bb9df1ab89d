"""A client that keeps to no rule: what it sends is what it was given, byte for byte. What comes back is
searched for the server's keys."""

from __future__ import annotations

import http.client
import json
import select
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.attack.searching import no_key_in


@dataclass(frozen=True)
class Answer:
    """What came back.

    :param code: of a problem; empty where it was none.
    """

    status: int
    code: str


def ask(base: str, head: Iterable[bytes], *pieces: bytes) -> Answer:
    """Send a head's lines, then pieces of a body for as long as nobody answers; read the answer.

    :param base: such as ``http://127.0.0.1:40123``.
    """
    where = urlsplit(base)
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=20) as connection:
        connection.sendall(b"\r\n".join([*head, b"Host: acme.test", b"Connection: close", b"", b""]))
        try:
            for piece in pieces:
                readable, _, _ = select.select([connection], [connection], [], 20)
                if readable:
                    break
                connection.sendall(piece)
        except OSError:
            pass  # it hung up on us; what it said first is still to be read
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        data = answer.read()
    no_key_in(f"an answer {answer.status}", answer.reason, str(answer.headers), data)
    problem = answer.headers.get_content_type() == "application/problem+json"
    return Answer(answer.status, json.loads(data)["code"] if problem else "")


def chunked(body: bytes, size: int = 4096) -> Iterable[bytes]:
    """The body in chunks."""
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"
