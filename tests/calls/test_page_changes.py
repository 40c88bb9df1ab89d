"""One real call while the page around it changes in every way that pages do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.calls.conftest import Shop
from tests.hosts.conftest import VENDOR
from tests.hosts.test_frameworks import built
from tests.parts import chromium
from tests.parts.listener import Listener
from tests.parts.watch import WATCH, energy, events, until_event

__all__ = ["built"]

# As Astro's <ClientRouter /> does it: the root's attributes, the head's elements, then the whole body.
ASTRO = """
async (url) => {
  const next = new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
  const root = document.documentElement;
  for (const { name } of [...root.attributes]) root.removeAttribute(name);
  for (const { name, value } of next.documentElement.attributes) root.setAttribute(name, value);
  for (const old of [...document.head.children]) old.remove();
  document.head.append(...next.head.children);
  document.body.replaceWith(next.body);
  history.pushState({}, "", url);
  for (const script of document.body.querySelectorAll("script")) {
    const again = document.createElement("script");
    for (const { name, value } of script.attributes) again.setAttribute(name, value);
    script.replaceWith(again);
  }
}
"""


@pytest.fixture(scope="module")
def beeping_browser(playwright: Playwright) -> Iterator[Browser]:
    """One whose microphone is never silent for long."""
    browser = chromium.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def visitor(beeping_browser: Browser) -> Iterator[Page]:
    context = beeping_browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


def test_a_call_outlives_all_that_a_page_does(shop: Shop, visitor: Page, built: Path) -> None:
    """React renders, goes and comes again; Turbo visits a page; a router empties it; Vue; Astro's swap."""
    script = {"Content-Type": "text/javascript"}
    turbo = shop.pages.add(VENDOR["/turbo.js"].read_text("utf-8"), script)
    react = shop.pages.add((built / "react.js").read_text("utf-8"), script)
    vue = shop.pages.add((built / "vue.js").read_text("utf-8"), script)
    tag = shop.tag()
    head = f'<!doctype html><html lang="en"><title>Shop</title><script src="{turbo}"></script>{tag}<body>'
    fourth = shop.pages.add(f'{head.replace("en", "en-IN")}<h2>Fourth</h2><vaani-widget site="shop">{tag}')
    third = shop.pages.add(f"{head}<h2>Third</h2>{tag}")
    second = shop.pages.add(f"{head}<h2>Second</h2>{tag}")
    visitor.goto(shop.pages.add(f'{head}<div id="react"></div><a href="{second}">Second</a>'))
    visitor.evaluate(f"() => import('{react}').then(() => {{}})")
    with visitor.expect_response("**/v1/calls") as answer:
        visitor.get_by_role("button", name="Talk to").click()
    until_event(visitor, "vaani-state", where="detail.state === 'speaking'")
    room = answer.value.json()["room_name"]

    with Listener(shop.stack, room) as listener:

        def going_on(where: str, part: str = "bar") -> None:
            """Shown there and nowhere else, and sound still goes both ways."""
            visitor.wait_for_function(
                """([where, part]) => {
                  const all = document.querySelectorAll("vaani-widget");
                  const shown = all[0]?.shadowRoot.querySelector(`[part=${part}]`);
                  return all.length === 1 && all[0].matches(where) && shown?.checkVisibility();
                }""",
                arg=[where, part],
            )
            before = energy(visitor)["bytesHeard"]
            listener.until_heard()
            assert energy(visitor)["bytesHeard"] > before
            assert events(visitor, "vaani-call-end") == []

        visitor.evaluate("document.querySelector('vaani-widget').open()")
        going_on("#react vaani-widget", "panel")
        visitor.evaluate("react.unmount()")
        going_on("html > vaani-widget")
        visitor.evaluate("react.mount()")
        going_on("#react vaani-widget")

        visitor.get_by_role("link", name="Second").click()
        visitor.get_by_role("heading", name="Second").wait_for()
        going_on("html > vaani-widget")

        visitor.evaluate(
            """() => {
              history.pushState({}, "", "?router");
              document.body.innerHTML = "<div id=vue></div>";
            }"""
        )
        going_on("html > vaani-widget")
        visitor.evaluate(f"() => import('{vue}').then(() => {{}})")
        going_on("#vue vaani-widget")
        visitor.evaluate("vue.unmount()")
        going_on("html > vaani-widget")
        visitor.evaluate("history.back()")
        visitor.wait_for_url(second)
        going_on("html > vaani-widget")

        visitor.evaluate(ASTRO, third)
        visitor.get_by_role("heading", name="Third").wait_for()
        going_on("html > vaani-widget")
        visitor.evaluate(ASTRO, fourth)
        going_on("body > vaani-widget")

    visitor.locator("vaani-widget").get_by_role("button", name="End call").click()
    until_event(visitor, "vaani-call-end", where="detail.reason === 'visitor'")
    assert len(events(visitor, "vaani-call-connected")) == 1
    assert len(events(visitor, "vaani-call-start")) == 1
    assert events(visitor, "vaani-error") == []
    shop.stack.agent.wait_for("visitor_left", room=room)
    # Afterwards the page is as its author wrote it: the element that floated has gone.
    assert visitor.locator("vaani-widget").count() == 1
    assert visitor.locator("body > vaani-widget").count() == 1
