"""The recipes of docs/recipes.md in a page, as they are written there."""

from __future__ import annotations

import json

import pytest

from tests.hosts.conftest import FRAMEWORKS, Host, snippets

RECIPES = snippets("js", FRAMEWORKS.with_name("recipes.md"))
SECRET = "My card number is 4111 1111"


def told_by(name: str) -> str:
    """The one recipe that calls this."""
    (code,) = [code for code in RECIPES if f"{name}(" in code]
    return code


def failing(host: Host) -> None:
    host.page.route("**/v1/calls", lambda route: route.fulfill(
        status=429, headers={"Access-Control-Allow-Origin": "*", "Content-Type": "application/problem+json"},
        body=json.dumps({"code": "site_busy", "detail": "busy", "retryable": True, "spent": "no"})
    ))  # fmt: skip


def show(host: Host, script: str, *, before: bool) -> None:
    recipe = f"<script>{script}</script>"
    tag = '<script async src="$WIDGET/widget.js" data-site="shop"></script>'
    head = '<!doctype html><html lang="en"><title>Shop</title><body>'
    host.page.goto(host.put(head + (recipe + tag if before else tag + recipe)))
    host.ready()


@pytest.mark.parametrize(
    ("name", "stub", "sent"),
    [
        ("dataLayer.push", "", "dataLayer"),
        ("gtag", "sent = []; gtag = (...given) => sent.push(given);", "sent"),
        ("plausible", "", "plausible.q.map((given) => [...given])"),
    ],
)
def test_calls_and_failures_are_counted_and_nothing_that_was_said(
    host: Host, name: str, stub: str, sent: str
) -> None:
    show(host, stub + told_by(name), before=name != "gtag")
    host.call()
    said = json.dumps({"id": "1", "role": "visitor", "text": SECRET, "final": True})
    host.run(f"room.options.on.transcript({said})")
    host.heard("transcript")
    host.hang_up()
    told = json.dumps(host.run(sent)).lower()
    assert "connected" in told
    assert '"reason": "visitor"' in told
    assert "4111" not in told
    call_id = host.run("seen.events.find(({ name }) => name === 'vaani-call-end').detail.callId")
    assert call_id
    assert call_id.lower() not in told
    failing(host)
    show(host, stub + told_by(name), before=True)
    host.launcher.click()
    host.heard("error", "detail.fatal")
    assert json.dumps(host.run(sent)).lower().count("site_busy") == 1
    assert host.errors == []


def test_agent_is_told_where_the_visitor_is(host: Host) -> None:
    show(host, told_by("waitUntil"), before=True)
    with host.page.expect_request("**/v1/calls") as asked:
        host.launcher.click()
    path = host.run("location.pathname")
    assert json.loads(asked.value.post_data or "")["metadata"]["page"] == path
