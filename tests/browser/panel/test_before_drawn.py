"""A call begins before its panel is drawn. What happens in between is neither lost nor undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.parts.watch import events, until_event

from .conftest import ROOT, Site

WIDGET = "document.querySelector('vaani-widget')"


@pytest.fixture(autouse=True)
def panel_that_has_come(site: Site) -> None:
    """Fetched, and closed again."""
    site.show(variant="button")
    site.page.evaluate(f"async () => {{ await {WIDGET}.open(); await {WIDGET}.close(); }}")


def test_a_call_whose_element_is_taken_away_can_be_ended(site: Site) -> None:
    site.page.evaluate(f"""() => {{
        const widget = {WIDGET};
        widget.addEventListener("vaani-call-start", () => widget.remove());
        widget.shadowRoot.querySelector("[part~=button]").click();
    }}""")
    end = site.page.get_by_role("button", name="End call")
    expect(end).to_be_visible()
    end.click()
    site.page.wait_for_function("room.left === 1")


def test_a_card_that_was_opened_stays_open(site: Site) -> None:
    site.page.evaluate(f"""() => {{
        const widget = {WIDGET};
        widget.addEventListener("vaani-call-start", () => widget.open());
        widget.shadowRoot.querySelector("[part~=button]").click();
    }}""")
    until_event(site.page, "vaani-call-connected")
    expect(site.panel.get_by_role("button", name="End call")).to_be_visible()
    site.agent("listening")
    site.settle()
    expect(site.panel).to_be_visible()
    assert len(events(site.page, "vaani-close")) == 1  # the fixture's


def test_a_call_again_shows_no_launcher_beside_the_card(site: Site) -> None:
    site.click("Talk to agent")
    until_event(site.page, "vaani-call-connected")
    site.page.evaluate(f"{WIDGET}.open()")
    site.click("End call")
    site.state("ended")
    site.page.evaluate(f"""() => {{
        const launcher = {ROOT}.querySelector("[part~=button]");
        globalThis.shown = 0;
        const look = () => {{
            shown += launcher.offsetHeight > 0;
            requestAnimationFrame(look);
        }};
        look();
    }}""")
    shown = site.page.evaluate("shown")
    site.panel.get_by_role("button", name="Call again").click()
    site.page.wait_for_function(
        "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 2"
    )
    assert site.page.evaluate("shown") == shown


def test_a_call_that_fails_leaves_its_button_ready_where_another_ones_call_begins(site: Site) -> None:
    """Two elements: what failed was not drawn when the next was asked for."""
    site.show(
        "<vaani-widget id=first></vaani-widget><vaani-widget id=second position=top-left></vaani-widget>"
    )
    site.page.evaluate("""async () => {
        await first.open();
        await first.close();
        const ask = navigator.mediaDevices.getUserMedia;
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotFoundError"));
        await first.start().catch(() => {});
        navigator.mediaDevices.getUserMedia = ask;
        second.start();
    }""")
    until_event(site.page, "vaani-call-connected")
    assert [event["detail"]["code"] for event in events(site.page, "vaani-error")] == ["mic_missing"]
    first, second = site.page.locator("#first"), site.page.locator("#second")
    expect(second.get_by_role("button", name="End call")).to_be_visible()
    expect(first.get_by_role("button", name="Talk to agent")).to_be_visible()
    expect(first.get_by_role("button", name="Talk to agent")).to_have_attribute("aria-busy", "false")
    expect(first.locator("[part~=bar], [part~=panel]")).to_have_count(0)
    second.get_by_role("button", name="End call").click()
    until_event(site.page, "vaani-call-end", where="detail.reason === 'visitor'")
    first.get_by_role("button", name="Talk to agent").click()
    expect(first.get_by_role("button", name="End call")).to_be_visible()
