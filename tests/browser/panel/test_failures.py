"""What can't be: a sentence for it, what to do next, and nothing spent that need not be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.parts.watch import events, until_event
from vaani_widget.errors import REFUSALS

from .conftest import Site

SOURCES = Path(__file__).parents[3] / "widget_static"
TEXTS = {
    **json.loads((SOURCES / "locales/en.json").read_text()),
    **json.loads((SOURCES / "locales/more/en.json").read_text()),
}


def test_a_denied_microphone_costs_nothing(open_site: Callable[..., Site]) -> None:
    site = open_site(microphone=False)
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["mic_denied"])
    expect(site.failure).to_contain_text("Then choose “Try again” here.")
    assert until_event(site.page, "vaani-error") == {"code": "mic_denied", "fatal": True}
    ended = until_event(site.page, "vaani-call-end")
    assert ended == {"callId": None, "reason": "error", "durationSeconds": 0}
    assert site.events[-3:] == ["error", "failed", "call-end"]

    site.click("Try again")
    site.page.wait_for_function("seen.events.filter(({ name }) => name === 'vaani-call-end').length === 2")
    assert site.started() == []
    assert site.vaani.bodies == []


@pytest.mark.parametrize(
    ("name", "message", "code"),
    [
        ("NotAllowedError", "Permission denied", "mic_denied"),
        ("NotAllowedError", "Permission dismissed", "mic_denied"),
        ("NotAllowedError", "Permission denied by system", "mic_blocked"),
        ("SecurityError", "", "mic_blocked"),
        ("NotFoundError", "Requested device not found", "mic_missing"),
        ("OverconstrainedError", "", "mic_missing"),
        ("NotReadableError", "Could not start audio source", "mic_busy"),
        ("AbortError", "Starting audio failed", "mic_busy"),
    ],
)
def test_what_the_browser_says_of_the_microphone(site: Site, name: str, message: str, code: str) -> None:
    site.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => "
        f"Promise.reject(new DOMException({json.dumps(message)}, {json.dumps(name)}));"
    )
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS[code])
    if code != "mic_denied":  # there the way in this browser is shown
        expect(site.failure).to_contain_text(TEXTS[f"{code}_help"])
    assert until_event(site.page, "vaani-error")["code"] == code
    assert site.started() == []


def test_a_page_whose_policy_forbids_the_microphone(open_site: Callable[..., Site]) -> None:
    site = open_site()
    site.show(headers={"Permissions-Policy": "microphone=()"})
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["mic_blocked"])


def test_a_token_that_has_aged_is_renewed_unseen(site: Site) -> None:
    site.show()
    site.answer((401, {"code": "token_expired", "retryable": True, "spent": "no"}))
    site.call()
    assert "error" not in site.events
    first, second = [json.loads(request.post_data or "")["site_token"] for request in site.started()]
    assert first != second
    assert len(site.vaani.bodies) == 1


def test_a_token_that_stays_stale_is_said(site: Site) -> None:
    site.show()
    stale = (401, {"code": "token_invalid", "spent": "no"})
    site.answer(stale, stale, stale, stale)
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["stale"])
    assert len(site.started()) == 2


def test_a_spent_token_is_followed_by_no_other_unless_the_visitor_says_so(site: Site) -> None:
    site.show()
    site.answer((409, {"code": "token_spent", "spent": "no"}))
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["token_spent"])
    assert len(site.started()) == 1
    site.click("Try again")
    until_event(site.page, "vaani-call-connected")
    first, second = [json.loads(request.post_data or "")["site_token"] for request in site.started()]
    assert first != second


def test_a_lost_answer_is_followed_by_no_other_unless_the_visitor_says_so(site: Site) -> None:
    lose = [True]

    def lost(route: Route) -> None:
        if lose.pop() if lose else False:
            route.fetch()  # it arrives, and costs money
            route.abort("connectionreset")
        else:
            route.fallback()

    site.page.route("**/v1/calls", lost)
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["network_lost"])
    assert until_event(site.page, "vaani-error") == {"code": "network_lost", "fatal": True}
    assert len(site.vaani.bodies) == 1
    site.click("Try again")
    until_event(site.page, "vaani-call-connected")
    assert len(site.vaani.bodies) == 2


def test_an_answer_of_somebody_else_is_a_lost_one(site: Site) -> None:
    site.page.route("**/v1/calls", lambda route: route.fulfill(
        status=502, headers={"Access-Control-Allow-Origin": "*"}, body="<h1>Bad Gateway</h1>"
    ))  # fmt: skip
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["network_lost"])
    assert len(site.started()) == 1


def test_nothing_is_spent_before_the_call_s_code_is_there(site: Site) -> None:
    held: list[Route] = []
    site.page.route("**/assets/livekit-*.js*", lambda route: held.append(route))
    site.show()
    site.call(wait=False)
    until_event(site.page, "vaani-state", where="detail.state === 'connecting'")
    expect(site.panel).to_contain_text("Connecting…")
    assert site.started() == []
    held.pop().abort()
    expect(site.failure).to_contain_text(TEXTS["load_failed"])
    assert until_event(site.page, "vaani-error")["code"] == "load_failed"
    assert site.started() == []

    site.page.unroute("**/assets/livekit-*.js*")
    site.click("Try again")
    until_event(site.page, "vaani-call-connected")
    assert len(site.started()) == 1


def test_texts_that_do_not_come_are_said_in_english(site: Site) -> None:
    site.page.route(re.compile(r"/assets/hi-[^/]+\.js"), lambda route: route.abort())
    site.show(locale="hi")
    site.page.locator("vaani-widget").get_by_role("button").click()
    expect(site.failure).to_contain_text("The call could not be loaded")
    expect(site.panel.get_by_role("button", name="Try again")).to_be_visible()
    assert site.started() == []


def test_a_room_that_can_t_be_joined(site: Site) -> None:
    site.show()
    site.page.evaluate("() => { window.roomOpens = Promise.reject(new Error('no way')); }")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["network_lost"])
    assert site.events[-3:] == ["error", "failed", "call-end"]
    assert [sent["event"] for sent in site.progress()] == ["ended"]


EVENING = {
    "en-US": {
        "45": "in 45 seconds", "240": "in 4 minutes", "3000": "at 8:50 PM", "41234": "tomorrow at 7:30 AM",
    },
    "hi": {"240": "4 मिनट में", "41234": "कल 7:30 am बजे"},
    "bn": {"3000": "৮:৫০ PM-এ"},
    "ta": {"41234": "நாளை 7:30 AM மணிக்கு"},
    "ur": {"3000": "8:50 PM بجے", "41234": "کل 7:30 AM بجے"},
    "es": {"3000": "a las 20:50", "41234": "mañana a las 7:30"},
}  # fmt: skip
"""What visitors read at eight in the evening who have to wait for so many seconds."""


@pytest.mark.parametrize("language", EVENING)
def test_when_to_come_back(open_site: Callable[..., Site], language: str) -> None:
    site = open_site(locale=language, timezone_id="Asia/Kolkata")
    site.page.clock.set_fixed_time("2026-03-02T20:00:00+05:30")
    for (seconds, words), code in zip(
        EVENING[language].items(), ["rate_limited", "site_busy", "rate_limited", "budget_spent"], strict=False
    ):
        site.show(html="<script>document.documentElement.removeAttribute('lang')</script>")
        problem = {"code": code, "retryable": True, "retry_after": int(seconds), "spent": "no"}
        site.answer((429, problem))
        site.page.locator("vaani-widget").get_by_role("button").click()
        expect(site.failure).to_contain_text(words, use_inner_text=False)
        # who has to wait for long is not asked to try again at once
        expect(site.panel.locator(".primary")).to_have_count(int(int(seconds) < 600))
        site.page.unroute("**/v1/calls")


def codes() -> list[str]:
    """Every code of the server's, every one of the browser's, and one that nobody knows yet."""
    types = (SOURCES / "src/types.ts").read_text()
    browser = re.search(r"type BrowserCode =(.*?);", types, re.DOTALL)
    assert browser
    return [*REFUSALS, *re.findall(r'"(\w+)"', browser[1]), "code_of_tomorrow"]


def test_every_code_has_a_sentence_and_a_next_step(site: Site) -> None:
    site.show(fallback_url="tel:+49123")
    unknown = TEXTS["unknown"]
    for code in codes():
        site.answer(*[(400, {"code": code, "spent": "no"})] * 2)
        site.page.evaluate(
            "() => { seen.events.length = 0;"
            " document.querySelector('vaani-widget').start().catch(() => {}); }"
        )
        until_event(site.page, "vaani-call-end")
        expect(site.failure).to_be_visible()
        title = site.failure.get_by_role("heading").inner_text()
        help_ = site.failure.locator("p, ol").inner_text()
        assert title, code
        assert len(help_) > 20, code
        assert code not in title + help_
        if code not in ("internal_error", "code_of_tomorrow", "autoplay_blocked"):
            assert title != unknown, code
        expect(site.panel.get_by_role("link", name="Reach us another way")).to_have_attribute(
            "href", "tel:+49123"
        )
        site.page.unroute("**/v1/calls")
        site.panel.get_by_role("button", name="Close").first.click()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "blob:x", ""])
def test_a_fallback_that_is_no_address_is_left_out(open_site: Callable[..., Site], url: str) -> None:
    site = open_site(microphone=False)
    site.show(fallback_url=url)
    site.call(wait=False)
    expect(site.failure).to_be_visible()
    expect(site.panel.get_by_role("link")).to_have_count(0)


def test_a_page_that_is_not_secure_is_told_before_anything_is_asked(site: Site) -> None:
    def plain(route: Route) -> None:
        path = route.request.url.removeprefix("http://shop.test")
        if path.startswith("/vaani/"):
            route.fulfill(response=route.fetch(url=site.server + path))
        else:
            script = '<script src="/vaani/widget.js" data-site="shop"></script>'
            route.fulfill(content_type="text/html", body=f"<!doctype html><title>Shop</title>{script}")

    site.page.route("http://shop.test/**", plain)
    site.page.goto("http://shop.test/")
    until_event(site.page, "vaani-ready")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["insecure_context"])
    expect(site.failure).to_contain_text("https://")
    expect(site.panel.get_by_role("button", name="Try again")).to_have_count(0)
    assert until_event(site.page, "vaani-error")["code"] == "insecure_context"
    assert site.minted() == []
    assert site.started() == []


def test_a_browser_without_calls_is_told(site: Site) -> None:
    site.page.add_init_script("delete window.RTCPeerConnection;")
    site.show(fallback_url="mailto:tea@shop.test")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["unsupported"])
    assert site.minted() == []


def test_a_listener_that_says_no_stops_the_call_quietly(site: Site) -> None:
    site.show()
    site.page.evaluate(
        "() => addEventListener('vaani-before-call',"
        " ({ detail }) => detail.waitUntil(Promise.reject(new Error())))"
    )
    site.call(wait=False)
    until_event(site.page, "vaani-call-end")
    expect(site.page.get_by_role("button", name="Talk to agent")).to_be_visible()
    assert site.started() == []
    assert events(site.page, "vaani-error") == []


def test_what_listeners_add_goes_along(site: Site) -> None:
    site.show()
    site.page.evaluate("""() => {
        addEventListener("vaani-before-call", (event) =>
          event.detail.waitUntil(Promise.resolve({ metadata: { plan: "gold" } })));
    }""")
    site.call()
    body: dict[str, Any] = json.loads(site.started()[0].post_data or "")
    assert body["metadata"] == {"plan": "gold"}
    assert site.started()[0].headers["content-type"].startswith("text/plain")
    assert "cookie" not in site.started()[0].all_headers()
