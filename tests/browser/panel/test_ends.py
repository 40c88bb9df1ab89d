"""Each way a call ends, and each way it goes on."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.parts.watch import events, until_event

from .conftest import ROOT, Site


def ended(site: Site) -> dict[str, Any]:
    return until_event(site.page, "vaani-call-end")


@pytest.fixture
def timed(site: Site) -> Site:
    """Time passes when the test says so."""
    site.page.clock.install()
    return site


def test_agent_that_hangs_up(timed: Site) -> None:
    timed.show()
    timed.call()
    timed.on("gone('closed')")
    assert ended(timed)["reason"] == "agent"
    expect(timed.panel).to_contain_text("The assistant has ended the call.")
    assert "error" not in timed.events


def test_agent_that_leaves_has_a_moment_to_return(timed: Site) -> None:
    timed.show()
    timed.call()
    timed.on("agent(false)")
    timed.state("waiting")
    timed.page.clock.fast_forward(3_000)
    timed.agent("speaking")
    timed.page.clock.fast_forward(10_000)
    timed.state("speaking")
    timed.on("agent(false)")
    timed.page.clock.fast_forward(4_500)
    assert ended(timed)["reason"] == "agent"


def test_agent_that_never_comes(timed: Site) -> None:
    timed.show()
    timed.call(agent=None)
    timed.page.clock.fast_forward(19_000)
    timed.state("waiting")
    timed.page.clock.fast_forward(1_500)
    assert ended(timed)["reason"] == "agent_absent"
    assert until_event(timed.page, "vaani-error") == {"code": "agent_absent", "fatal": True}
    assert timed.events[-3:] == ["error", "ended", "call-end"]
    expect(timed.panel).to_contain_text("The assistant did not answer.")
    assert timed.page.evaluate("room.left") == 1
    assert timed.progress()[-1]["reason"] == "agent_absent"


@pytest.mark.parametrize("variant", ["compact", "button"])
def test_the_last_minute_is_said(timed: Site, variant: str) -> None:
    timed.show(variant=variant)
    timed.call(agent="speaking")
    # The further chunk and its words.
    timed.page.wait_for_function(f"() => {ROOT}.querySelector('.time')")
    said = timed.page.locator(".ending")
    told = timed.page.get_by_role("status").filter(has_text="This call ends in one minute.")
    timed.page.clock.fast_forward(530_000)
    timed.state("speaking")
    assert said.count() + told.count() == 0
    timed.page.clock.fast_forward(11_000)
    expect(said).to_be_visible()
    expect(said).to_have_text("This call ends in one minute.")
    expect(told).to_have_count(1)
    timed.click("End call")
    ended(timed)
    assert said.count() == 0


def test_time_limit(timed: Site) -> None:
    timed.show()
    timed.call()
    timed.page.clock.fast_forward(599_000)
    timed.state("listening")
    timed.page.clock.fast_forward(1_500)
    assert ended(timed)["reason"] == "time_limit"
    expect(timed.panel).to_contain_text("The time for this call is up.")


def test_network_that_returns(timed: Site) -> None:
    timed.show()
    timed.call()
    timed.on("reconnecting(true)")
    timed.state("reconnecting")
    # What is heard of the agent meanwhile is the network's doing.
    timed.on("agent(false)")
    timed.page.clock.fast_forward(20_000)
    timed.on("reconnecting(false)")
    timed.on("agent(true)")
    timed.state("listening")
    timed.page.clock.fast_forward(60_000)
    timed.state("listening")


def test_network_that_does_not_return(timed: Site) -> None:
    timed.show()
    timed.call()
    timed.on("reconnecting(true)")
    timed.page.clock.fast_forward(31_000)
    assert ended(timed)["reason"] == "network"
    assert until_event(timed.page, "vaani-error") == {"code": "network_lost", "fatal": True}
    expect(timed.panel).to_contain_text("Your connection was lost.")


def test_browser_that_goes_offline_says_so_at_once(site: Site) -> None:
    site.show()
    site.call()
    site.page.context.set_offline(True)
    site.state("reconnecting")
    site.page.context.set_offline(False)
    site.state("listening")


def test_room_that_is_lost(site: Site) -> None:
    site.show()
    site.call()
    site.on("gone('network')")
    assert ended(site)["reason"] == "network"


def test_page_that_is_left(site: Site) -> None:
    site.show()
    site.call()
    with site.page.expect_request(lambda request: "page_left" in (request.post_data or "")):
        site.page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert ended(site)["reason"] == "page_left"
    assert site.page.evaluate("room.left") == 1
    # As it is found when the browser brings the page back.
    expect(site.panel).to_contain_text("The call ended when you left the page.")


@pytest.mark.parametrize("link", ["mailto:tea@shop.test", "tel:+123"])
def test_a_click_on_mail_or_telephone_ends_nothing(site: Site, link: str) -> None:
    site.show(f'<a href="{link}">Reach us</a>')
    site.call()
    site.page.get_by_role("link", name="Reach us").click()
    site.page.evaluate("() => dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    site.say("agent", "Still here")
    until_event(site.page, "vaani-transcript")
    assert "ended" not in site.events


def test_an_end_while_small_is_shown(site: Site) -> None:
    site.show()
    site.call()
    site.click("Make small, keep the call")
    site.on("gone('closed')")
    expect(site.panel).to_contain_text("The assistant has ended the call.")


def test_call_again_starts_anew(site: Site) -> None:
    site.show()
    site.call()
    site.say("agent", "First call")
    site.click("End call")
    site.click("Call again")
    site.page.wait_for_function(
        "seen.events.filter(({ name }) => name === 'vaani-call-connected').length === 2"
    )
    expect(site.panel).not_to_contain_text("First call")
    first, second = [event["detail"]["callId"] for event in events(site.page, "vaani-call-connected")]
    assert first != second
    assert len({request.post_data for request in site.started()}) == 2


def test_element_that_goes_keeps_its_call(site: Site) -> None:
    site.show(
        '<div id="box"><vaani-widget site="shop" position="inline" variant="compact"></vaani-widget></div>'
    )
    site.call()
    bar = site.page.locator("vaani-widget [part=bar]")
    site.page.evaluate("() => document.querySelector('#box').replaceChildren()")
    site.page.wait_for_function("document.querySelector('html > vaani-widget')")
    # It goes on in a small bar: what the visitor is at now is another page.
    expect(bar).to_be_visible()
    expect(site.panel).to_have_count(0)
    assert [event["name"] for event in events(site.page)][-1] == "vaani-close"
    assert bar.evaluate("bar => getComputedStyle(bar.closest('.box')).position") == "fixed"
    site.say("agent", "Still here")

    # An equal element takes it in, and the page is as its author wrote it.
    site.page.evaluate(
        "() => { document.querySelector('#box').innerHTML"
        " = '<vaani-widget site=shop position=inline variant=compact></vaani-widget>'; }"
    )
    expect(site.page.locator("#box [part=bar]")).to_be_visible()
    bar.get_by_role("button", name="Show the call").click()
    expect(site.panel).to_contain_text("Still here")
    assert site.page.locator("html > vaani-widget").count() == 0
    assert site.page.locator("vaani-widget").count() == 1
    site.click("End call")
    assert ended(site)["reason"] == "visitor"


def test_element_that_is_moved_keeps_its_call(site: Site) -> None:
    site.show(
        '<div id="box"><vaani-widget site="shop" position="inline" variant="compact"></vaani-widget></div>'
    )
    site.call()
    site.page.evaluate("() => document.body.prepend(document.querySelector('vaani-widget'))")
    site.page.evaluate("() => new Promise((done) => setTimeout(done))")
    assert site.page.evaluate("document.querySelector('vaani-widget').parentNode.localName") == "body"
    site.say("agent", "Still here")
    expect(site.panel).to_contain_text("Still here")


def test_floating_element_goes_with_its_call(site: Site) -> None:
    site.show('<div id="box"><vaani-widget site="shop" variant="compact"></vaani-widget></div>')
    site.call()
    site.page.evaluate("() => document.querySelector('#box').remove()")
    site.page.wait_for_function("document.querySelector('html > vaani-widget')")
    site.click("End call")
    expect(site.page.locator("vaani-widget")).to_have_count(0)
