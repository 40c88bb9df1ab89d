"""The local Vaani API, which takes its time: as long as a real one, or until it is told to go on."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler

from tests.attack import canaries
from vaani_widget.demo.vaani_api import LocalVaaniApi


class _NoRoom:
    url = "ws://127.0.0.1:9"
    api_key = "devkey"
    api_secret = "secret-of-a-livekit-server-nobody-runs"


class SlowVaani(LocalVaaniApi):
    """A context manager.

    :param seconds: that each request takes.
    """

    def __init__(self, seconds: float = 0.3) -> None:
        super().__init__(_NoRoom())
        self.api_key = canaries.API_KEY
        self.seconds = seconds
        self.asked = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self._counting = threading.Lock()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        with self._counting:
            self.asked += 1
        time.sleep(self.seconds)
        self.go_on.wait(60)
        super().handle(handler)

    def config(self, *sites: str, secret_key: str | list[str] = canaries.SERVER_SECRET) -> str:
        """A configuration whose server asks here, with these sites in it."""
        given = {"api_url": self.url, "api_key": self.api_key, "secret_key": secret_key}
        return "\n".join([*(f"{name} = {json.dumps(value)}" for name, value in given.items()), *sites])


def site(key: str = "acme", *lines: str, limits: str = 'visitor = "9000/day"') -> str:
    """A site of its server's own origin, which spends as much as it is asked."""
    written = "\n".join(lines)
    return (
        f'[sites.{key}]\norigins = ["self"]\nagents = ["demo"]\nchallenge = "off"\n'
        f'secret = "{canaries.SITE_SECRET}"\n{written}\n'
        f'[sites.{key}.limits]\nsite = "90000/day"\nrunning = 90000\n{limits}\n'
    )
