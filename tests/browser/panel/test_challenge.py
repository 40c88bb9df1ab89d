"""A challenge is solved while the microphone's prompt is answered, and the page feels nothing of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Route, expect

from tests.parts.pages import PageServer
from tests.parts.reservations import reservation
from tests.parts.watch import events, until_event
from vaani_widget import challenges_altcha
from vaani_widget.tokens import SiteToken
from vaani_widget.web.bundle import bundle

from .conftest import Site, serving
from .test_failures import TEXTS

BLOCKED_AT_MOST = 8
"""Milliseconds."""

SLICES = """
async ([module, challenges]) => {
  let begun, longest;
  const begin = () => { begun = performance.now(); };
  const end = () => { longest = Math.max(longest, performance.now() - begun); };
  const { subtle } = crypto;
  for (const name of ["importKey", "deriveBits"]) {
    const real = subtle[name];
    subtle[name] = (...given) => {
      const promise = real.apply(subtle, given);
      end();
      return promise.then((value) => { begin(); return value; });
    };
  }
  const later = setTimeout;
  window.setTimeout = (work, ...given) => { end(); return later(() => { begin(); work(); }, ...given); };

  const { solve } = await import(module);
  const slices = [];
  const solutions = [];
  for (const challenge of challenges) {
    longest = 0;
    begin();
    solutions.push(await solve(challenge, new AbortController().signal));
    end();
    slices.push(longest);
  }
  return { slices, solutions };
}
"""
"""The longest time that the solver kept the page's thread to itself, for each challenge: from the start, or
from the browser's answer, to its next question or its own answer. It waits for WebCrypto and timers only."""


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[PageServer, Flask, str]]:
    """Four calls a day: a challenge is due from the third on."""
    limits = {"visitor": "10000/day", "site": "4/day", "running": 10_000}
    with serving(limits=limits) as served:
        yield served


@pytest.fixture
def spend(open_site: Callable[..., Site], shop: tuple[PageServer, Flask, str]) -> Callable[[], None]:
    """Half of the day goes to others. (After ``open_site``, which makes the test's ledger.)"""

    def spend_() -> None:
        services = shop[1].extensions["vaani_widget"].services
        for number in range(2):
            services.ledger.reserve(reservation(f"call {number}", f"token {number}", site="shop"))

    return spend_


def sent(site: Site) -> list[dict[str, Any]]:
    return [json.loads(request.post_data or "") for request in site.started()]


def solvers(site: Site) -> list[str]:
    return [request.url for request in site.requests if "/assets/altcha-" in request.url]


def test_none_is_fetched_or_solved_before_one_is_due(site: Site) -> None:
    site.show()
    site.call()
    assert solvers(site) == []
    assert "challenge_solution" not in sent(site)[0]


def test_one_that_comes_with_the_token(site: Site, spend: Callable[[], None]) -> None:
    spend()
    site.show()
    site.call()
    (body,) = sent(site)
    assert body["challenge_solution"]
    assert len(solvers(site)) == 1
    assert len(site.minted()) == 1
    assert len(site.vaani.bodies) == 1
    assert events(site.page, "vaani-error") == []


def test_it_is_solved_while_the_microphone_is_asked_for(site: Site, spend: Callable[[], None]) -> None:
    spend()
    site.page.add_init_script("""
      navigator.mediaDevices.getUserMedia = () => new Promise((resolve, reject) => {
        window.deny = () => reject(new DOMException("", "NotAllowedError"));
      });
      window.attempts = 0;
      const derive = crypto.subtle.deriveBits;
      crypto.subtle.deriveBits = function (...given) { attempts++; return derive.apply(this, given); };
    """)
    site.show()
    site.call(wait=False)
    expect(site.panel).to_contain_text(TEXTS["ask_hint"])
    site.page.wait_for_function("attempts > 0")
    site.page.evaluate("deny()")
    expect(site.failure).to_contain_text(TEXTS["mic_denied"])
    assert site.started() == []


def test_one_that_is_due_only_at_the_start(site: Site, spend: Callable[[], None]) -> None:
    """Others were quicker: the same token is good for the second attempt."""
    site.show()
    with site.page.expect_response("**/token"):
        site.page.get_by_role("button", name="Talk to agent").dispatch_event("pointerdown")
    spend()
    site.call()
    first, second = sent(site)
    assert "challenge_solution" not in first
    assert second["challenge_solution"]
    assert first["site_token"] == second["site_token"]
    assert len(site.minted()) == 1
    assert len(site.vaani.bodies) == 1
    assert events(site.page, "vaani-error") == []


