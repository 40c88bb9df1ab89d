"""With what a site token is asked for, and when anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browser.clicking import NEVER, until_warm
from tests.browser.conftest import Window
from tests.parts.watch import events, until_event


def test_body_of_the_mint(window: Window) -> None:
    window.show(window.tag(site="shop", agent="agent", grant="not a grant"))
    window.ready()
    with window.page.expect_response("**/token") as answer:
        window.launcher.dispatch_event("pointerdown")
    request = answer.value.request
    assert json.loads(request.post_data or "") == {"agent": "agent", "grant": "not a grant"}
    # text/plain needs no preflight
    assert request.headers["content-type"] == "text/plain;charset=UTF-8"
    assert "cookie" not in request.all_headers()
    assert not [request for request in window.requests if request.method == "OPTIONS"]


def test_refused_mint_is_told_at_the_click(window: Window) -> None:
    window.show(window.tag(site="closed"))
    window.ready()
    with window.page.expect_response("**/token") as answer:
        window.launcher.dispatch_event("pointerdown")
    assert answer.value.status == 503
    assert events(window.page, "vaani-error") == []
    window.launcher.click()
    assert until_event(window.page, "vaani-error")["code"] == "site_disabled"
    assert len(window.asked("/token")) == 1


def test_attribute_changed_after_pointing_is_minted_anew(window: Window) -> None:
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.dispatch_event("pointerdown")
    until_warm(window)
    window.element("widget => { widget.site = 'desk'; }")
    with window.page.expect_request("**/sites/desk/token"):
        window.launcher.click()


@pytest.mark.parametrize(
    ("change", "minted"),
    [
        ("widget.label = 'Ask'; widget.avatar = '/a.png'; widget.accentColor = 'red'; widget.zIndex = 3", 1),
        ("widget.metadata = { cart: 3 }; widget.voiceGender = 'male'", 1),
        ("widget.agent = 'agent'", 2),
        ("widget.grant = null; widget.removeAttribute('grant')", 2),
    ],
)
def test_look_changed_after_pointing_mints_nothing_more(window: Window, change: str, minted: int) -> None:
    window.show(window.tag(site="shop", grant=""))
    window.ready()
    window.page.route("**/v1/calls", lambda route: route.abort())
    window.launcher.dispatch_event("pointerdown")
    until_warm(window)
    window.element(f"widget => {{ {change} }}")
    with window.page.expect_request("**/v1/calls"):
        window.launcher.click()
    assert len(window.asked("/token")) == minted


@pytest.mark.parametrize(("seconds", "minted"), [(60, 1), (115, 2)])
def test_token_that_has_no_time_left_is_not_spent(window: Window, seconds: int, minted: int) -> None:
    window.page.clock.install()
    window.show(window.tag(site="shop"))
    window.ready()
    window.page.route("**/v1/calls", lambda route: route.abort())
    window.launcher.dispatch_event("pointerdown")
    until_warm(window)
    window.page.clock.fast_forward(seconds * 1000)
    with window.page.expect_request("**/v1/calls"):
        window.launcher.click()
    assert len(window.asked("/token")) == minted


def grants(window: Window, *answers: tuple[int, str]) -> list[Any]:
    """Puts the host's own grant endpoint up, and returns what it will have been asked."""
    asked: list[Any] = []
    left = list(answers)

    def answer(route: Route) -> None:
        asked.append(route.request)
        status, body = left.pop(0)
        route.fulfill(status=status, content_type="application/json", body=body)

    window.page.route("**/my-grant", answer)
    return asked


def test_grant_is_fetched_where_there_is_none(window: Window) -> None:
    asked = grants(window, (200, '{"grant": "fresh"}'))
    window.show(
        window.tag(site="shop", grant_url="/my-grant"), head='<base href="https://elsewhere.example/">'
    )
    window.ready()
    with window.page.expect_request("**/token") as minted:
        window.launcher.click()
    assert json.loads(minted.value.post_data or "")["grant"] == "fresh"
    assert [request.url for request in asked] == [f"{window.pages.origin}/my-grant"]


def test_anonymous_visitor_has_no_grant(window: Window) -> None:
    grants(window, (204, ""))
    window.show(window.tag(site="shop", grant_url="/my-grant"))
    window.ready()
    with window.page.expect_request("**/token") as minted:
        window.launcher.click()
    assert not json.loads(minted.value.post_data or "").get("grant")


def test_expired_grant_is_renewed_unseen(window: Window) -> None:
    asked = grants(window, (200, '{"grant": "fresh"}'))
    expired = json.dumps({"code": "grant_expired", "spent": "no"})
    headers = {"Access-Control-Allow-Origin": "*"}

    def mint(route: Route) -> None:
        if json.loads(route.request.post_data or "")["grant"] == "old":
            route.fulfill(status=403, headers=headers, content_type="application/problem+json", body=expired)
        else:
            route.fulfill(status=403, headers=headers, body=json.dumps({"code": "signed_visitors_only"}))

    window.page.route("**/token", mint)
    window.show(window.tag(site="shop", grant="old", grant_url="/my-grant"))
    window.launcher.click()
    # the second mint's refusal shows that the renewed grant was offered
    assert until_event(window.page, "vaani-error")["code"] == "signed_visitors_only"
    assert len(asked) == 1
