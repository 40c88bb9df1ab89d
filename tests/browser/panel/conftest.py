"""The real server, loader and panel in real Chromium. Only the voice room is played by the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, Request, Route

import vaani_widget
from tests.parts import chromium
from tests.parts.pages import PageServer
from tests.parts.serving import serve
from tests.parts.watch import WATCH, events, until_event
from vaani_widget.testing import VaaniTransport, install

ROOT = "document.querySelector('vaani-widget').shadowRoot"
"""Where the panel is, in the page's own words."""

DRAWN = """
() => [...document.querySelectorAll("vaani-widget")].some(({ variant, shadowRoot }) =>
  variant === "none" || shadowRoot.querySelector(".panel, .bar"))
"""
"""Where everything goes quickly a call is joined before its panel is drawn."""

AXE = Path(__file__).parents[3] / "widget_static/node_modules/axe-core/axe.min.js"

ROOM = """
export async function join(options) {
  const levels = { visitor: 0, agent: 0 };
  const room = { options, muted: [], sent: [], tools: [], played: 0, left: 0, levels };
  globalThis.room = room;
  await globalThis.roomOpens;
  if (options.signal.aborted) throw new Error("aborted");
  return {
    mute: async (on) => { room.muted.push(on); options.on.muted(on); },
    levels: () => room.levels,
    sendText: async (text) => { room.sent.push(text); },
    playSound: async () => { room.played++; options.on.soundBlocked(false); },
    registerTool: (name) => { room.tools.push(name); },
    leave: async () => { room.left++; },
  };
}
"""


