"""A local Vaani API: a real HTTP server that answers ``POST /api/webrtc/token`` as Vaani's page says.

The server's own Vaani client talks to it as it would to Vaani, with a key; what it hands out is a token for a
room on the demo's LiveKit server, into which the demo's agent is dispatched.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import socket
import threading
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from .vaani_faults import FAULTS, Fault, fail, is_fault, send_json
from .vaani_rules import problems, settings_of

PATH: Final = "/api/webrtc/token"
DISPATCH_NAME: Final = "vaani-demo"
"""Under which the demo's agent registers with LiveKit."""
TOKEN_LIFETIME: Final = timedelta(seconds=90)
SLOW_SECONDS: Final = 3.0
BODY_LIMIT: Final = 1 << 20

AGENTS: Final[Mapping[str, str]] = {
    name: str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.demo.invalid"))
    for name in ("demo", "captions", "slow", "absent")
}
"""Agents by name, with their ids: ``demo`` talks; ``captions`` has a ``live_captions_url`` too; ``slow``
takes three seconds to be found; ``absent`` is found and never comes. Any ``error-STATUS`` (``error-402``) and
``fault-NAME`` (``fault-reset``) fails in that way."""


class Room(Protocol):
    """What is needed of a LiveKit server."""

    url: str
    api_key: str
    api_secret: str


class Request(NamedTuple):
    """One request as it came in, without its key."""

    headers: dict[str, str]
    body: Any


class LocalVaaniApi:
    """A context manager; its address is :attr:`url` from the start, on a free loopback port.

    :param livekit: the server whose rooms it hands out; may be given later by assigning :attr:`livekit`,
        until when it answers 503.
    :param agents: agents by name, with their ids.
    """

    def __init__(self, livekit: Room | None = None, *, agents: Mapping[str, str] = AGENTS) -> None:
        self.livekit = livekit
        self.agents = dict(agents)
        self.api_key = "vaani_" + secrets.token_urlsafe(24)
        self.requests: list[Request] = []
        self._faults: deque[Fault] = deque()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="vaani-api"
        )

    def __repr__(self) -> str:
        return f"LocalVaaniApi({self.url!r})"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Fail the next requests: with a status, or in a way that :data:`FAULTS` names."""
        if not is_fault(str(fault)):
            raise ValueError(f"no such fault: {fault!r}; a status, or one of {', '.join(FAULTS)}")
        with self._lock:
            self._faults.extend([fault] * times)

    def __enter__(self) -> LocalVaaniApi:
        self._thread.start()
        # Half a second that the first call need not wait for.
        threading.Thread(target=lambda: import_module("livekit.api"), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            open_connections = list(self._connections)
        for connection in open_connections:  # kept alive by the other side
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = _read(handler)
        headers = {
            name.lower(): value for name, value in handler.headers.items() if name.lower() != "x-api-key"
        }
        with self._lock:
            self.requests.append(Request(headers, body))
            fault = self._faults.popleft() if self._faults else None
        if fault is not None:
            fail(handler, fault, self._stopping)
            return
        given = handler.headers.get("X-API-Key", "")
        if not hmac.compare_digest(given.encode(), self.api_key.encode()):
            fail(handler, 401, self._stopping)
            return
        wrong = problems(body)
        if wrong:
            send_json(handler, 422, {"detail": wrong})
            return
        assert isinstance(body, dict)
        self._start_call(handler, body)

    def _start_call(self, handler: BaseHTTPRequestHandler, body: Mapping[str, Any]) -> None:
        wanted = str(body.get("agent_id") or body["agent_name"])
        kind, _, fault = wanted.partition("-")
        if kind in ("error", "fault") and is_fault(fault):
            fail(handler, fault, self._stopping)
            return
        name = next((name for name, uid in self.agents.items() if wanted in (name, uid)), None)
        if name is None:
            fail(handler, 404, self._stopping)
            return
        if name == "slow":
            self._stopping.wait(SLOW_SECONDS)
        if self.livekit is None:
            send_json(handler, 503, {"detail": "The demo's voice is still starting."})
            return
        send_json(handler, 200, self._answer(self.livekit, name, body))

    def _answer(self, livekit: Room, name: str, body: Mapping[str, Any]) -> dict[str, str]:
        uid = self.agents[name]
        room = f"room_{uid}_{secrets.token_hex(8)}"
        told = {**settings_of(body), "agent": name}
        answer = {
            "token": _token(livekit, room, "nobody" if name == "absent" else DISPATCH_NAME, told),
            "room_name": room,
            "agent_name": uid,
            "connection_url": str(body.get("websocket_url") or livekit.url),
        }
        if name == "captions":
            answer["live_captions_url"] = f"wss://captions.example/{room}"
        return answer


def _token(livekit: Room, room: str, dispatch: str, settings: Mapping[str, object]) -> str:
    """A token that lets one visitor into one room, and brings the agent there with them."""
    from livekit import api

    grants = api.VideoGrants(
        room_join=True, room=room, can_publish_sources=["microphone"], can_update_own_metadata=False
    )
    agent = api.RoomAgentDispatch(agent_name=dispatch, metadata=json.dumps(settings))
    return (
        api.AccessToken(livekit.api_key, livekit.api_secret)
        .with_identity(f"visitor_{uuid.uuid4()}")
        .with_ttl(TOKEN_LIFETIME)
        .with_grants(grants)
        .with_room_config(api.RoomConfiguration(agents=[agent], max_participants=2, departure_timeout=5))
        .to_jwt()
    )


def _read(handler: BaseHTTPRequestHandler) -> object:
    """The body as JSON; the bytes' text where it is none, which is then refused as no object."""
    length = int(handler.headers.get("Content-Length") or 0)
    raw = handler.rfile.read(min(length, BODY_LIMIT))
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    api: LocalVaaniApi

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in mid-answer is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.api._connections.add(self.connection)

    def finish(self) -> None:
        self.server.api._connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        if urlsplit(self.path).path == PATH:
            self.server.api.handle(self)
        else:
            send_json(self, 404, {"detail": "Not Found"})

    def do_GET(self) -> None:
        found = urlsplit(self.path).path == PATH
        send_json(self, 405 if found else 404, {"detail": "Method Not Allowed" if found else "Not Found"})

    do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass
