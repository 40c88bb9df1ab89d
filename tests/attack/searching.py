"""Looks for the server's keys wherever something comes out of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.test import run_wsgi_app

from tests.attack import canaries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def no_key_in(place: str, *kept: bytes | str) -> None:
    """Fail where one of the keys is in what was kept. It does not show the text.

    :param place: where that comes from, such as "an answer".
    """
    for text in kept:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        names = [name for name, key in canaries.NAMES.items() if canaries.found(data, [key])]
        assert not names, f"{place} has {' and '.join(names)} in it"


class Searched:
    """A WSGI application, each of whose answers is searched: status, headers and body.

    One that has a key in it never gets out, and is among ``leaks``: whoever asks may be in another thread.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.leaks: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        pieces, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        body = b"".join(pieces)
        try:
            no_key_in(f"an answer {status}", status, str(headers), body)
        except AssertionError as leak:
            self.leaks.append(str(leak))
            raise
        start_response(status, headers.to_wsgi_list())
        return [body]


class _Log(logging.Handler):
    """Reads each line as it would be written, with its traceback and all that is kept beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.leaks: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            no_key_in("a line of the log", self.format(record), repr(record.__dict__))
        except AssertionError as leak:
            self.leaks.append(str(leak))


@contextmanager
def searched_log() -> Iterator[None]:
    """For the length of a block, all that this process logs is searched, however little of it is shown."""
    log, ours, root = _Log(), logging.getLogger("vaani_widget"), logging.getLogger()
    level = ours.level
    ours.setLevel(logging.DEBUG)
    root.addHandler(log)
    try:
        yield
    finally:
        root.removeHandler(log)
        ours.setLevel(level)
    assert not log.leaks, log.leaks
