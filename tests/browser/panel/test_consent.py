"""What the owner wants agreed to comes before the microphone is asked for, and before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Route, expect
from sqlalchemy import select

from tests.parts.pages import PageServer
from tests.parts.watch import events, until_event
from vaani_widget.ledger_schema import calls
from vaani_widget.sites import Consent
from vaani_widget.web.state import State

from .conftest import AXE, ROOT, Site, serving
from .test_accessible import CONTRAST, focused
from .test_texts import LOCALES

TEXT = (
    "We record this call.\n\nMore at https://shop.test/privacy. "
    "<img src=x onerror=alert(1)> javascript:alert(1)"
)

COUNT = """
  window.asked = 0;
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (given) => (asked++, ask(given));
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[PageServer, Flask, str]]:
    with serving(consent={"version": "1", "text": TEXT}) as served:
        yield served


@pytest.fixture
def open_site(
    open_site: Callable[..., Site], shop: tuple[PageServer, Flask, str]
) -> Iterator[Callable[..., Site]]:
    """Counts how often the microphone is asked for, and puts the owner's text back."""

    def open_(**options: Any) -> Site:
        site = open_site(**options)
        site.page.add_init_script(COUNT)
        site.loader = "/sites/shop/widget.js"
        return site

    yield open_
    change(shop[1], "1", TEXT)


def change(app: Flask, version: str, text: str) -> None:
    """The owner has another text from now on; tokens that are out stay out."""
    state: State = app.extensions["vaani_widget"]
    before = state.services
    sites = {"shop": replace(before.settings.sites["shop"], consent=Consent(version, text))}
    settings = replace(before.settings, sites=sites)
    services = replace(before, settings=settings)
    services.__dict__["ledger"] = before.ledger
    app.extensions["vaani_widget"] = replace(state, settings=settings, services=services)


def terms(site: Site) -> Locator:
    return site.panel.get_by_role("group", name="Please read this first")


def asked(site: Site) -> int:
    times: int = site.page.evaluate("asked")
    return times


def sent(site: Site) -> list[str | None]:
    """The version that came with each start."""
    bodies = [json.loads(request.post_data or "") for request in site.started()]
    return [body.get("consent", {}).get("version") for body in bodies]


def test_a_loader_that_cannot_know_asks_for_both_and_starts_nothing(site: Site) -> None:
    """The click itself asks for the microphone, and the server's answer is yet to come."""
    site.loader = "/widget.js"
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_have_text(TEXT)
    site.page.wait_for_load_state("networkidle")
    assert asked(site) == 1
    assert site.started() == []
    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    assert (asked(site), sent(site)) == (1, ["1"])


def test_it_is_asked_for_before_the_microphone(site: Site, shop: tuple[PageServer, Flask, str]) -> None:
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_have_text(TEXT)
    expect(site.panel).to_contain_text("Tea Shop")
    # Everything else has come by now, and waits.
    site.page.wait_for_load_state("networkidle")
    assert asked(site) == 0
    assert site.started() == []
    assert site.events == ["ready", "before-call", "call-start", "asking"]

    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    assert asked(site) == 1
    assert sent(site) == ["1"]
    expect(terms(site)).to_have_count(0)
    ledger = shop[1].extensions["vaani_widget"].services.ledger
    with ledger.engine.connect() as connection:
        rows = connection.execute(select(calls.c.consent_version, calls.c.outcome)).all()
    assert rows == [("1", "committed")]


def test_who_has_agreed_is_not_asked_again(site: Site) -> None:
    site.show()
    site.call(wait=False)
    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    for again in ("in the same page", "in another"):
        if again == "in another":
            site.show()
        else:
            site.click("End call")
            site.panel.get_by_role("button", name="Close").last.click()
            site.page.evaluate("() => { seen.events.length = 0; }")
        site.call()
        expect(terms(site)).to_have_count(0)
    assert sent(site) == ["1", "1", "1"]


def test_another_text_is_asked_for_again(site: Site, shop: tuple[PageServer, Flask, str]) -> None:
    site.show()
    site.call(wait=False)
    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    change(shop[1], "2", "Something else.")
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_have_text("Something else.")
    assert asked(site) == 0
    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    assert sent(site) == ["1", "2"]


def test_a_text_that_changes_while_it_is_read(site: Site, shop: tuple[PageServer, Flask, str]) -> None:
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_have_text(TEXT)
    change(shop[1], "2", "Something else.")
    site.click("Agree")
    expect(terms(site)).to_have_text("Something else.")
    assert site.vaani.bodies == []
    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    assert sent(site) == ["1", "2"]
    assert len(site.vaani.bodies) == 1
    assert events(site.page, "vaani-error") == []


def test_a_server_that_is_never_content_is_said(site: Site) -> None:
    site.show()
    refused = (403, {"code": "consent_required", "spent": "no"})
    site.answer(*[refused] * 4)
    site.call(wait=False)
    site.click("Agree")
    expect(site.failure).to_contain_text(LOCALES["en"]["stale"])
    assert len(site.started()) == 2


def test_not_now_ends_calmly(site: Site) -> None:
    site.show()
    call = "document.querySelector('vaani-widget').start().then(() => 'called', ({ code }) => code)"
    site.page.get_by_role("button", name="Talk to agent").focus()
    site.page.evaluate(f"() => {{ window.call = {call}; }}")
    site.click("Not now")
    expect(site.page.get_by_role("button", name="Talk to agent")).to_be_focused()
    expect(site.panel).to_have_count(0)
    assert site.page.evaluate("call") == "cancelled"
    assert until_event(site.page, "vaani-call-end")["reason"] == "visitor"
    assert events(site.page, "vaani-error") == []
    assert (asked(site), site.started(), site.vaani.bodies) == (0, [], [])
    # It was no answer for good.
    site.call(wait=False)
    expect(terms(site)).to_be_visible()


