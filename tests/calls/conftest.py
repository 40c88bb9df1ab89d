"""A whole call on real parts: Chromium, the widget's server, LiveKit, the demo agent.

Only Vaani itself is ours: the demo's local API, over real HTTP.
"""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.parts import chromium, voice
from tests.parts.pages import PageServer
from tests.parts.serving import serve
from tests.parts.unhurried import unhurried
from tests.parts.watch import VOICE_GOES_OUT, WATCH, until_event
from vaani_widget.demo.stack import DemoStack
from vaani_widget.standalone import create_app

AGENT = "demo"
PLAIN = "shop.test"
"""The shop's name where its page is not secure: only a browser that is told so finds it here."""
ADVANCED = {
    "primary_language": "en",
    "env_flag": "staging",
    "secondary_language": "hi",
    "voice_gender": "male",
}
"""What only a site's owner sets."""


@dataclass
class Shop:
    """A website that somebody else wrote, the widget's server, and what stands behind it."""

    pages: PageServer
    server: str
    stack: DemoStack
    clock_ahead: float = 0.0
    """Seconds by which the server's clock is ahead of the page's."""

    def tag(self, **attributes: str) -> str:
        attributes = {"variant": "compact", **attributes}
        data = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        return f'<script async src="{self.server}/vaani/widget.js"{data}></script>'

    def page(self, body: str, headers: dict[str, str] | None = None) -> str:
        """Puts a page on the shop's origin and returns its address."""
        html = f'<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>{body}</body></html>'
        return self.pages.add(html, headers or {})


def call(shop: Shop, page: Page, *, site: str = "shop", body: str = "", **attributes: str) -> str:
    """Goes to a page of the shop, presses its button, waits until the agent speaks; returns the room."""
    page.goto(shop.page(body + shop.tag(site=site, **attributes)))
    with page.expect_response("**/v1/calls") as answer:
        page.get_by_role("button", name="Talk to").click()
    until_event(page, "vaani-state", where="detail.state === 'speaking'")
    room: str = answer.value.json()["room_name"]
    return room


def until_the_visitor_is_heard(page: Page, louder: float = 0.01, *, timeout: float = 60) -> None:
    """Waits until a voice, and not only silence, has gone out since now.

    :param louder: energy, as the browser's WebRTC statistics count it.
    :param timeout: seconds.
    """
    page.evaluate(VOICE_GOES_OUT, [louder, timeout * 1000])


def hang_up(page: Page) -> None:
    """Ends the call from the page's script and waits for its end."""
    page.evaluate("document.querySelector('vaani-widget').end()")
    until_event(page, "vaani-call-end")


@pytest.fixture(scope="session")
def stack() -> Iterator[DemoStack]:
    with DemoStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def shop(stack: DemoStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(stack, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@contextmanager
def opened(stack: DemoStack, folder: Path) -> Iterator[Shop]:
    """A shop on its own origin and a widget's server that asks this stack for calls."""
    with PageServer() as pages:
        everything = [
            "primary_language", "secondary_language", "voice_gender", "voice_speed",
            "welcome_message", "welcome_interruptible", "bg_noise_enabled", "bg_noise_volume",
        ]  # fmt: skip
        limits = {"visitor": "1000/day", "site": "1000/day", "running": 100}
        call = {"primary_language": "en"}
        advanced = {**ADVANCED, "websocket_url": stack.livekit.url}
        origins = [pages.origin.replace("127.0.0.1", name) for name in ("127.0.0.1", "localhost", PLAIN)]
        common = {
            "origins": origins,
            "share": True,
            "page_may_set": everything,
            "metadata_keys": ["page", "plan"],
        }
        app = create_app(
            {
                "VAANI_API_URL": stack.api.url,
                "VAANI_API_KEY": stack.api.api_key,
                "VAANI_WIDGET_DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite3",
                "VAANI_WIDGET_SITES": {
                    "shop": {**common, "name": "Tea Shop", "agents": [AGENT], "limits": limits, "call": call},
                    "single": {**common, "agents": [AGENT], "limits": {**limits, "running": 1}},
                    "brief": {**common, "agents": [AGENT], "limits": {**limits, "minutes_per_call": 1}},
                    "nobody": {**common, "agents": ["absent"], "limits": limits},
                    "advanced": {**common, "agents": [AGENT], "limits": limits, "locked": advanced},
                },
            }
        )
        with serve(app) as server:
            shop = Shop(pages, server, stack)
            state = app.extensions["vaani_widget"]
            state.services = replace(state.services, clock=lambda: time.time() + shop.clock_ahead)
            unhurried(app)
            yield shop


@pytest.fixture(scope="session")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded visitor: says a question, then is quiet for a while, again and again."""
    path = tmp_path_factory.mktemp("voice") / "question.wav"
    voice.record("What are your opening hours?", path, lead_seconds=6.0, tail_seconds=8.0)
    with wave.open(str(path)) as recording:
        assert recording.getframerate() == 48000
    return path


@pytest.fixture(scope="session")
def talking_browser(playwright: Playwright, question: Path) -> Iterator[Browser]:
    browser = chromium.launch(playwright, microphone=question)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def beeping_browser(playwright: Playwright) -> Iterator[Browser]:
    """One whose microphone is never silent for long."""
    browser = chromium.launch(playwright)
    yield browser
    browser.close()


@contextmanager
def visit(browser: Browser) -> Iterator[Page]:
    """A page whose events, errors and peer connections are noted from its first moment."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


@pytest.fixture
def visitor(talking_browser: Browser) -> Iterator[Page]:
    with visit(talking_browser) as page:
        yield page


@pytest.fixture
def beeping(beeping_browser: Browser) -> Iterator[Page]:
    """A visitor who is never silent for long."""
    with visit(beeping_browser) as page:
        yield page