def test_a_solution_that_is_refused_is_followed_by_one_other(site: Site, spend: Callable[[], None]) -> None:
    spend()
    site.show()
    failed = (403, {"code": "challenge_failed", "spent": "no"})
    site.answer(failed)
    site.call()
    first, second = sent(site)
    assert first["site_token"] != second["site_token"]
    assert first["challenge_solution"] != second["challenge_solution"]
    assert len(site.vaani.bodies) == 1

    site.show()
    site.page.unroute("**/v1/calls")
    site.answer(failed, failed)
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["unsolved"])
    expect(site.failure).to_contain_text(TEXTS["unsolved_help"])
    expect(site.panel.get_by_role("button", name="Try again")).to_be_visible()
    assert until_event(site.page, "vaani-error") == {"code": "challenge_failed", "fatal": True}
    assert len(site.vaani.bodies) == 1


def test_a_solver_that_does_not_come(site: Site, spend: Callable[[], None]) -> None:
    spend()
    site.page.route("**/assets/altcha-*", lambda route: route.abort())
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["load_failed"])
    assert site.started() == []
    site.page.unroute("**/assets/altcha-*")
    site.click("Try again")
    until_event(site.page, "vaani-call-connected")


def test_hanging_up_stops_the_work(site: Site, spend: Callable[[], None]) -> None:
    spend()
    site.page.add_init_script("""
      window.attempts = 0;
      // never the right one, so that it would go on and on
      crypto.subtle.deriveBits = async () => {
        attempts++;
        await new Promise((resolve) => setTimeout(resolve));
        return new ArrayBuffer(32);
      };
    """)
    site.show()
    site.call(wait=False)
    site.page.wait_for_function("attempts > 3")
    site.click("Cancel")
    expect(site.panel).to_have_count(0)
    after = site.page.evaluate("() => new Promise(done => setTimeout(() => done(attempts), 50))")
    assert site.page.evaluate("() => new Promise(done => setTimeout(() => done(attempts), 100))") - after <= 1
    assert site.started() == []


RIDDLE = {"kind": "riddle", "question": "What has keys and opens no door?"}


def riddle(route: Route) -> None:
    """As a server would answer whose owner has plugged in another challenge."""
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "challenge": RIDDLE})


def test_one_of_another_kind_is_the_pages(site: Site) -> None:
    site.page.route("**/token", riddle)
    site.show()
    site.page.evaluate("""() => addEventListener("vaani-challenge", ({ detail, target }) => {
        window.got = [detail.challenge, target.localName];
        detail.waitUntil(new Promise((resolve) => setTimeout(resolve, 20, "a piano")));
    })""")
    site.call()
    assert site.page.evaluate("got") == [RIDDLE, "vaani-widget"]
    assert [body["challenge_solution"] for body in sent(site)] == ["a piano"]
    assert solvers(site) == []


@pytest.mark.parametrize(
    "listener", ["", "detail.waitUntil(Promise.reject(new Error('gave up')))", "detail.waitUntil(7)"]
)
def test_one_that_the_page_does_not_solve_is_said(site: Site, listener: str) -> None:
    site.page.route("**/token", riddle)
    said: list[str] = []
    site.page.on("console", lambda message: said.append(message.text))
    site.show()
    if listener:
        site.page.evaluate(f"() => addEventListener('vaani-challenge', ({{ detail }}) => {{ {listener} }})")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["unsolved"])
    assert site.started() == []
    assert site.vaani.bodies == []
    assert any("vaani-challenge" in text for text in said) or "7" in listener


def test_on_a_strict_page(site: Site, spend: Callable[[], None]) -> None:
    spend()
    policy = (
        f"default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; connect-src {site.server}; "
        "require-trusted-types-for 'script'; media-src blob: mediastream:"
    )
    source = f"{site.server}/vaani/widget.js"
    script = f'<script nonce="abc" async src="{source}" data-site="shop" data-variant="compact"></script>'
    page = f'<!doctype html><html lang="en"><title>Shop</title><body>{script}'
    site.page.goto(site.pages.add(page, {"Content-Security-Policy": policy}))
    until_event(site.page, "vaani-ready")
    site.call()
    assert sent(site)[0]["challenge_solution"]
    assert site.page.evaluate("seen.violations") == []


def test_solving_holds_up_nobody_for_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """How late the page's own messages to itself come would tell more of what else this machine does. So what
    is measured is the solver's own steps. One of them is rarely interrupted, and not in most solutions: the
    median of some counts. A solver that blocks in half of them is over it.
    """
    monkeypatch.setattr(challenges_altcha.secrets, "randbelow", lambda most: most // 4)
    now = int(time.time())
    token = SiteToken(
        jti="ab" * 16, site="shop", origin=site.pages.origin, agent="a", issued_at=now, expires_at=now + 120
    )
    proof = challenges_altcha.Altcha(lambda: (b"k" * 32,))
    challenges = [dict(proof.issue(token)) for _ in range(7)]
    module = f"{site.server}/vaani/assets/{bundle().chunks['altcha']}"
    site.page.goto(site.pages.add("<!doctype html><title>Nothing</title>"))
    done = site.page.evaluate(SLICES, [module, challenges])
    assert all(proof.solved(token, solution) for solution in done["solutions"])
    assert 0 < median(done["slices"]) <= BLOCKED_AT_MOST, done["slices"]
