"""Whom Chromium asked for anything, by the browser's own book of its network (``--log-net-log``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Playwright

from tests.parts import chromium

NO_PAGE = "not an origin"
"""Who asks for what no page wanted: the visitor's own navigation, and the browser's own affairs."""


class Book:
    """Complete when the browser has been closed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def asked_by_pages(self) -> set[str]:
        """``host:port`` of all that pages, frames and workers sent a request, WebSocket or beacon; where else
        their peer connections sent anything; and names that were only looked up, with port 0.
        """
        pages, browser, other = set(), set(), set()
        for event in self._events():
            match event:
                case {"name": "URL_REQUEST_START_JOB", "url": url, "initiator": who}:
                    (browser if who == NO_PAGE else pages).add(place(url))
                case {"hostname": name}:
                    other.add(f"{name.rstrip('.')}:0")
                case {"name": "UDP_BYTES_SENT", "address": address}:
                    other.add(address)
        known = {one.rpartition(":")[0] for one in browser | pages}
        strange = {one for one in other if one.rpartition(":")[0] not in known}
        return pages | {one for one in strange if not _of_this_machine(one)}

    def _events(self) -> Iterator[dict[str, Any]]:
        log = json.loads(self._path.read_text("utf-8"))
        names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
        for event in log["events"]:
            yield {"name": names[event["type"]], **event.get("params", {})}


def place(url: str) -> str:
    """``host:port`` of an address."""
    parts = urlsplit(url)
    usual = {"https": 443, "wss": 443, "http": 80, "ws": 80}.get(parts.scheme, 0)
    return f"{parts.hostname}:{parts.port or usual}"


def _of_this_machine(one: str) -> bool:
    """Its own addresses, and whom it asks for names: nobody on the page chose them."""
    host, _, port = one.rpartition(":")
    return port == "53" or host.startswith("127.")


@contextmanager
def recorded(playwright: Playwright, path: Path) -> Iterator[tuple[Browser, Book]]:
    """A browser whose book is in ``path``."""
    browser = playwright.chromium.launch(
        executable_path=chromium.executable(), args=[*chromium.arguments(), f"--log-net-log={path}"]
    )
    try:
        yield browser, Book(path)
    finally:
        browser.close()
