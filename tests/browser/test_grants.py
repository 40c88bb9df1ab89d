"""A host that knows its visitors, in real Chromium: who is logged in is known in the call, nobody else is.

Only the voice room is played by the test.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string, request, session
from flask import Response as FlaskResponse
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.panel.conftest import ROOM
from tests.parts.pages import PageServer
from tests.parts.serving import serve
from tests.parts.watch import WATCH, events, until_event
from vaani_widget import VaaniWidget, Visitor
from vaani_widget.testing import VaaniTransport, install

GRANT = "/vaani/v1/sites/default/grant"
HOUR = 3600


def says_who(site: str) -> Visitor | None:
    """The host's own words about its session."""
    if "user" not in session:
        return None
    metadata = {"plan": session["plan"]}
    return {"visitor": session["user"], "metadata": metadata, "locked": {"voice_gender": "male"}}


@dataclass
class Host:
    """The host, a visitor's page, what came to the server and what to Vaani."""

    page: Page
    base: str
    app: Flask
    vaani: VaaniTransport
    answers: list[Response] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)
        until_event(self.page, "vaani-ready")

    def log_in(self, plan: str) -> None:
        """As in another tab: the page that is open knows nothing of it."""
        self.page.request.get(f"{self.base}/login/{plan}")

    def log_out(self) -> None:
        self.page.request.get(f"{self.base}/logout")

    def call(self) -> dict[str, Any]:
        """Clicks, is connected, hangs up; returns what Vaani was asked for."""
        self.answers.clear()
        before = len(self.vaani.bodies)
        self.page.evaluate("seen.events.length = 0")
        self.page.get_by_role("button", name="Talk to agent").click()
        until_event(self.page, "vaani-call-connected")
        assert events(self.page, "vaani-error") == []
        self.page.evaluate("document.querySelector('vaani-widget').end()")
        until_event(self.page, "vaani-call-end")
        self.page.evaluate("document.querySelector('vaani-widget').close()")
        (body,) = self.vaani.bodies[before:]
        return body

    @property
    def asked(self) -> list[tuple[str, int]]:
        """What the page asked of the API for its call, and the answers' statuses."""
        names = [(answer.url.rpartition("/")[2], answer.status) for answer in self.answers]
        return [(name, status) for name, status in names if name in ("grant", "token", "calls")]

    def clock_ahead(self, seconds: float) -> None:
        state = self.app.extensions["vaani_widget"]
        state.services = replace(state.services, clock=lambda: time.time() + seconds)

    def change_secret(self) -> None:
        state = self.app.extensions["vaani_widget"]
        settings = replace(state.services.settings, secret_keys=(b"n" * 32,))
        state.services = replace(state.services, settings=settings)


@pytest.fixture
def host(chrome: Browser, tmp_path: Path) -> Iterator[Host]:
    app = Flask("host", instance_path=str(tmp_path / "instance"))
    app.config.update(SECRET_KEY="h" * 32, VAANI_API_KEY="vaani_test", VAANI_AGENT="agent")
    widget = VaaniWidget(app)
    widget.grant_loader(says_who)
    page = "<!doctype html><html lang=en><title>Shop</title><body><h1>Shop</h1>"

    @app.get("/")
    def everybodys() -> str:
        return render_template_string(page + "{{ vaani_widget(voice_gender='female') }}")

    @app.get("/mine")
    def mine() -> str:
        metadata = {"plan": session["plan"]}
        return render_template_string(
            page + "{{ vaani_widget(visitor=session.user, metadata=metadata) }}", metadata=metadata
        )

    @app.get("/login/<plan>")
    def login(plan: str) -> str:
        session.update(user="m-7", plan=plan)
        return "in"

    @app.get("/logout")
    def logout() -> str:
        session.clear()
        return "out"

    vaani = install(app, tmp_path)
    with serve(app) as base:
        context = chrome.new_context()
        context.add_init_script(WATCH)
        context.route(
            "**/assets/livekit-*.js*", lambda route: route.fulfill(body=ROOM, content_type="text/javascript")
        )
        host = Host(context.new_page(), base, app, vaani)
        context.on("response", lambda answer: host.answers.append(answer))
        yield host
        context.close()
    app.extensions["vaani_widget"].services.close()