@dataclass
class Site:
    """A page of a shop with the widget on it, and what reached the server."""

    page: Page
    pages: PageServer
    server: str
    vaani: VaaniTransport
    requests: list[Request] = field(default_factory=list)
    loader: str = "/widget.js"
    """Below the server's prefix."""

    def show(self, html: str = "", headers: dict[str, str] | None = None, **attributes: str) -> None:
        """Opens a page whose script tag has these attributes (``locale="hi"``)."""
        # most of what is looked at here is in the card
        attributes = {"variant": "compact", **attributes}
        data = "".join(f" data-{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
        script = f'<script async src="{self.server}/vaani{self.loader}" data-site="shop"{data}></script>'
        body = f"<h1>Shop</h1><input aria-label=Search>{html}{script}"
        page = f'<!doctype html><html lang="en"><title>Shop</title><body>{body}</body></html>'
        self.page.goto(self.pages.add(page, headers or {}))
        until_event(self.page, "vaani-ready")

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def call(self, *, agent: str | None = "listening", wait: bool = True) -> None:
        """Clicks the button and lets the agent come."""
        self.click("Talk to agent")
        if not wait:
            return
        until_event(self.page, "vaani-call-connected")
        self.page.wait_for_function(DRAWN)
        if agent:
            self.agent(agent)

    def agent(self, state: str) -> None:
        self.on(f"agent(true); on.agentState('{state}')")

    def on(self, what: str) -> None:
        """Something happens in the room: ``site.on("agent(false)")``."""
        self.page.evaluate(f"() => {{ const on = room.options.on; on.{what}; }}")

    def say(self, role: str, text: str, *, id: str = "1", final: bool = True) -> None:
        self.on(f"transcript({json.dumps({'id': id, 'role': role, 'text': text, 'final': final})})")

    def state(self, state: str) -> None:
        """Waits until the call is in this state."""
        last = "seen.events.findLast(event => event.name === 'vaani-state')"
        self.page.wait_for_function(f"state => {last}?.detail.state === state", arg=state)

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def failure(self) -> Locator:
        return self.page.get_by_role("alert")

    @property
    def events(self) -> list[str]:
        """Names of the events so far, states by their names, without transcripts and those of the panel."""
        names = []
        for event in events(self.page):
            name = event["name"].removeprefix("vaani-")
            if name not in ("transcript", "open", "close"):
                names.append(event["detail"]["state"] if name == "state" else name)
        return names

    def started(self) -> list[Request]:
        """The requests that would cost money."""
        return [request for request in self.requests if request.url.endswith("/v1/calls")]

    def minted(self) -> list[Request]:
        return [request for request in self.requests if request.url.endswith("/token")]

    def progress(self) -> list[dict[str, Any]]:
        sent = [request for request in self.requests if request.url.endswith("/progress")]
        return [json.loads(request.post_data or "") for request in sent]

    def settle(self) -> None:
        """Waits until the panel has come to rest."""
        endless = "effect.getTiming().iterations === Infinity"
        resting = f"({{ playState, effect }}) => playState !== 'running' || {endless}"
        self.page.wait_for_function(f"() => {ROOT}.getAnimations().every({resting})")

    def answer(self, *answers: tuple[int, dict[str, Any]] | None) -> None:
        """The next starts are answered like this; None lets one through, and so is every later one."""
        left = list(answers)

        def handle(route: Route) -> None:
            answer = left.pop(0) if left else None
            if answer is None:
                return route.fallback()
            status, problem = answer
            headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/problem+json"}
            return route.fulfill(status=status, headers=headers, body=json.dumps(problem))

        self.page.route("**/v1/calls", handle)


@contextmanager
def serving(**site: Any) -> Iterator[tuple[PageServer, Flask, str]]:
    """The shop's pages, and a server of the widget whose site is like this."""
    with PageServer() as pages:
        app = Flask(__name__)
        app.testing = True
        app.config["VAANI_API_KEY"] = "vaani_test"
        app.config["VAANI_WIDGET_SECRET_KEY"] = "x" * 40
        limits = {"visitor": "10000/day", "site": "10000/day", "running": 10000}
        app.config["VAANI_WIDGET_SITES"] = {
            "shop": {
                "name": "Tea Shop", "origins": [pages.origin], "agents": ["agent"], "limits": limits, **site
            }
        }  # fmt: skip
        app.register_blueprint(vaani_widget.blueprint)
        with serve(app) as server:
            yield pages, app, server


@pytest.fixture(scope="session")
def shop() -> Iterator[tuple[PageServer, Flask, str]]:
    with serving(text={"pt-BR": {"end": "Desligar"}, "fa-IR": {"end": "پایان"}}) as served:
        yield served


@pytest.fixture(scope="session")
def allowing(playwright: Playwright) -> Iterator[Browser]:
    """A visitor who says yes to the microphone."""
    browser = chromium.launch(playwright, shell=True)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def denying(playwright: Playwright) -> Iterator[Browser]:
    """A visitor who says no to the microphone. Nobody is asked in Chromium's shell."""
    browser = chromium.launch(playwright, deny_microphone=True)
    yield browser
    browser.close()


@pytest.fixture
def open_site(
    allowing: Browser, denying: Browser, shop: tuple[PageServer, Flask, str], tmp_path: Path
) -> Iterator[Callable[..., Site]]:
    """Opens a browser window of its own, with what ``Browser.new_context`` takes.

    ``microphone`` says what the visitor answers when asked for it; ``browser`` is another one than theirs.
    """
    pages, app, server = shop
    vaani = install(app, tmp_path)
    contexts: list[BrowserContext] = []

    def open_(*, microphone: bool = True, browser: Browser | None = None, **options: Any) -> Site:
        browser = browser or (allowing if microphone else denying)
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        context.add_init_script(WATCH)
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        context.route("**/assets/livekit-*.js*", lambda route: route.fulfill(headers=headers, body=ROOM))
        site = Site(context.new_page(), pages, server, vaani)
        context.on("request", lambda request: site.requests.append(request))
        return site

    yield open_
    for context in contexts:
        for page in context.pages:
            # what a test no longer waits for may still be on its way
            page.unroute_all(behavior="ignoreErrors")
        context.close()


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site()
