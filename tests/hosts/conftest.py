"""Pages as others write them, on an origin of their own, and the real server. Only the voice room is played.

A page is a file of ``pages/``. Its first comment says what is hard about it, and has lines ``key: value``:

- ``header``: one that it is served with
- ``during``: what its script does while the call runs
- ``expect``: an expression that has to become true in the call, in the document that has the widget
- ``code``: why no call can be had there; without it there is one
- ``look: own`` where it is not to look exactly as on a plain page
- ``width``, of the window in pixels

``$WIDGET`` is the widget's base, ``$OTHER`` the same pages on another origin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, BrowserContext, Frame, Locator, Page, Playwright, TimeoutError

import vaani_widget
from tests.browser.panel.conftest import ROOM
from tests.parts import chromium
from tests.parts.pages import PageServer
from tests.parts.serving import serve
from tests.parts.watch import WATCH
from vaani_widget.testing import install

HERE = Path(__file__).parent
PAGES = sorted(path.stem for path in (HERE / "pages").glob("*.html"))

VENDOR = {
    "/bootstrap.css": HERE / "node_modules/bootstrap/dist/css/bootstrap.min.css",
    "/preflight.css": HERE / "node_modules/tailwindcss/preflight.css",
    "/turbo.js": HERE / "node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js",
    "/worker.js": HERE / "pages/worker.js",
}
KINDS = {".css": "text/css", ".js": "text/javascript"}


@dataclass
class Said:
    """What the comment at a page's head says."""

    headers: dict[str, str] = field(default_factory=dict)
    during: str = ""
    expect: str = "true"
    code: str = ""
    look: str = ""
    width: int = 1280

    @classmethod
    def of(cls, html: str) -> Said:
        """:raises ValueError: there is no such comment, or a key that nobody reads."""
        said = cls()
        lines = html.partition("-->")[0].splitlines()
        for line in lines:
            found = re.fullmatch(r"(\w+): (.*)", line.strip())
            if not found:
                continue
            key, value = found.groups()
            if key == "header":
                name, _, content = value.partition(": ")
                said.headers[name] = content
            elif key == "width":
                said.width = int(value)
            elif key in ("during", "expect", "code", "look"):
                setattr(said, key, value)
            else:
                raise ValueError(f"nobody reads {key!r}")
        return said


@dataclass
class Host:
    """A window on one of the pages."""

    page: Page
    pages: PageServer
    server: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    frame: Frame | None = None

    def put(self, html: str, headers: dict[str, str] | None = None, path: str | None = None) -> str:
        """Puts a page up that names the widget by ``$WIDGET``, and returns its address."""
        other = self.pages.origin.replace("127.0.0.1", "localhost")
        text = html.replace("$WIDGET", f"{self.server}/vaani").replace("$OTHER", other)
        return self.pages.add(text, headers, path)

    def open(self, name: str) -> Said:
        """Goes to a page of ``pages/`` and waits for the widget, in whatever frame it is."""
        said = Said()
        for path in (HERE / "pages").glob("*.html"):
            html = path.read_text("utf-8")
            about = Said.of(html)
            self.put(html, about.headers, f"/{path.stem}")
            if path.stem == name:
                said = about
        self.page.set_viewport_size({"width": said.width, "height": 800})
        self.page.goto(f"{self.pages.origin}/{name}")
        self.ready()
        return said

    def ready(self) -> None:
        """Waits for the widget, and remembers its frame."""
        widget = self.page.locator("vaani-widget")
        if self.page.locator("iframe").count():
            widget = self.page.frame_locator("iframe").locator("vaani-widget")
        widget.wait_for(state="attached")
        handle = widget.element_handle()
        self.frame = handle.owner_frame()

    def run(self, script: str, argument: Any = None) -> Any:
        """In the document that has the widget."""
        assert self.frame
        return self.frame.evaluate(script, argument)

    def until(self, expression: str) -> None:
        assert self.frame
        try:
            self.frame.wait_for_function(f"() => ({expression})", timeout=20_000)
        except TimeoutError:
            raise AssertionError(
                f"not true: {expression}; {self.run('seen.events')}; {self.errors}"
            ) from None

    def heard(self, name: str, where: str = "true") -> None:
        """Waits for an event with such a detail."""
        self.until(f"seen.events.some(({{ name, detail }}) => name === 'vaani-{name}' && ({where}))")

    @property
    def launcher(self) -> Locator:
        assert self.frame
        return self.frame.locator("vaani-widget [part=button]")

    def call(self) -> None:
        """Clicks the button as a visitor does, and the agent comes."""
        self.launcher.click()
        self.heard("call-connected")
        self.run("() => { room.options.on.agent(true); room.options.on.agentState('listening'); }")
        self.heard("state", "detail.state === 'listening'")

    def hang_up(self) -> None:
        assert self.frame
        self.frame.locator("vaani-widget").locator("button.red").click()
        self.heard("call-end", "detail.reason === 'visitor'")


@pytest.fixture(scope="session")
def host_server() -> Iterator[tuple[PageServer, Flask, str]]:
    with PageServer() as pages:
        for path, file in VENDOR.items():
            text = file.read_text("utf-8")
            pages.add(text, {"Content-Type": f"{KINDS[file.suffix]}; charset=utf-8"}, path)
        app = Flask("hosts")
        app.testing = True
        app.config["VAANI_API_KEY"] = "vaani_test"
        app.config["VAANI_WIDGET_SECRET_KEY"] = "x" * 40
        limits = {"visitor": "10000/day", "site": "10000/day", "running": 10000}
        origins = [pages.origin, pages.origin.replace("127.0.0.1", "localhost")]
        app.config["VAANI_WIDGET_SITES"] = {
            "shop": {"name": "Tea Shop", "origins": origins, "agents": ["agent"], "limits": limits}
        }
        app.register_blueprint(vaani_widget.blueprint)

        @app.after_request
        def played(response: Response) -> Response:
            """The room, with the headers of the real one: a page's service worker gets it, too."""
            if "/assets/livekit-" in request.path:
                response.direct_passthrough = False
                response.set_data(ROOM)
                response.headers.pop("Content-Encoding", None)
            return response

        with serve(app) as server:
            yield pages, app, server


@pytest.fixture(scope="session")
def host_browser(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright, shell=True)
    yield browser
    browser.close()


@pytest.fixture
def open_host(
    host_browser: Browser, host_server: tuple[PageServer, Flask, str], tmp_path: Path
) -> Iterator[Callable[..., Host]]:
    """Opens a window of its own, with what ``Browser.new_context`` takes."""
    pages, app, server = host_server
    install(app, tmp_path)
    contexts: list[BrowserContext] = []

    def open_(**options: Any) -> Host:
        context = host_browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(WATCH)
        host = Host(context.new_page(), pages, server)
        context.on("request", lambda request: host.requests.append(request.url))
        context.on("weberror", lambda error: host.errors.append(str(error.error)))
        return host

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def host(open_host: Callable[..., Host]) -> Host:
    return open_host()


FRAMEWORKS = HERE.parents[1] / "docs" / "frameworks.md"


def snippets(language: str, page: Path = FRAMEWORKS) -> list[str]:
    """The code of a language in the documentation."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def component(language: str) -> str:
    """The one component in ``tsx``, ``vue`` or ``svelte``."""
    (code,) = snippets(language)
    return code