def test_hanging_up_while_it_is_read(site: Site) -> None:
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_be_visible()
    site.page.evaluate("() => document.querySelector('vaani-widget').end()")
    expect(site.panel).to_have_count(0)
    assert (asked(site), site.started()) == (0, [])


@pytest.mark.parametrize(
    "blocked",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException(); } });",
        "Storage.prototype.setItem = () => { throw new DOMException(); };",
    ],
)
def test_a_browser_that_keeps_nothing(site: Site, blocked: str) -> None:
    site.page.add_init_script(blocked)
    site.show()
    site.call(wait=False)
    site.click("Agree")
    until_event(site.page, "vaani-call-connected")
    site.click("End call")
    site.page.evaluate("() => { seen.events.length = 0; }")
    site.click("Call again")
    until_event(site.page, "vaani-call-connected")
    assert sent(site) == ["1", "1"]


def test_a_slow_answer_is_waited_for(site: Site) -> None:
    """Until the server has said what the site asks, nobody knows that the microphone may be asked for."""
    held: list[Route] = []
    site.page.route("**/token", lambda route: held.append(route))
    site.show()
    site.call(wait=False)
    expect(site.panel).to_contain_text(LOCALES["en"]["state_connecting"])
    expect(site.panel).not_to_contain_text(LOCALES["en"]["ask_hint"])
    assert asked(site) == 0
    held.pop().fallback()
    expect(terms(site)).to_be_visible()
    assert asked(site) == 0


def test_by_keyboard(site: Site) -> None:
    site.show()
    keyboard = site.page.keyboard
    site.page.get_by_role("button", name="Talk to agent").focus()
    keyboard.press("Enter")
    expect(terms(site)).to_be_focused()
    # Enter once more, as by impatience, agrees to nothing.
    keyboard.press("Enter")
    keyboard.press("Space")
    expect(terms(site)).to_be_visible()
    order = []
    for _ in range(3):
        keyboard.press("Tab")
        order.append(focused(site))
    assert order == ["https://shop.test/privacy", "Not now", "Agree"]
    keyboard.press("Escape")
    small = site.page.get_by_role("button", name="Show the call")
    expect(small).to_be_focused()
    expect(small).to_contain_text("Please read this first")
    keyboard.press("Enter")
    expect(terms(site)).to_be_focused()
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.press("Space")
    until_event(site.page, "vaani-call-connected")
    # The button that was pressed is gone, and the keyboard's place is not.
    assert focused(site) == "Call with Tea Shop"
    assert asked(site) == 1


def test_who_types_elsewhere_is_told_and_not_disturbed(site: Site) -> None:
    site.show()
    search = site.page.get_by_label("Search")
    search.focus()
    site.page.evaluate("() => { document.querySelector('vaani-widget').start().catch(() => {}); }")
    expect(terms(site)).to_be_visible()
    expect(search).to_be_focused()
    expect(site.panel.get_by_role("status")).to_have_text("Please read this first")


def test_the_text_is_text(site: Site) -> None:
    site.show()
    site.call(wait=False)
    links = terms(site).get_by_role("link")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://shop.test/privacy")
    expect(links).to_have_attribute("rel", "noopener noreferrer")
    expect(terms(site).locator("img")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_contrast(open_site: Callable[..., Site], scheme: str) -> None:
    site = open_site(color_scheme=scheme)
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_be_visible()
    site.settle()
    site.page.evaluate(AXE.read_text())
    found: dict[str, Any] = site.page.evaluate("axe.run({ include: [['vaani-widget']] })")
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []
    assert site.page.evaluate(CONTRAST)["poor"] == []


def test_a_long_text_in_a_small_window(
    open_site: Callable[..., Site], shop: tuple[PageServer, Flask, str]
) -> None:
    site = open_site(viewport={"width": 320, "height": 568}, has_touch=True)
    change(shop[1], "long", "We record this call. " * 300)
    site.show()
    site.call(wait=False)
    expect(terms(site)).to_be_visible()
    site.settle()
    for name in ("Not now", "Agree"):
        box = site.panel.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["y"] + box["height"] <= 568
    assert terms(site).evaluate("box => box.scrollHeight > box.clientHeight")
    # A wheel, a finger or the arrow keys scroll it.
    terms(site).focus()
    site.page.keyboard.press("End")
    site.page.wait_for_function(f"() => {ROOT}.querySelector('.terms').scrollTop > 0")


@pytest.mark.parametrize("language", sorted(LOCALES))
def test_in_every_language(site: Site, language: str) -> None:
    words = LOCALES[language]
    site.show(locale=language)
    site.page.locator("vaani-widget").get_by_role("button").click()
    group = site.panel.get_by_role("group", name=words["state_consent"])
    # The owner's text has a direction of its own.
    expect(group).to_have_attribute("dir", "auto")
    agree, not_now = (
        site.panel.get_by_role("button", name=words[key], exact=True) for key in ("agree", "not_now")
    )
    expect(agree).to_be_visible()
    site.settle()
    first, second = (not_now.bounding_box(), agree.bounding_box())
    assert first
    assert second
    if first["y"] == second["y"]:
        assert (first["x"] > second["x"]) == (language == "ur")
    agree.click()
    until_event(site.page, "vaani-call-connected")
