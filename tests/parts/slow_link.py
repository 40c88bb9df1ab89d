"""A way to a server on loopback that is long: what comes back takes its time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class SlowLink:
    """Hands on what is sent to ``port``, and what is answered only after ``seconds``."""

    def __init__(self, to_port: int) -> None:
        self.seconds = 0.0
        self._to_port = to_port
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listener]
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> SlowLink:
        self._begin(self._accept)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _begin(self, work: Callable[..., None], *given: object) -> None:
        threading.Thread(target=work, args=given, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to_port))
                self._open += [near, far]
                self._begin(self._hand_on, near, far, False)
                self._begin(self._hand_on, far, near, True)

    def _hand_on(self, source: socket.socket, target: socket.socket, late: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if late:
                    self._over.wait(self.seconds)
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
