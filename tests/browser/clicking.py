"""What a click asks the server for."""

from __future__ import annotations

import re

from tests.browser.conftest import Window

CHUNKS = re.compile(r"/assets/(panel|livekit|en)-[0-9a-z]{6}\.js$")

NEVER = """<script>
  // no room is joined here: the click's own work is what is looked at
  addEventListener("vaani-before-call", event => event.detail.waitUntil(new Promise(() => {})));
</script>"""


def fetched(window: Window) -> list[str]:
    """Names of the chunks that were asked for."""
    found = (CHUNKS.search(request.url) for request in window.asked("/assets/"))
    return sorted(match[1] for match in found if match)


def until_asked(window: Window, *parts: str) -> None:
    while not all(window.asked(part) for part in parts):
        window.page.wait_for_event("request", timeout=10_000)


def until_warm(window: Window) -> None:
    until_asked(window, "/assets/panel-", "/assets/livekit-", "/assets/en-", "/token")
