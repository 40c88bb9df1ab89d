"""A network that says nothing, neither yes nor no: whatever is waited for is given up in the end."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.parts.watch import until_event

from .conftest import Site

SILENT = {
    "no answer": "new Promise(() => {})",
    "no body": "Promise.resolve(new Response(new ReadableStream(), { status: 201 }))",
}


@pytest.fixture
def timed(site: Site) -> Site:
    """Time passes when the test says so."""
    site.page.clock.install()
    return site


def first_token_does_not_come(page: Page, answer: str) -> None:
    page.add_init_script(
        f"""{{
          const ask = window.fetch;
          window.silent = 0;
          window.fetch = (url, ...rest) => /token$/.test(url) && !silent++ ? {answer} : ask(url, ...rest);
        }}"""
    )


@pytest.mark.parametrize("answer", SILENT.values(), ids=SILENT)
def test_token_that_does_not_come_is_asked_for_again(timed: Site, answer: str) -> None:
    first_token_does_not_come(timed.page, answer)
    timed.show()
    timed.call(wait=False)
    expect(timed.panel.get_by_role("button", name="Cancel")).to_be_visible()
    assert timed.minted() == []
    timed.page.clock.run_for(10_000)
    until_event(timed.page, "vaani-call-connected")
    assert len(timed.minted()) == 1


@pytest.mark.parametrize("answer", SILENT.values(), ids=SILENT)
def test_next_call_does_not_wait_for_the_last_ones_token(timed: Site, answer: str) -> None:
    first_token_does_not_come(timed.page, answer)
    timed.show()
    timed.call(wait=False)
    expect(timed.panel.get_by_role("button", name="Cancel")).to_be_visible()
    timed.click("Cancel")
    timed.call()
    assert len(timed.started()) == 1


@pytest.mark.parametrize(("chunk", "seconds"), [("livekit", 30), ("en", 20)])
def test_chunk_that_does_not_come_ends_the_call_and_is_asked_for_anew(
    timed: Site, chunk: str, seconds: int
) -> None:
    timed.page.route(f"**/assets/{chunk}-*.js", lambda route: None)
    timed.show()
    with timed.page.expect_request(f"**/assets/{chunk}-*.js"):
        timed.call(wait=False)
    timed.state("connecting")
    timed.page.clock.run_for(seconds * 1000)
    assert until_event(timed.page, "vaani-error") == {"code": "load_failed", "fatal": True}
    expect(timed.failure).to_contain_text("The call could not be loaded")
    assert timed.started() == []
    timed.click("Try again")
    until_event(timed.page, "vaani-call-connected")


def test_call_in_writing_gives_up_the_same(timed: Site) -> None:
    timed.page.route("**/assets/livekit-*.js", lambda route: None)
    timed.show()
    with timed.page.expect_request("**/assets/livekit-*.js"):
        timed.page.evaluate(
            """async () => {
              const widget = document.querySelector('vaani-widget');
              await widget.open();
              widget.startText().catch(() => {});
            }"""
        )
    timed.state("connecting")
    timed.page.clock.run_for(30_000)
    assert until_event(timed.page, "vaani-error") == {"code": "load_failed", "fatal": True}
    assert timed.started() == []
