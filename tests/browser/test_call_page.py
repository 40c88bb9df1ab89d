"""The page that is only the call, in real Chromium: by itself on a desk and a phone, and in a small frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, Request, expect

from tests.browser.panel.conftest import AXE, ROOM, serving
from tests.parts.watch import WATCH
from vaani_widget.testing import install

FACE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
WINDOWS = {"desk": (1280, 720), "phone": (360, 640), "frame": (320, 480)}
LIGHT, DARK = "rgb(246, 247, 249)", "rgb(16, 18, 22)"
SAYS = "You will be talking to an AI assistant"


@dataclass
class CallPage:
    """The page, by itself or in a frame of one of the site's origins."""

    page: Page
    view: Page | Frame
    requests: list[Request] = field(default_factory=list)

    @property
    def button(self) -> Locator:
        return self.view.get_by_role("button", name="Talk to agent")

    @property
    def notice(self) -> Locator:
        return self.view.locator("main > p")

    def press(self, name: str) -> None:
        self.view.get_by_role("button", name=name, exact=True).click()

    def agent(self, state: str) -> None:
        """The room is joined, and somebody answers."""
        expect(self.view.locator("vaani-widget [data-state=waiting]")).to_be_visible()
        self.view.evaluate(f"() => {{ room.options.on.agent(true); room.options.on.agentState('{state}') }}")

    def is_whole(self) -> None:
        """Nothing lies beyond the window's sides; axe and the page's own policy find nothing."""
        self.view.evaluate(AXE.read_text())
        found: dict[str, Any] = self.view.evaluate(
            """async () => {
              await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
              const { violations } = await axe.run({ resultTypes: ["violations"] });
              const { scrollWidth, clientWidth } = document.documentElement;
              return {
                axe: violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target}`)),
                wider: scrollWidth - clientWidth,
                forbidden: seen.violations,
              };
            }"""
        )
        assert found == {"axe": [], "wider": 0, "forbidden": []}


OpenPage = Callable[..., CallPage]


@pytest.fixture
def open_page(chrome: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Opens the page of a site that is like ``site``, in one of :data:`WINDOWS`."""
    with ExitStack() as stack:

        def open_(window: str = "desk", scheme: str = "light", **site: Any) -> CallPage:
            pages, app, server = stack.enter_context(serving(share=True, **site))
            install(app, tmp_path)
            width, height = WINDOWS[window]
            context = stack.enter_context(
                chrome.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,  # type: ignore[arg-type]
                    reduced_motion="reduce",
                )
            )
            context.add_init_script(WATCH)
            head = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
            context.route("**/assets/livekit-*.js*", lambda route: route.fulfill(headers=head, body=ROOM))
            context.route("**/face.svg", lambda route: route.fulfill(content_type="image/svg+xml", body=FACE))
            page = context.new_page()
            address = f"{server}/vaani/call/shop"
            if window == "frame":
                style = "<style>body { margin: 0 } iframe { border: 0; width: 100%; height: 100vh }</style>"
                frame = f'<iframe src="{address}" allow="microphone; autoplay" title="Call"></iframe>'
                page.goto(pages.add(f"<!doctype html>{style}{frame}"))
                found = page.frame(url=address)
                assert found
                opened = CallPage(page, found)
            else:
                page.goto(address)
                opened = CallPage(page, page)
            context.on("request", lambda request: opened.requests.append(request))
            return opened

        yield open_


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("look", [{}, {"avatar": "/face.svg"}], ids=["plain", "avatar"])
def test_what_one_sees_first(open_page: OpenPage, window: str, look: dict[str, str]) -> None:
    site = open_page(window, look=look)
    for seen in (site.view.get_by_role("heading", name="Tea Shop"), site.button, site.notice):
        expect(seen).to_be_in_viewport(ratio=1)
    expect(site.notice).to_have_text(SAYS)
    assert site.view.locator("img").count() == len(look)
    if look:
        expect(site.view.locator("img")).to_be_in_viewport(ratio=1)
        assert (
            site.view.locator("img").evaluate("async (face) => (await face.decode(), face.clientWidth)") == 80
        )
    site.is_whole()


@pytest.mark.parametrize("window", WINDOWS)
def test_a_call(open_page: OpenPage, window: str) -> None:
    site = open_page(window)
    heading = site.view.locator("h1")
    site.button.click()
    site.agent("listening")
    expect(site.view.get_by_role("group", name="Call with Tea Shop")).to_be_in_viewport(ratio=1)
    # the widget says it now, of what is
    expect(site.notice).not_to_be_visible()
    site.is_whole()

    site.view.get_by_role("button", name="Show the call").click()
    card = site.view.get_by_role("dialog", name="Call with Tea Shop")
    expect(card).to_be_in_viewport(ratio=1)
    # the name is there once
    assert heading.evaluate("heading => getComputedStyle(heading).clipPath") == "inset(50%)"
    site.is_whole()

    site.press("End call")
    expect(card).to_contain_text("Thank you for calling.")
    site.view.locator("vaani-widget .actions").get_by_role("button", name="Close").click()
    for seen in (heading, site.button, site.notice):
        expect(seen).to_be_in_viewport(ratio=1)
    assert heading.evaluate("heading => getComputedStyle(heading).clipPath") == "none"


@pytest.mark.parametrize("window", WINDOWS)
def test_consent_comes_first(open_page: OpenPage, window: str) -> None:
    site = open_page(window, consent={"version": "1", "text": "This call is recorded."})
    site.button.click()
    card = site.view.get_by_role("dialog")
    expect(card).to_contain_text("This call is recorded.")
    for name in ("Not now", "Agree"):
        expect(card.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    site.is_whole()
    assert not [request for request in site.requests if request.url.endswith("/v1/calls")]
    site.press("Agree")
    site.agent("speaking")
    expect(site.view.locator("vaani-widget [part=bar]")).to_contain_text("Speaking")


@pytest.mark.parametrize(("theme", "scheme"), [("dark", "light"), ("light", "dark")])
def test_the_owners_theme(open_page: OpenPage, theme: str, scheme: str) -> None:
    site = open_page("phone", scheme, look={"theme": theme, "accent_color": "#ffd400"})
    site.page.set_viewport_size({"width": 800, "height": 640})
    ground = "getComputedStyle(document.body).backgroundColor"
    assert site.view.evaluate(ground) == (DARK if theme == "dark" else LIGHT)
    site.button.click()
    site.agent("listening")
    bar = site.view.locator("vaani-widget [part=bar]")
    assert ("dark" in (bar.get_attribute("class") or "")) == (theme == "dark")
    site.is_whole()


@pytest.mark.parametrize(("scheme", "ground"), [("dark", DARK), ("light", LIGHT)])
def test_else_the_visitors(open_page: OpenPage, scheme: str, ground: str) -> None:
    site = open_page("desk", scheme)
    assert site.view.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_the_owners_words(open_page: OpenPage) -> None:
    site = open_page(
        text={"en": {"ai_notice": "Mela is a machine", "label": "Ask Mela"}}, look={"locale": "en"}
    )
    expect(site.notice).to_have_text("Mela is a machine")
    expect(site.view.get_by_role("button", name="Ask Mela")).to_be_visible()
