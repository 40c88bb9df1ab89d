"""The screen stays on while a call runs: Chromium's own wake locks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from .conftest import Site

LOCKS = """
window.locks = [];
window.asked = 0;
const request = WakeLock.prototype.request;
WakeLock.prototype.request = async function (kind) {
  asked++;
  const lock = await request.call(this, kind);
  locks.push(lock);
  return lock;
};
// A tab behind another, as far as the page can tell: no such tab is hidden while a test drives it.
window.look = async (away) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
  if (away) await Promise.all(locks.map((lock) => lock.release()));
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
HELD = "locks.filter(({ released }) => !released).length"


@pytest.fixture
def calling(open_site: Callable[..., Site], whole_chrome: Browser) -> Site:
    site = open_site(browser=whole_chrome)
    site.page.add_init_script(LOCKS)
    site.show()
    site.call()
    site.page.wait_for_function(f"{HELD} === 1")
    return site


def test_one_lock_is_held_from_one_end_of_a_call_to_the_other(calling: Site) -> None:
    assert calling.page.evaluate("locks[0].type") == "screen"
    for state in ("thinking", "speaking", "listening"):
        calling.agent(state)
        calling.state(state)
    calling.on("reconnecting(true)")
    calling.state("reconnecting")
    calling.on("reconnecting(false)")
    calling.state("listening")
    calling.click("Make small, keep the call")
    # no turn of the talk, and no loss of the network, takes a new one
    assert calling.page.evaluate("[locks.length, locks[0].released]") == [1, False]
    calling.page.locator("vaani-widget").get_by_role("button", name="End call").click()
    calling.state("idle")
    calling.page.wait_for_function(f"{HELD} === 0")


def test_it_is_taken_again_by_who_returns(calling: Site) -> None:
    calling.page.evaluate("look(true)")
    assert calling.page.evaluate(HELD) == 0
    # away, none is to be had
    calling.agent("speaking")
    calling.state("speaking")
    assert calling.page.evaluate("locks.length") == 1
    calling.page.evaluate("look(false)")
    calling.page.wait_for_function(f"locks.length === 2 && {HELD} === 1")
    calling.click("End call")
    calling.page.wait_for_function(f"{HELD} === 0")
    calling.page.evaluate("look(false)")
    assert calling.page.evaluate("locks.length") == 2


def test_without_a_call_none_is_held(site: Site) -> None:
    site.page.add_init_script(LOCKS)
    site.show()
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    # what could take one has come
    site.panel.get_by_role("button", name="Type instead").wait_for()
    site.page.evaluate("look(false)")
    assert site.page.evaluate("asked") == 0
