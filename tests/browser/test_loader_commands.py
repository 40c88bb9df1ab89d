"""How a page talks to the widget: triggers, commands, events, methods before the panel has come."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.parts.watch import events, until_event

STUB = """<script>
  window.VaaniWidget = window.VaaniWidget ||
    function () { (VaaniWidget.q = VaaniWidget.q || []).push(arguments) };
</script>"""

PREVENT = """<script>
  window.started = [];
  // no call is wanted here, only who was asked to start one
  addEventListener("vaani-before-call", event => {
    event.preventDefault();
    started.push(event.target.site);
  });
</script>"""


def started(window: Window) -> list[str]:
    sites: list[str] = window.page.evaluate("started")
    return sites


def test_queue_from_before_the_script(window: Window) -> None:
    commands = """<script>
      window.heard = [];
      VaaniWidget("on", "vaani-ready", event => heard.push(["early", event.type, event.target.localName]));
      VaaniWidget("start");
      window.held = VaaniWidget;
    </script>"""
    window.show(window.tag(site="shop"), head=STUB + PREVENT + commands)
    window.ready()
    assert window.page.evaluate("heard") == [["early", "vaani-ready", "vaani-widget"]]
    assert started(window) == ["shop"]
    # who held on to the stub is heard, too
    window.page.evaluate("held('start')")
    assert started(window) == ["shop", "shop"]


def test_commands_wait_for_an_element(window: Window) -> None:
    """A module that finds no tag of its own, or a page that takes the button away, has none at first."""
    window.show(window.tag(site="shop"), head=STUB + PREVENT)
    window.ready()
    window.page.evaluate("document.querySelector('vaani-widget').remove(); VaaniWidget('start')")
    assert started(window) == []
    window.page.evaluate("document.body.append(document.createElement('vaani-widget'))")
    assert started(window) == ["shop"] or started(window) == [None]


def test_ready_is_told_to_who_comes_late(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    heard = """() => { const heard = [];
      VaaniWidget("on", "vaani-ready", event => heard.push(event.target.site));
      return heard; }"""
    assert window.page.evaluate(heard) == ["shop"]


def test_on_and_off(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    counts = """() => {
      const widget = document.querySelector("vaani-widget");
      let first = 0, second = 0;
      const one = event => { first += event.detail.add; };
      const off = VaaniWidget("on", "vaani-state", one);
      VaaniWidget("on", "vaani-state", () => second++);
      widget.emit("vaani-state", { add: 2 });
      off();
      widget.emit("vaani-state", { add: 2 });
      VaaniWidget("on", "vaani-state", one);
      VaaniWidget("off", "vaani-state", one);
      widget.emit("vaani-state", { add: 2 });
      return [first, second];
    }"""
    assert window.page.evaluate(counts) == [2, 3]


def test_unknown_command_harms_nobody(window: Window) -> None:
    commands = "<script>VaaniWidget('dance'); VaaniWidget('start')</script>"
    window.show(window.tag(site="shop"), head=STUB + PREVENT + commands)
    window.ready()
    assert started(window) == ["shop"]


def test_triggers_also_those_added_later(window: Window) -> None:
    body = """<button data-vaani-call>Any</button><span data-vaani-call="desk"><b>Desk</b></span>"""
    window.show(body + window.tag(site="shop") + window.tag(site="desk"), head=PREVENT)
    window.ready(2)
    window.page.get_by_text("Any").click()
    window.page.get_by_text("Desk").click()
    window.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<i data-vaani-call=shop>Late</i>')")
    window.page.get_by_text("Late").click()
    first, *rest = started(window)
    assert first in ("shop", "desk")
    assert rest == ["desk", "shop"]


def test_trigger_inside_another_shadow_root_and_behind_a_listener_that_stops_events(window: Window) -> None:
    window.show("<div id=host></div>" + window.tag(site="shop"), head=PREVENT)
    window.ready()
    window.page.evaluate("""() => {
      const root = document.querySelector("#host").attachShadow({ mode: "open" });
      const button = root.appendChild(document.createElement("button"));
      button.dataset.vaaniCall = "shop";
      button.textContent = "Deep";
      document.body.addEventListener("click", event => event.stopPropagation(), true);
    }""")
    window.page.get_by_text("Deep").click()
    assert started(window) == ["shop"]


def test_trigger_for_a_site_that_has_no_button(window: Window) -> None:
    window.show("<button data-vaani-call=desk>Desk</button>" + window.tag(site="shop"), head=PREVENT)
    window.ready()
    window.page.get_by_text("Desk").click()
    assert started(window) == ["desk"]
    window.ready(2)
    assert window.page.locator("vaani-widget [part=button]:visible").count() == 1


def test_link_works_without_the_script_and_calls_with_it(window: Window) -> None:
    link = f'<a href="{window.pages.add("the call page", path="/call/shop")}" data-vaani-call="shop">Call</a>'
    window.show(link, head=PREVENT)
    window.page.get_by_role("link", name="Call").click()
    assert window.page.url.endswith("/call/shop")

    window.show(link + window.tag(site="shop"), head=PREVENT)
    window.ready()
    address = window.page.url
    window.page.get_by_role("link", name="Call").click()
    assert started(window) == ["shop"]
    assert window.page.url == address


def test_link_opened_in_a_new_tab_is_a_link(window: Window) -> None:
    link = f'<a href="{window.pages.add("the call page", path="/call/shop")}" data-vaani-call="shop">Call</a>'
    window.show(link + window.tag(site="shop"), head=PREVENT)
    window.ready()
    with window.context.expect_page() as tab:
        window.page.get_by_role("link", name="Call").click(modifiers=["Control"])
    tab.value.wait_for_url("**/call/shop")
    assert started(window) == []


def test_button_in_a_form_does_not_send_it(window: Window) -> None:
    form = "<form action=/elsewhere><button data-vaani-call>Ask</button></form>"
    window.show(form + window.tag(site="shop"), head=PREVENT)
    window.ready()
    address = window.page.url
    window.page.get_by_text("Ask").click()
    assert started(window) == ["shop"]
    assert window.page.url == address


def test_methods_are_there_and_wait_for_the_panel(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    # nothing is loaded by these, and nothing breaks
    window.element("""widget => {
      widget.registerTool("lookUp", () => 1);
      widget.setMetadata({ page: "home" });
      widget.mute(true); widget.close(); widget.end(); widget.sendText("hello");
    }""")
    assert window.asked("/assets/") == []
    window.element("widget => widget.open()")
    until_event(window.page, "vaani-open")
    assert window.asked("/assets/livekit") == []
    assert window.asked("/v1/") == []


def test_open_never_asks_for_a_microphone(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    window.element("widget => widget.open()")
    until_event(window.page, "vaani-open")
    assert window.page.evaluate("seen.streams.length") == 0
    window.element("widget => widget.close()")
    until_event(window.page, "vaani-close")
    expect(window.launcher).to_be_visible()


def test_prevented_call_does_nothing(window: Window) -> None:
    window.show(window.tag(site="shop"), head=PREVENT)
    window.ready()
    rejection: Any = window.element("widget => widget.start().catch(problem => problem)")
    assert rejection == {"code": "cancelled"}
    assert window.page.evaluate("seen.streams.length") == 0
    assert window.asked("/v1/") == []
    assert window.asked("/assets/") == []
    expect(window.launcher).not_to_have_attribute("aria-busy", "true")


def test_rejection_that_nobody_catches_is_no_error_of_the_page(window: Window) -> None:
    errors: list[Any] = []
    window.page.on("pageerror", lambda error: errors.append(error))
    window.show(window.tag(site="shop"), head=PREVENT)
    window.launcher.click()
    window.element("widget => { void widget.start(); }")
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve))")
    assert errors == []


def test_events_bubble_out_of_shadow_roots(window: Window) -> None:
    window.show("<div id=host></div>" + window.tag(site="shop"))
    window.ready()
    window.page.evaluate("""() => {
      const root = document.querySelector("#host").attachShadow({ mode: "open" });
      const widget = document.createElement("vaani-widget");
      widget.site = "desk";
      root.append(widget);
    }""")
    assert len(events(window.page, "vaani-ready")) == 2


@pytest.mark.parametrize("argument", ["undefined", "null", "{}"])
def test_junk_in_the_place_of_the_stub(window: Window, argument: str) -> None:
    window.show(window.tag(site="shop"), head=f"<script>window.VaaniWidget = {argument}</script>")
    window.ready()
    assert window.page.evaluate("typeof VaaniWidget") == "function"
