"""The visitor chooses the language of the conversation, and a window of its own, where a site offers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, expect

from tests.parts.pages import PageServer
from tests.parts.readout import Readout
from tests.parts.watch import until_event

from .conftest import AXE, Site, serving
from .test_texts import LOCALES


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[PageServer, Flask, str]]:
    with serving(languages=["hi", "en", "ta", "ur"], share=True) as served:
        yield served


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    site = open_site()
    site.loader = "/sites/shop/widget.js"
    return site


def choice(site: Site) -> Locator:
    return site.panel.get_by_role("combobox", name="Language of the call")


def spoken(site: Site) -> list[Any]:
    """What each call asked Vaani for."""
    return [body.get("primary_language") for body in site.vaani.bodies]


def opened(site: Site) -> None:
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(choice(site)).to_be_visible()


def test_before_a_call_and_remembered(site: Site) -> None:
    site.show()
    opened(site)
    expect(choice(site)).to_have_value("hi")
    assert choice(site).locator("option").all_inner_texts() == ["हिन्दी", "English", "தமிழ்", "اردو"]
    choice(site).select_option("ta")
    site.click("Start call")
    until_event(site.page, "vaani-call-connected")
    assert spoken(site) == ["ta"]

    # on the next page a click on the button is enough, also where the script does not know its site
    site.loader = "/widget.js"
    site.show(primary_language="en")
    site.call()
    assert spoken(site) == ["ta", "ta"]


def test_who_chooses_nothing_has_the_first_or_what_the_page_says(site: Site) -> None:
    site.show()
    site.call()
    site.show(primary_language="en")
    site.call()
    assert spoken(site) == ["hi", "en"]
    site.click("Call settings")
    expect(choice(site)).to_have_value("en")


def test_in_a_call_it_is_asked_and_the_call_begins_anew(site: Site) -> None:
    site.show()
    site.call()
    site.click("Call settings")
    choice(site).select_option("ta")
    asked = site.panel.get_by_role("alert")
    expect(asked).to_contain_text("தமிழ்")
    site.click("Not now")
    expect(choice(site)).to_have_value("hi")
    assert spoken(site) == ["hi"]

    # left unanswered, it is no question of the next call
    choice(site).select_option("ta")
    site.click("End call")
    site.click("Call again")
    site.page.wait_for_function(
        "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 2"
    )
    site.click("Call settings")
    expect(choice(site)).to_have_value("hi")
    expect(asked).to_have_count(0)
    assert spoken(site) == ["hi", "hi"]

    # by keyboard alone
    choice(site).focus()
    choice(site).select_option("ta")
    site.page.keyboard.press("Tab")
    site.page.keyboard.press("Tab")
    expect(site.panel.get_by_role("button", name="Start anew")).to_be_focused()
    site.page.keyboard.press("Enter")
    site.page.wait_for_function(
        "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 3"
    )
    ends = site.page.evaluate("seen.events.flatMap(e => e.name === 'vaani-call-end' ? e.detail.reason : [])")
    assert ends == ["visitor", "visitor"]
    assert spoken(site) == ["hi", "hi", "ta"]
    assert site.page.evaluate("room.left") == 0


def test_what_is_asked_scrolls_the_card_and_not_the_page(open_site: Callable[..., Site]) -> None:
    """The visitor has gone on reading; the card becomes narrower by itself."""
    site = open_site()
    site.loader = "/sites/shop/widget.js"
    site.show("<style>body { height: 5000px }</style>", position="inline")
    site.call()
    site.click("Call settings")
    choice(site).select_option("ta")
    expect(site.panel.get_by_role("alert")).to_be_visible()
    width = site.panel.evaluate("panel => panel.offsetWidth")
    site.page.evaluate("scrollTo(0, 3000)")
    site.panel.evaluate("panel => { panel.style.width = '250px'; }")
    frames = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    site.page.evaluate(frames)
    assert site.panel.evaluate("panel => panel.offsetWidth") < width
    assert site.page.evaluate("scrollY") == 3000


def test_in_writing_it_stays_in_writing(site: Site) -> None:
    site.show()
    opened(site)
    site.click("Type instead")
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    site.click("Call settings")
    choice(site).select_option("en")
    site.click("Start anew")
    site.page.wait_for_function(
        "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 2"
    )
    assert spoken(site) == ["hi", "en"]
    assert site.page.evaluate("room.options.microphone") is None


@pytest.mark.parametrize("locale", LOCALES)
def test_it_has_words_and_axe_finds_nothing(open_site: Callable[..., Site], locale: str) -> None:
    site = open_site(viewport={"width": 360, "height": 740})
    site.loader = "/sites/shop/widget.js"
    site.show(locale=locale)
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(site.panel.get_by_role("combobox")).to_be_visible()
    site.panel.locator(".primary").click()
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    site.panel.locator(".choose").click()
    site.panel.locator("#vaani_language").select_option("en" if locale != "en" else "ta")
    site.panel.locator(".devices .plain").last.click()
    expect(site.panel.locator(".anew")).to_have_count(2)
    site.settle()
    assert "{" not in site.panel.inner_text()
    # nothing is wider than a phone
    assert site.page.evaluate("document.documentElement.scrollWidth") <= 360
    site.page.evaluate(AXE.read_text())
    found = site.page.evaluate("axe.run({ include: [['vaani-widget']] })")
    assert [rule["id"] for rule in found["violations"]] == []


def test_a_window_of_its_own_after_asking(site: Site) -> None:
    site.show()
    site.call()
    site.click("Call settings")
    site.click("Continue in its own window")
    expect(site.panel.get_by_role("alert")).to_contain_text("starts anew")
    with site.page.context.expect_page() as came:
        site.click("Open window")
    assert came.value.url == f"{site.server}/vaani/call/shop"
    until_event(site.page, "vaani-call-end", where="detail.reason === 'visitor'")
    expect(came.value.get_by_role("button", name="Talk to agent")).to_be_visible()


def test_a_browser_that_opens_no_window_has_not_ended_the_call(site: Site) -> None:
    site.show()
    site.call()
    site.page.evaluate("window.open = () => null")
    site.click("Call settings")
    site.click("Continue in its own window")
    site.click("Open window")
    site.state("listening")
    expect(site.panel.get_by_role("button", name="End call")).to_be_visible()


def test_a_call_moves_into_a_modal_dialog_and_back(site: Site) -> None:
    site.show("<dialog><p>Cookies?</p></dialog>")
    site.call()
    site.page.evaluate("""() => {
      const [dialog, widget] = ["dialog", "vaani-widget"].map((name) => document.querySelector(name));
      dialog.append(widget);
      dialog.showModal();
      dialog.addEventListener("close", () => document.documentElement.append(widget));
    }""")
    site.click("Mute")
    expect(site.page.get_by_role("button", name="Unmute")).to_be_visible()
    site.page.evaluate("document.querySelector('dialog').close()")
    site.click("Unmute")
    site.state("listening")


def test_text_is_begun_before_the_panel_has_come(site: Site) -> None:
    site.show()
    site.page.evaluate("() => void VaaniWidget('startText')")
    until_event(site.page, "vaani-call-connected")
    assert site.page.evaluate("room.options.microphone") is None


def test_what_the_agent_writes_is_told_while_the_settings_cover_it(site: Site) -> None:
    """In a call in writing a screen reader tells of it, as it does without the settings."""
    site.show()
    opened(site)
    site.click("Type instead")
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    site.say("agent", "Welcome.", id="1")
    readout = Readout(site.page)
    expect(site.panel.get_by_role("log")).to_have_text("Tea Shop: Welcome.")
    site.click("Call settings")
    expect(choice(site)).to_be_visible()
    assert "Welcome." not in readout.text

    told = site.panel.get_by_role("status").filter(has_text="Tea Shop")
    site.say("agent", "We close", id="2", final=False)
    site.say("visitor", "Thanks!", id="3")
    site.say("agent", "We close at nine.", id="2")
    site.say("agent", "Anything else?", id="4")
    expect(told).to_have_text("Tea Shop: We close at nine.Tea Shop: Anything else?")
    assert readout.text.count("We close at nine.") == 1

    # The log has it, and it is told once.
    site.click("Call settings")
    expect(told).to_have_count(0)
    assert readout.text.count("We close at nine.") == 1
    site.click("Call settings")
    expect(choice(site)).to_be_visible()
    assert "We close at nine." not in readout.text
