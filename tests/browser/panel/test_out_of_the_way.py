"""What of the widget is on a page that did not ask for a button, or whose visitor wants none."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.parts.watch import until_event

from .conftest import Site

HIDE = "Hide the call button"


def test_a_trigger_without_a_widget_calls_in_a_bar(site: Site) -> None:
    site.show('<button data-vaani-call="shop">Ring</button>')
    site.page.evaluate("document.querySelector('vaani-widget').remove()")
    site.page.get_by_text("Ring").click()
    until_event(site.page, "vaani-call-connected")
    launcher = site.page.locator("vaani-widget [part=button]")
    end = site.page.get_by_role("button", name="End call")
    expect(end).to_be_visible()
    end.click()
    until_event(site.page, "vaani-call-end")
    expect(end).to_have_count(0)
    expect(launcher).to_be_hidden()
    # nothing is left behind that a second call would add to
    site.page.get_by_text("Ring").click()
    expect(end).to_be_visible()
    expect(site.page.locator("vaani-widget")).to_have_count(1)


def test_the_button_is_hidden_from_the_card(site: Site) -> None:
    site.show()
    launcher = site.page.get_by_role("button", name="Talk to agent", exact=True)
    site.call()
    site.click("End call")
    site.click(HIDE)
    expect(site.panel).to_have_count(0)
    expect(launcher).to_be_hidden()
    until_event(site.page, "vaani-close")
    # the page can still call
    site.page.evaluate("void document.querySelector('vaani-widget').start()")
    site.page.wait_for_function(
        "seen.events.filter(event => event.name === 'vaani-call-connected').length === 2"
    )
    expect(site.panel).to_be_visible()


def test_a_button_in_the_page_or_none_has_nothing_to_hide(site: Site) -> None:
    for look in ({"position": "inline"}, {"variant": "none"}):
        site.show(**look)
        site.page.evaluate("document.querySelector('vaani-widget').open()")
        expect(site.panel.get_by_role("button", name="Type instead")).to_be_visible()
        expect(site.panel.get_by_role("button", name=HIDE)).to_have_count(0)


def test_an_owner_may_leave_it_out(site: Site) -> None:
    site.show(texts='{"en": {"hide_button": ""}}')
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(site.panel.get_by_role("button", name="Type instead")).to_be_visible()
    expect(site.panel.get_by_role("button", name=HIDE)).to_have_count(0)
