"""One real call while the page around it changes in every way that pages do."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.calls.conftest import Shop
from tests.hosts.conftest import VENDOR
from tests.hosts.test_frameworks import built
from tests.parts.listener import Listener
from tests.parts.watch import energy, events, until_event

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


def test_a_call_outlives_all_that_a_page_does(shop: Shop, beeping: Page, built: Path) -> None:
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
    beeping.goto(shop.pages.add(f'{head}<div id="react"></div><a href="{second}">Second</a>'))
    beeping.evaluate(f"() => import('{react}').then(() => {{}})")
    with beeping.expect_response("**/v1/calls") as answer:
        beeping.get_by_role("button", name="Talk to").click()
    until_event(beeping, "vaani-state", where="detail.state === 'speaking'")
    room = answer.value.json()["room_name"]

    with Listener(shop.stack, room) as listener:

        def going_on(where: str, part: str = "bar") -> None:
            """Shown there and nowhere else, and sound still goes both ways."""
            beeping.wait_for_function(
                """([where, part]) => {
                  const all = document.querySelectorAll("vaani-widget");
                  const shown = all[0]?.shadowRoot.querySelector(`[part=${part}]`);
                  return all.length === 1 && all[0].matches(where) && shown?.checkVisibility();
                }""",
                arg=[where, part],
            )
            before = energy(beeping)["bytesHeard"]
            listener.until_heard()
            assert energy(beeping)["bytesHeard"] > before
            assert events(beeping, "vaani-call-end") == []

        beeping.evaluate("document.querySelector('vaani-widget').open()")
        going_on("#react vaani-widget", "panel")
        beeping.evaluate("react.unmount()")
        going_on("html > vaani-widget")
        beeping.evaluate("react.mount()")
        going_on("#react vaani-widget")

        beeping.get_by_role("link", name="Second").click()
        beeping.get_by_role("heading", name="Second").wait_for()
        going_on("html > vaani-widget")

        beeping.evaluate(
            """() => {
              history.pushState({}, "", "?router");
              document.body.innerHTML = "<div id=vue></div>";
            }"""
        )
        going_on("html > vaani-widget")
        beeping.evaluate(f"() => import('{vue}').then(() => {{}})")
        going_on("#vue vaani-widget")
        beeping.evaluate("vue.unmount()")
        going_on("html > vaani-widget")
        beeping.evaluate("history.back()")
        beeping.wait_for_url(second)
        going_on("html > vaani-widget")

        beeping.evaluate(ASTRO, third)
        beeping.get_by_role("heading", name="Third").wait_for()
        going_on("html > vaani-widget")
        beeping.evaluate(ASTRO, fourth)
        going_on("body > vaani-widget")

    beeping.locator("vaani-widget").get_by_role("button", name="End call").click()
    until_event(beeping, "vaani-call-end", where="detail.reason === 'visitor'")
    assert len(events(beeping, "vaani-call-connected")) == 1
    assert len(events(beeping, "vaani-call-start")) == 1
    assert events(beeping, "vaani-error") == []
    shop.stack.agent.wait_for("visitor_left", room=room)
    # Afterwards the page is as its author wrote it: the element that floated has gone.
    assert beeping.locator("vaani-widget").count() == 1
    assert beeping.locator("body > vaani-widget").count() == 1
