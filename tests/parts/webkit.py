"""Debian's WebKitGTK, Safari's engine, driven over WebDriver in a screen of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The standard's key for what an element is called by."""


def program(name: str, package: str) -> str:
    """:raises RuntimeError: it is not installed; a browser test is never skipped."""
    if path := shutil.which(name):
        return path
    raise RuntimeError(f"{name} is missing. Install it: apt-get install {package}")


def mini_browser() -> str:
    """:raises RuntimeError: it is not installed."""
    for path in sorted(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser")):
        return str(path)
    raise RuntimeError("MiniBrowser is missing. Install it: apt-get install webkit2gtk-driver")


@dataclass
class WebKit:
    """A window."""

    base: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One command; ``path`` begins after the session.

        :raises RuntimeError: the driver says no.
        """
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def go(self, url: str) -> None:
        self.ask("POST", "/url", {"url": url})

    def run(self, script: str) -> Any:
        """An expression's value."""
        return self.ask("POST", "/execute/sync", {"script": f"return ({script})", "args": []})

    def until(self, script: str, seconds: float = 30) -> Any:
        """Waits until the expression is true, and returns its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.05)
        return value

    def click(self, within: str) -> None:
        """Clicks as a person does, with the pointer; the selector is one of the widget's shadow root."""
        found = f"document.querySelector('vaani-widget').shadowRoot.querySelector({json.dumps(within)})"
        self.ask("POST", f"/element/{self.run(found)[ELEMENT]}/click")

    def keys(self, text: str) -> None:
        """Typed where the focus is."""
        actions = [
            action
            for key in text
            for action in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})
        ]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})


@contextmanager
def webkit(log: Path) -> Iterator[WebKit]:
    """Screen, driver and window, until the end of the block.

    :param log: where what they say goes.
    """
    driver = program("WebKitWebDriver", "webkit2gtk-driver")
    screen = program("Xvfb", "xvfb")
    with ExitStack() as stack, log.open("wb") as out:
        read, write = os.pipe()
        stack.enter_context(
            _running(
                [screen, "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                out,
                write,
            )
        )
        os.close(write)
        with os.fdopen(read) as told:
            display = told.readline().strip()
        environ = {
            **os.environ,
            "DISPLAY": f":{display}",
            "GDK_BACKEND": "x11",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            "NO_AT_BRIDGE": "1",
            "no_proxy": "*",
        }
        port = _free_port()
        stack.enter_context(_running([driver, f"--port={port}", "--host=127.0.0.1"], out, environ=environ))
        root = WebKit(f"http://127.0.0.1:{port}")
        _until(lambda: root.ask("GET", "/status"))
        options = {"binary": mini_browser(), "args": ["--automation"]}
        asked = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        session = root.ask("POST", "/session", asked)
        window = WebKit(f"{root.base}/session/{session['sessionId']}")
        try:
            yield window
        finally:
            window.ask("DELETE", "")


@contextmanager
def _running(
    command: list[str], out: Any, *keep: int, environ: dict[str, str] | None = None
) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=out, stderr=out, pass_fds=keep, env=environ)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _until(works: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            works()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
