"""Calls in real rooms with an agent whose part the test plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route

from tests.parts import chromium
from tests.parts.agent_side import AgentSide
from tests.parts.pages import PageServer
from tests.parts.serving import serve
from tests.parts.unhurried import unhurried
from tests.parts.watch import WATCH, until_event
from vaani_widget.demo.livekit_server import LiveKitServer
from vaani_widget.demo.vaani_api import LocalVaaniApi
from vaani_widget.standalone import create_app


@dataclass(frozen=True)
class Rooms:
    """A shop's pages, the widget's server, and the LiveKit server whose rooms it hands out."""

    pages: PageServer
    server: str
    livekit: LiveKitServer

    def page(self, body: str = "", *, site: str = "shop", **attributes: str) -> str:
        """The address of a page with the widget's tag on it, and with this before it."""
        attributes = {"variant": "compact", **attributes}
        data = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        tag = f'<script async src="{self.server}/vaani/widget.js" data-site="{site}"{data}></script>'
        return self.pages.add(
            f'<!doctype html><html lang="en"><title>Shop</title><body>{body}{tag}</body></html>'
        )


@pytest.fixture(scope="session")
def rooms() -> Iterator[Rooms]:
    with LiveKitServer() as livekit, LocalVaaniApi(livekit) as vaani, PageServer() as pages:
        limits = {"visitor": "1000/day", "site": "1000/day", "running": 100}
        # an agent of this name is found and never comes: the test comes in its place
        site = {"name": "Tea Shop", "origins": [pages.origin], "agents": ["absent"], "limits": limits}
        app = create_app(
            {
                "VAANI_API_URL": vaani.url,
                "VAANI_API_KEY": vaani.api_key,
                "VAANI_WIDGET_SECRET_KEY": "x" * 40,
                "VAANI_WIDGET_SITES": {
                    "shop": site,
                    "careful": {**site, "consent": {"version": "1", "text": "This call is recorded."}},
                },
            }
        )
        unhurried(app)
        with serve(app) as server:
            yield Rooms(pages, server, livekit)


@pytest.fixture(scope="session")
def talker(playwright: Playwright) -> Iterator[Browser]:
    """A visitor's whole browser: its shell has no sound of its own."""
    browser = chromium.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def page(talker: Browser) -> Iterator[Page]:
    context: BrowserContext = talker.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


Call = Callable[..., AgentSide]


@pytest.fixture
def call(rooms: Rooms) -> Iterator[Call]:
    """Clicks the page's button and is back once the call is joined.

    The agent is in the room before the visitor: the server's answer is held until then.

    ``meanwhile`` is done while it is held, and ``answer`` where the call waits for one of the visitor's.
    The rest is the agent's own: :class:`AgentSide`.
    """
    with ExitStack() as open_:

        def start(
            page: Page,
            *,
            meanwhile: Callable[[], Any] = lambda: None,
            answer: Callable[[], None] = lambda: None,
            **agent: Any,
        ) -> AgentSide:
            came: list[AgentSide] = []

            def hold(route: Route) -> None:
                started = route.fetch()
                if started.ok:
                    room = started.json()["room_name"]
                    came.append(open_.enter_context(AgentSide(rooms.livekit, room, **agent)))
                    meanwhile()
                route.fulfill(response=started)

            page.route("**/v1/calls", hold)
            page.get_by_role("button", name="Talk to").click()
            answer()
            until_event(page, "vaani-call-connected")
            return came[0]

        yield start
