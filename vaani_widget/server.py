"""Serves the application with the server that the extra [server] brings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec

from flask import Flask

from .errors import ConfigurationError
from .loopback import is_loopback

MISSING = "serving needs the extra [server]: pip install 'vaani-widget[server]'."
BEHIND = (
    "Warning: {host} can be reached from other machines. Without a proxy in front that takes in whole "
    "requests (nginx, Caddy), a few stalled uploads hold every thread, and there is no https:, without "
    "which browsers give no microphone. Behind one, listen at an address that only the proxy reaches."
)


def run(
    load: Callable[[], Flask],
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    say: Callable[[str], object] = print,
) -> None:
    """Serves until it is told to stop.

    gunicorn's threaded workers; on Windows, where gunicorn does not run, waitress, of which there is one.

    :param load: makes the application; once now, and again whenever the server is told to read its
        configuration anew.
    :param port: 0 takes a free one.
    :param say: gets the address, once it is bound, and what the operator should know.
    :raises ConfigurationError: where the server is not installed, or from ``load``.
    """
    brought = "waitress" if sys.platform == "win32" else "gunicorn"
    if find_spec(brought) is None:
        raise ConfigurationError(MISSING)
    if sys.platform == "win32":
        _waitress(load(), host, port, threads, _saying(say))
    else:
        from .server_gunicorn import serve

        serve(load, bind=_bind(host, port), workers=workers, threads=threads, bound=_saying(say))


def address(host: str, port: int) -> str:
    """Such as ``http://127.0.0.1:8000`` or ``http://[::1]:8000``."""
    return f"http://{_bind(host, port)}"


def _bind(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _saying(say: Callable[[str], object]) -> Callable[[str, int], None]:
    def bound(host: str, port: int) -> None:
        if not is_loopback(host):
            say(BEHIND.format(host=host))
        say(f"Serving on {address(host, port)}")

    return bound


def _waitress(app: Flask, host: str, port: int, threads: int, bound: Callable[[str, int], None]) -> None:
    import waitress

    server = waitress.create_server(app, host=host, port=port, threads=threads)
    bound(host, server.effective_port)
    server.run()
