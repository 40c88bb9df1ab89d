"""A whole call by typing alone, without a microphone, on real LiveKit and with the demo's agent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.calls.conftest import PLAIN, Shop
from tests.parts import chromium
from tests.parts.watch import WATCH, energy, events, until_event


@pytest.fixture
def reader(playwright: Playwright) -> Iterator[Page]:
    """Somebody who lets no page have the microphone."""
    browser = chromium.launch(playwright, deny_microphone=True)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    yield context.new_page()
    browser.close()


def test_a_question_is_typed_and_answered(shop: Shop, reader: Page) -> None:
    shop.stack.api.requests.clear()
    reader.goto(shop.page(shop.tag(site="shop")))
    reader.wait_for_selector("vaani-widget", state="attached")
    reader.evaluate("document.querySelector('vaani-widget').open()")
    panel = reader.get_by_role("dialog")
    with reader.expect_response("**/v1/calls") as answer:
        # From here on the keyboard does everything.
        panel.get_by_role("button", name="Type instead").press("Enter")
    room: str = answer.value.json()["room_name"]
    until_event(reader, "vaani-call-connected")
    box = panel.get_by_role("textbox", name="Write a message")
    expect(box).to_be_focused(timeout=30_000)
    until_event(reader, "vaani-transcript", where="detail.role === 'agent' && detail.text")
    reader.keyboard.type("What are your opening hours?")
    expect(panel.get_by_role("button", name="Send")).to_have_attribute("aria-disabled", "false")
    reader.keyboard.press("Enter")
    until_event(
        reader,
        "vaani-transcript",
        where="detail.role === 'agent' && /nine/i.test(detail.text) && detail.final",
        timeout=60,
    )
    log = panel.get_by_role("log")
    expect(log.locator(".visitor")).to_have_text(["You: What are your opening hours?"])
    expect(log.locator(".agent").last).to_contain_text("nine")

    assert reader.evaluate("seen.streams.length") == 0, "no microphone was asked for"
    assert energy(reader)["bytesSent"] == 0
    assert events(reader, "vaani-error") == []
    shop.stack.agent.wait_for("heard", room=room)
    reader.keyboard.press("Escape")
    reader.get_by_role("group").get_by_role("button", name="End call").press("Enter")
    assert until_event(reader, "vaani-call-end")["reason"] == "visitor"
    shop.stack.agent.wait_for("visitor_left", room=room)
    assert len(shop.stack.api.requests) == 1


@pytest.fixture
def plain_reader(playwright: Playwright) -> Iterator[Page]:
    """Somebody whose page came by plain HTTP from a name, so that no browser gives it a microphone."""
    browser = playwright.chromium.launch(
        executable_path=chromium.executable(),
        args=[*chromium.arguments(), f"--host-resolver-rules=MAP {PLAIN} 127.0.0.1"],
    )
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    yield context.new_page()
    browser.close()


def test_a_page_that_is_not_secure_can_still_write(shop: Shop, plain_reader: Page) -> None:
    plain_reader.goto(shop.page(shop.tag(site="shop")).replace("127.0.0.1", PLAIN))
    plain_reader.get_by_role("button", name="Talk to").click()
    assert until_event(plain_reader, "vaani-error")["code"] == "insecure_context"
    panel = plain_reader.get_by_role("dialog")
    panel.get_by_role("button", name="Type instead").click()
    until_event(plain_reader, "vaani-call-connected")
    until_event(plain_reader, "vaani-transcript", where="detail.role === 'agent' && detail.final")
    panel.get_by_role("textbox", name="Write a message").fill("What are your opening hours?")
    panel.get_by_role("button", name="Send").click()
    until_event(
        plain_reader,
        "vaani-transcript",
        where="detail.role === 'agent' && /nine/i.test(detail.text) && detail.final",
        timeout=60,
    )
    panel.get_by_role("button", name="End call").click()
    assert until_event(plain_reader, "vaani-call-end")["reason"] == "visitor"
