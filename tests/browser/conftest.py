"""The real server and loader on pages of somebody else's, in real Chromium. No call is had here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, Request

import vaani_widget
from tests.parts import chromium
from tests.parts.pages import PageServer
from tests.parts.serving import serve
from tests.parts.watch import WATCH
from vaani_widget.testing import VaaniTransport, install

SITES: dict[str, dict[str, Any]] = {
    "shop": {"name": "Tea Shop"},
    "desk": {
        "name": "Help Desk",
        "look": {"label": "Ask the desk", "accent_color": "#ffd400", "position": "top-left", "z_index": 7},
        "text": {
            "hi": {"label": "डेस्क से पूछें"},
            "fr": {"label": "Demander au bureau"},
            "pt-BR": {"label": "Fale com o balcão"},
        },
    },
    "closed": {"name": "Closed", "enabled": False},
}


@dataclass
class Window:
    """A browser window, the pages that can be put up for it, and what it asked for."""

    page: Page
    context: BrowserContext
    pages: PageServer
    server: str
    vaani: VaaniTransport
    requests: list[Request] = field(default_factory=list)

    def tag(self, path: str = "/widget.js", kind: str = "async", **attributes: str) -> str:
        """The script tag; ``site="shop"`` becomes ``data-site``."""
        data = "".join(f" data-{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
        return f'<script {kind} src="{self.server}/vaani{path}"{data}></script>'

    def show(
        self, body: str, *, head: str = "", lang: str = "en", headers: dict[str, str] | None = None
    ) -> None:
        start = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Shop</title>'
        html = f"{start}{head}<body>{body}</html>"
        self.page.goto(self.pages.add(html, headers or {}))

    def ready(self, count: int = 1) -> None:
        """Waits for this many buttons, and that there are no more."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('vaani-widget').length === count", arg=count
        )

    @property
    def launcher(self) -> Locator:
        return self.page.locator("vaani-widget [part=button]")

    def element(self, script: str, argument: Any = None) -> Any:
        """``script`` is a function of the first ``<vaani-widget>``."""
        return self.page.evaluate(
            f"argument => ({script})(document.querySelector('vaani-widget'), argument)", argument
        )

    def asked(self, part: str) -> list[Request]:
        """Requests to the widget's server whose address has this in it."""
        return [
            request
            for request in self.requests
            if request.url.startswith(self.server) and part in request.url
        ]


@pytest.fixture(scope="session")
def widget_server() -> Iterator[tuple[PageServer, Flask, str]]:
    with PageServer() as pages:
        app = Flask("loader_tests")
        app.testing = True
        app.config["VAANI_API_KEY"] = "vaani_test"
        app.config["VAANI_WIDGET_SECRET_KEY"] = "x" * 40
        limits = {"visitor": "10000/day", "site": "10000/day", "running": 10000}
        app.config["VAANI_WIDGET_SITES"] = {
            key: {"origins": [pages.origin], "agents": ["agent"], "limits": limits, **site}
            for key, site in SITES.items()
        }
        app.register_blueprint(vaani_widget.blueprint)
        with serve(app) as server:
            yield pages, app, server


@pytest.fixture(scope="session")
def chrome(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright, shell=True)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def whole_chrome(playwright: Playwright) -> Iterator[Browser]:
    """The one that people have. Its shell draws some letters otherwise, and keeps no screen awake."""
    browser = chromium.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def open_window(
    chrome: Browser, widget_server: tuple[PageServer, Flask, str], tmp_path: Path
) -> Iterator[Callable[..., Window]]:
    """Opens a window with what ``Browser.new_context`` takes."""
    pages, app, server = widget_server
    vaani = install(app, tmp_path)
    contexts: list[BrowserContext] = []

    def open_(**options: Any) -> Window:
        context = chrome.new_context(**options)
        contexts.append(context)
        context.add_init_script(WATCH)
        window = Window(context.new_page(), context, pages, server, vaani)
        context.on("request", lambda request: window.requests.append(request))
        return window

    yield open_
    for context in contexts:
        for page in context.pages:
            # what a test no longer waits for may still be on its way
            page.unroute_all(behavior="ignoreErrors")
        context.close()


@pytest.fixture
def window(open_window: Callable[..., Window]) -> Window:
    return open_window()
