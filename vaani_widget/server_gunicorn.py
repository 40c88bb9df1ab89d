"""gunicorn, set up for this application: threads, a graceful stop, and a reload that drops nothing.

What is not written here is gunicorn's default, on purpose: no worker is exchanged after so many requests
(there is nothing to be got rid of), 2048 connections wait to be taken, a request has at most 100 headers
of 8 KiB, and a worker whose own loop does not turn for 30 s is replaced. A slow request does not stop that
loop.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from typing import Any, Protocol

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from . import logs
from .errors import ConfigurationError, VaaniWidgetError
from .web.state import EXTENSION, State

GRACE = 20
"""Seconds that a stopping worker has beyond the longest wait for Vaani: for the ledger, a second each of
five times, and for a turn in the queue."""

KEEP_ALIVE = 75
"""Seconds. Longer than load balancers keep their side of an idle connection (60 s, mostly), so that it is
they who close: else one sends a request just as it is closed here."""

_log = logging.getLogger("vaani_widget")


class _Arbiter(Protocol):
    LISTENERS: list[socket]


class _Worker(Protocol):
    wsgi: Flask


def serve(
    load: Callable[[], Flask], *, bind: str, workers: int, threads: int, bound: Callable[[str, int], None]
) -> None:
    """Serves until SIGTERM or SIGINT; SIGHUP loads the application anew.

    :param bind: host and port.
    :param bound: gets both as they turned out, before the first worker starts.
    """

    def when_ready(arbiter: _Arbiter) -> None:
        for listener in arbiter.LISTENERS:
            bound(*listener.getsockname()[:2])

    options = {"bind": bind, "workers": workers, "threads": threads, "when_ready": when_ready}
    _Server(load, options).run()


def _warm_up(worker: _Worker) -> None:
    """A new worker opens the ledger before it takes its first request, for which no visitor has to wait.

    Where it can't, that is in the log, and the worker's first visitor tries again.
    """
    state: State = worker.wsgi.extensions[EXTENSION]
    with suppress(VaaniWidgetError):
        state.services.ledger.check()
        state.services.keyring  # noqa: B018  # made once, from the ledger where no key is given


class _Server(BaseApplication):  # type: ignore[misc]
    """Makes the application here, before the workers, so that all of them have the same one and a wrong
    setting is found before any of them is exchanged. Making it opens nothing."""

    def __init__(self, load: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._load = load
        self._options = options
        self._app = load()
        super().__init__()

    def load_config(self) -> None:
        for name, value in {**self._options, **self._settings()}.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def reload(self) -> None:
        """What can't be loaded is said, and the application that was there goes on."""
        try:
            app = self._load()
        except ConfigurationError as error:
            why = " ".join(str(error).split())
            _log.error("Not reloaded; all goes on as before. %s", why, extra=logs.fields("reload_failed"))
            return
        except Exception:
            _log.exception("Not reloaded; all goes on as before.", extra=logs.fields("reload_failed"))
            return
        self._app = app  # the workers ask for it, once they are there
        super().reload()
        _log.info("Reloaded: the configuration as it is now is in force.", extra=logs.fields("reloaded"))

    def _settings(self) -> dict[str, Any]:
        state: State = self._app.extensions[EXTENSION]
        return {
            "worker_class": "gthread",
            "graceful_timeout": math.ceil(state.settings.upstream_timeout) + GRACE,
            "keepalive": KEEP_ALIVE,
            # Whom to believe is VAANI_WIDGET_TRUSTED_PROXIES alone. gunicorn would believe whatever comes
            # from this machine, and take the request's very path from a header SCRIPT_NAME or PATH_INFO.
            "forwarded_allow_ips": "",
            "post_worker_init": _warm_up,
            "logger_class": _Log,
            # A file in somebody's home that nobody asked for.
            "control_socket_disable": True,
        }


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's warnings and worse, where our log goes and in its form."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)
        self.error_log.addFilter(logs.without_the_request)
