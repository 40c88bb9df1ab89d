"""The call page in a frame, in real Chromium: on the site's own pages, and on nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import Page, Playwright

import vaani_widget
from tests.attack import canaries
from tests.attack.searching import Searched
from tests.parts import chromium
from tests.parts.pages import PageServer
from tests.parts.serving import serve


class Web:
    """The site's pages, somebody else's, and the address of the call page."""

    def __init__(self, ours: PageServer, theirs: PageServer, call: str) -> None:
        self.ours = ours
        self.theirs = theirs
        self.call = call


def framing(address: str) -> str:
    return f'<!doctype html><title>Page</title><iframe src="{address}" allow="microphone"></iframe>'


@pytest.fixture
def web() -> Iterator[Web]:
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(PageServer()) for _ in range(2))
        app = Flask("framed")
        app.config["VAANI_API_KEY"] = canaries.API_KEY
        app.config["VAANI_WIDGET_SECRET_KEY"] = canaries.SERVER_SECRET
        app.config["VAANI_WIDGET_SITES"] = {
            "acme": {
                "origins": [ours.origin],
                "agents": ["agent"],
                "share": True,
                "secret": canaries.SITE_SECRET,
            }
        }
        app.register_blueprint(vaani_widget.blueprint)
        searched = Searched(app)
        server = stack.enter_context(serve(searched))
        yield Web(ours, theirs, f"{server}/vaani/call/acme")
    assert searched.leaks == []


@pytest.fixture
def page(playwright: Playwright) -> Iterator[Page]:
    browser = chromium.launch(playwright)
    yield browser.new_page()
    browser.close()


def refused(page: Page, address: str, *, frame: int = 1) -> None:
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(address)
    assert page.frames[frame].url.startswith("chrome-error:")


def test_a_page_of_the_site_may_frame_it(page: Page, web: Web) -> None:
    page.goto(web.ours.add(framing(web.call)))
    page.frame_locator("iframe").locator("vaani-widget").wait_for(state="attached")
    assert page.frames[1].url == web.call


def test_nobody_else_may(page: Page, web: Web) -> None:
    refused(page, web.theirs.add(framing(web.call)))


def test_nor_around_a_page_of_the_site(page: Page, web: Web) -> None:
    inner = web.ours.add(framing(web.call))
    refused(page, web.theirs.add(framing(inner)), frame=2)


def test_nor_a_page_that_calls_itself_null(page: Page, web: Web) -> None:
    sandboxed = framing(web.call).replace("<iframe", '<iframe sandbox="allow-scripts"')
    refused(page, web.theirs.add(sandboxed))
