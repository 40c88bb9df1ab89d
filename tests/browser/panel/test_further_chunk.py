"""When the chunk `more` is fetched: not while a voice is on its way, which needs what the machine has."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Site

FETCHED = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/assets/more-'))"


def test_once_the_agent_speaks(site: Site) -> None:
    page = site.page
    page.clock.install()
    site.show()
    # The time of the call stands still, so it can't be why.
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.evaluate("void document.querySelector('vaani-widget').start()")
    while "call-connected" not in site.events:
        page.clock.run_for(1)
    site.agent("listening")
    assert site.events[-1] == "listening"
    page.clock.run_for(900)
    expect(site.panel).to_be_visible()
    assert not [request for request in site.requests if "/assets/more" in request.url]
    with page.expect_response("**/assets/more-*"):
        site.agent("speaking")


def test_after_a_second_where_it_says_nothing(site: Site) -> None:
    site.show()
    site.call(agent="listening")
    site.page.wait_for_function(FETCHED)
    connected = "seen.events.find(({ name }) => name === 'vaani-call-connected').at"
    assert site.page.evaluate(f"performance.now() - {connected}") >= 1000


def test_at_once_in_writing(site: Site) -> None:
    site.page.clock.install()
    site.show()
    with site.page.expect_response("**/assets/more-*"):
        site.page.evaluate("void document.querySelector('vaani-widget').startText()")
