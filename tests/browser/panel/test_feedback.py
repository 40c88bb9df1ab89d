"""How it was: asked when a call has ended, where the site wants to know, and kept with the call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from tests.parts.pages import PageServer
from tests.parts.watch import WATCH, until_event
from vaani_widget.ledger_schema import calls
from vaani_widget.testing import install

from .conftest import AXE, ROOM, Site, serving


def ended(site: Site, **attributes: str) -> str:
    """Has a call and ends it; returns its id."""
    site.show(**attributes)
    site.call()
    site.click("End call")
    call_id: str = until_event(site.page, "vaani-call-end")["callId"]
    return call_id


def told(site: Site) -> list[dict[str, Any]]:
    return [
        {"rating": sent["rating"], "text": sent["text"]}
        for sent in site.progress()
        if sent["event"] == "feedback"
    ]


def test_nobody_is_asked_unless_the_site_wants_to_know(site: Site) -> None:
    ended(site)
    expect(site.panel.get_by_role("button", name="Call again")).to_be_visible()
    expect(site.panel.get_by_role("group", name="How was this call?")).to_have_count(0)


def test_a_thumb_is_told_at_once_and_a_sentence_after_it(site: Site) -> None:
    ended(site, feedback="true")
    question = site.panel.get_by_role("group", name="How was this call?")
    expect(question.get_by_role("textbox")).to_have_count(0)
    bad = question.get_by_role("button", name="Not good", exact=True)
    with site.page.expect_response("**/progress") as answer:
        bad.click()
    assert answer.value.status == 204
    expect(bad).to_have_attribute("aria-pressed", "true")
    question.get_by_role("textbox", name="Anything you want to tell us?").fill("It did not know Assam. ")
    question.get_by_role("button", name="Send").click()
    expect(question.get_by_role("status").first).to_have_text("Thank you for your feedback.")
    assert told(site) == [{"rating": 1, "text": ""}, {"rating": 1, "text": "It did not know Assam."}]


def test_it_is_done_by_keyboard_alone(site: Site) -> None:
    ended(site, feedback="true")
    good = site.panel.get_by_role("button", name="Good", exact=True)
    good.focus()
    site.page.keyboard.press("Space")
    expect(good).to_have_attribute("aria-pressed", "true")
    site.page.keyboard.press("Tab")
    site.page.keyboard.press("Tab")
    site.page.keyboard.type("Lovely")
    site.page.keyboard.press("Tab")
    site.page.keyboard.press("Enter")
    expect(site.panel.get_by_text("Thank you for your feedback.")).to_be_focused()
    assert told(site)[-1] == {"rating": 5, "text": "Lovely"}


def test_one_may_think_again(site: Site) -> None:
    ended(site, feedback="true")
    site.click("Good")
    site.click("Not good")
    expect(site.panel.get_by_role("button", name="Good", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(site.panel.get_by_role("button", name="Not good", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert [one["rating"] for one in told(site)] == [5, 1]


def test_what_could_not_be_told_is_not_thanked_for(site: Site) -> None:
    ended(site, feedback="true")
    site.page.route("**/progress", lambda route: route.abort())
    site.click("Good")
    site.panel.get_by_role("textbox").fill("Lovely")
    site.click("Send")
    expect(site.failure).to_have_text("Check your internet connection, then try again.")
    expect(site.panel.get_by_role("textbox")).to_have_value("Lovely")
    site.page.unroute("**/progress")
    site.click("Send")
    expect(site.panel.get_by_text("Thank you for your feedback.")).to_be_visible()
    expect(site.failure).to_have_count(0)


def test_a_call_that_never_was_is_not_asked_about(open_site: Callable[..., Site]) -> None:
    site = open_site(microphone=False)
    site.show(feedback="true")
    site.call(wait=False)
    expect(site.failure).to_be_visible()
    expect(site.panel.get_by_role("group", name="How was this call?")).to_have_count(0)


def test_the_call_s_id_is_copied(open_site: Callable[..., Site]) -> None:
    site = open_site(permissions=["clipboard-read", "clipboard-write", "microphone"])
    call_id = ended(site, feedback="true")
    expect(site.panel.get_by_text(call_id)).to_be_visible()
    site.click("Copy call ID")
    expect(site.panel.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert site.page.evaluate("navigator.clipboard.readText()") == call_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_against_it(open_site: Callable[..., Site], scheme: str) -> None:
    site = open_site(color_scheme=scheme)
    ended(site, feedback="true")
    site.click("Good")
    site.panel.get_by_role("textbox").wait_for()
    site.settle()
    site.page.add_script_tag(path=AXE)
    violations = site.page.evaluate("async () => (await axe.run('vaani-widget')).violations")
    assert [(one["id"], one["nodes"]) for one in violations] == []


@pytest.fixture
def asking_shop() -> Iterator[tuple[PageServer, Flask, str]]:
    """A site whose look asks, whatever the page says."""
    with serving(look={"feedback": True}) as served:
        yield served


def test_it_is_kept_with_the_call(
    allowing: Browser, asking_shop: tuple[PageServer, Flask, str], tmp_path: Any
) -> None:
    pages, app, server = asking_shop
    context = allowing.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
    context.route("**/assets/livekit-*.js*", lambda route: route.fulfill(headers=headers, body=ROOM))
    site = Site(context.new_page(), pages, server, install(app, tmp_path))
    call_id = ended(site)
    site.click("Good")
    site.panel.get_by_role("textbox").fill("बहुत अच्छा 👍")
    site.click("Send")
    expect(site.panel.get_by_text("Thank you for your feedback.")).to_be_visible()
    context.close()
    with app.extensions["vaani_widget"].services.ledger.engine.connect() as connection:
        kept = connection.execute(select(calls).where(calls.c.call_id == call_id)).one()
    assert (kept.rating, kept.feedback) == (5, "बहुत अच्छा 👍")