def test_who_is_logged_in_is_known_in_the_call(host: Host) -> None:
    host.log_in("सोना")
    host.open("/")
    assert host.asked == [], "a page view asks for no grant"
    body = host.call()
    assert body == {"agent_id": "agent", "voice_gender": "male", "metadata": {"plan": "सोना"}}
    assert host.asked == [("grant", 200), ("token", 201), ("calls", 201)]


def test_an_anonymous_visitor_calls_as_nobody(host: Host) -> None:
    host.open("/")
    assert host.call() == {"agent_id": "agent", "voice_gender": "female"}
    assert host.asked == [("grant", 204), ("token", 201), ("calls", 201)]


def test_a_page_that_stays_open_follows_the_session(host: Host) -> None:
    host.open("/")
    assert "metadata" not in host.call()
    host.log_in("gold")
    assert host.call()["metadata"] == {"plan": "gold"}
    host.log_out()
    assert "metadata" not in host.call()


def test_a_grant_that_has_ended_is_renewed_unnoticed(host: Host) -> None:
    host.log_in("free")
    host.open("/mine")
    assert host.call()["metadata"] == {"plan": "free"}
    assert host.asked == [("token", 201), ("calls", 201)], "the page's own grant is good"
    host.log_in("gold")
    host.clock_ahead(2 * HOUR)
    assert host.call() == {"agent_id": "agent", "voice_gender": "male", "metadata": {"plan": "gold"}}
    assert host.asked == [("token", 403), ("grant", 200), ("token", 201), ("calls", 201)]


def test_a_grant_that_has_ended_with_its_session_leaves_a_visitor_anonymous(host: Host) -> None:
    host.log_in("gold")
    host.open("/mine")
    host.log_out()
    host.clock_ahead(2 * HOUR)
    assert host.call() == {"agent_id": "agent"}
    assert host.asked == [("token", 403), ("grant", 204), ("token", 201), ("calls", 201)]


def test_a_grant_of_an_old_secret_is_renewed_unnoticed(host: Host) -> None:
    host.log_in("gold")
    host.open("/mine")
    host.change_secret()
    assert host.call()["metadata"] == {"plan": "gold"}
    assert host.asked == [("token", 403), ("grant", 200), ("token", 201), ("calls", 201)]


def test_a_grant_that_is_still_refused_once_renewed_is_said(host: Host) -> None:
    host.log_in("gold")
    host.open("/mine")
    host.page.route("**" + GRANT, lambda route: route.fulfill(json={"grant": "not.a.grant"}))
    host.page.evaluate("document.querySelector('vaani-widget').grant = 'nor.is.this'")
    host.page.get_by_role("button", name="Talk to agent").click()
    assert until_event(host.page, "vaani-error") == {"code": "grant_invalid", "fatal": True}
    expect(host.page.get_by_role("alert")).to_contain_text("Calls don’t work on this page yet")
    assert host.asked == [("token", 403), ("grant", 200), ("token", 403)]
    assert host.vaani.bodies == []


def test_a_page_of_another_origin_learns_nothing(host: Host) -> None:
    """Its request carries the visitor's cookie: to a browser, another port is the same site."""
    host.log_in("gold")
    host.app._got_first_request = False  # so that a handler can be added
    with PageServer() as elsewhere:
        host.page.goto(elsewhere.add("<!doctype html><title>Elsewhere</title>"))
        came: list[tuple[str, bool, int]] = []

        @host.app.after_request
        def note(answer: FlaskResponse) -> FlaskResponse:
            came.append((request.path, "session" in request.cookies, answer.status_code))
            return answer

        read = """async ([url, mode]) => {
          try {
            const answer = await fetch(url, { credentials: "include", mode });
            return [answer.type, await answer.text()];
          } catch (error) { return error.name; }
        }"""
        assert host.page.evaluate(read, [host.base + GRANT, "cors"]) == "TypeError"
        assert host.page.evaluate(read, [host.base + GRANT, "no-cors"]) == ["opaque", ""]
        assert came == [(GRANT, True, 403)] * 2
