"""Serves a WSGI application with the server that the extra [server] brings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from socket import socket
from typing import Protocol
from wsgiref.types import WSGIApplication

from .errors import ConfigurationError
from .loopback import is_loopback

MISSING = "serving needs the extra [server]: pip install 'vaani-widget[server]'."
BEHIND = (
    "Bound to a public address: put a proxy that buffers requests (nginx, Caddy) in front. "
    "Without one, a few stalled uploads hold every thread."
)


class _Arbiter(Protocol):
    LISTENERS: list[socket]


def run(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    say: Callable[[str], object] = print,
) -> None:
    """Serves until it is told to stop.

    gunicorn's threaded workers; on Windows, where gunicorn does not run, waitress, of which there is one.

    :param port: 0 takes a free one.
    :param say: gets the address, once it is bound, and what the operator should know.
    :raises ConfigurationError: where the server is not installed.
    """
    if not is_loopback(host):
        say(BEHIND)
    if sys.platform == "win32":
        _waitress(app, host, port, threads, say)
    else:
        _gunicorn(app, host, port, workers, threads, say)


def address(host: str, port: int) -> str:
    """Such as ``http://127.0.0.1:8000`` or ``http://[::1]:8000``."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _gunicorn(
    app: WSGIApplication, host: str, port: int, workers: int, threads: int, say: Callable[[str], object]
) -> None:
    try:
        from gunicorn.app.base import BaseApplication
    except ImportError:
        raise ConfigurationError(MISSING) from None

    def bound(arbiter: _Arbiter) -> None:
        for listener in arbiter.LISTENERS:
            say(f"Serving on {address(*listener.getsockname()[:2])}")

    settings = {
        "bind": address(host, port).removeprefix("http://"),
        "workers": workers,
        "worker_class": "gthread",
        "threads": threads,
        # Longer than the proxy in front keeps its side open, so that it is the proxy who closes.
        "keepalive": 75,
        "loglevel": "warning",
        "when_ready": bound,
        # Ours are in our settings; the control socket is a file in somebody's home that nobody asked for.
        "control_socket_disable": True,
    }

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in settings.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> WSGIApplication:
            return app

    Server().run()


def _waitress(app: WSGIApplication, host: str, port: int, threads: int, say: Callable[[str], object]) -> None:
    try:
        import waitress
    except ImportError:
        raise ConfigurationError(MISSING) from None
    server = waitress.create_server(app, host=host, port=port, threads=threads)
    say(f"Serving on {address(host, server.effective_port)}")
    server.run()
