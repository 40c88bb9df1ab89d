"""A LiveKit server for the demo: one that runs already, or one of our own on a loopback address."""

from __future__ import annotations

import http.client
import json
import os
import platform
import secrets
import socket
import time
from signal import SIGTERM
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from .children import Child
from .livekit_build import LiveKitUnavailable, Say, find_or_build

__all__ = ["LiveKitServer", "LiveKitUnavailable"]

VARIABLES: Final = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
START_SECONDS: Final = 20.0
TRIES: Final = 4


def wanted_running_one() -> bool:
    """Whether the environment names a server that runs already."""
    return any(os.environ.get(name) for name in VARIABLES)


def _say_nothing(line: str) -> None:
    pass


class LiveKitServer:
    """A context manager; several may run at once, each on ports of its own.

    In this order: the running server that ``LIVEKIT_URL``, ``LIVEKIT_API_KEY`` and ``LIVEKIT_API_SECRET``
    name; ``livekit-server`` on the PATH; the one in the user's cache; one built into that cache.

    :param say: told what happens, in lines for a person; building takes two minutes.
    :raises LiveKitUnavailable: on entering, with what to do.
    """

    url: str
    """Such as ``ws://127.0.0.1:40001``."""
    api_key: str
    api_secret: str

    def __init__(self, say: Say = _say_nothing) -> None:
        self._say = say
        self._child: Child | None = None

    def __repr__(self) -> str:
        return f"LiveKitServer({getattr(self, 'url', 'not started')!r})"

    def __enter__(self) -> LiveKitServer:
        if wanted_running_one():
            self._use_running_one()
            return self
        program = str(find_or_build(self._say))
        self.api_key, self.api_secret = "demo", secrets.token_urlsafe(36)
        for _ in range(TRIES):  # a free port may be taken before the server has it
            if self._start(program):
                return self
        last = self._child.tail[-1:] if self._child else []
        raise LiveKitUnavailable(f"The LiveKit server does not start: {' '.join(last) or 'it said nothing'}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.stop()

    @property
    def running(self) -> bool:
        """Whether it still runs, as far as that can be known here."""
        return self._child is None or self._child.running

    def kill(self) -> None:
        """End it without a word to anybody, as a power cut would. Only a server of one's own."""
        if self._child is not None:
            os.kill(self._child.pid, SIGTERM)  # which its supervisor passes on as SIGKILL

    def _use_running_one(self) -> None:
        missing = [name for name in VARIABLES if not os.environ.get(name)]
        if missing:
            raise LiveKitUnavailable(
                f"{' and '.join(missing)} must be set too: {', '.join(VARIABLES)} name a running LiveKit "
                "server together. Unset all three to let the demo run its own."
            )
        self.url, self.api_key, self.api_secret = (os.environ[name] for name in VARIABLES)
        parts = urlsplit(self.url)
        if parts.scheme not in ("ws", "wss", "http", "https") or not parts.hostname:
            raise LiveKitUnavailable("LIVEKIT_URL must be an address such as wss://livekit.example.com.")
        port = parts.port or (443 if parts.scheme in ("wss", "https") else 80)
        try:
            socket.create_connection((parts.hostname, port), timeout=5).close()
        except OSError as error:
            raise LiveKitUnavailable(
                f"No LiveKit server answers at LIVEKIT_URL ({parts.hostname}:{port}): {error}. "
                "Start it, or unset LIVEKIT_URL to let the demo run its own."
            ) from None
        self.url = self.url.replace("http", "ws", 1) if parts.scheme.startswith("http") else self.url

    def _start(self, program: str) -> bool:
        signal, media = _free_port(socket.SOCK_STREAM), _free_port(socket.SOCK_DGRAM)
        rtc: dict[str, object] = {
            "udp_port": media,
            "tcp_port": 0,
            "node_ip": "127.0.0.1",
            "use_external_ip": False,
            "enable_loopback_candidate": True,
            "ips": {"includes": ["127.0.0.0/8"]},
            # With none given it sends every browser to Google's. Nobody is needed here, least of all the
            # media port, with which no client connects (measured). It is STUN's own port: Firefox refuses
            # a room with one that browsers block, such as 9.
            "stun_servers": ["127.0.0.1:3478"],
        }
        if "microsoft" in platform.release().lower():
            # A browser on Windows reaches WSL's loopback by TCP only.
            rtc["tcp_port"] = _free_port(socket.SOCK_STREAM)
        config = {
            "port": signal,
            "bind_addresses": ["127.0.0.1"],
            "rtc": rtc,
            "logging": {"level": "warn", "pion_level": "error"},
        }
        # The keys go by the environment: every user of a machine can read command lines. JSON is YAML.
        env = {**os.environ, "LIVEKIT_CONFIG": json.dumps(config),
               "LIVEKIT_KEYS": f"{self.api_key}: {self.api_secret}"}  # fmt: skip
        # With a call running it takes SIGTERM as "when everybody has left": there is nothing to wait for.
        self._child = Child([program], env=env, grace=0.2)
        self.url = f"ws://127.0.0.1:{signal}"
        until = time.monotonic() + START_SECONDS
        while self._child.running and time.monotonic() < until:
            if _answers(signal):
                return True
            time.sleep(0.02)
        self._child.stop()
        return False


def _free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read() == b"OK"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
