"""A host that has pushed an app context of its own, at import or around its test clients: all requests then
share that one's ``flask.g``, and nothing of ours may pass from one to the next by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from tests.server.conftest import SITES, Kit, MakeKit, is_problem

THE_HOSTS = {
    "Cache-Control": "public, max-age=60",
    "Content-Security-Policy": "default-src 'self'",
    "Permissions-Policy": "camera=()",
    "X-Frame-Options": "DENY",
}


@pytest.fixture
def kit(make_kit: MakeKit, tmp_path: Path) -> Iterator[Kit]:
    app = Flask("host", instance_path=str(tmp_path / "i"))
    app.add_url_rule("/plain", "plain", lambda: ("plain", THE_HOSTS))
    app.add_url_rule(
        "/account", "account", lambda: render_template_string('{{ vaani_widget("acme", visitor="u-7") }}')
    )
    sites = {**SITES, "acme": {**SITES["acme"], "share": True}}
    kit = make_kit(app, VAANI_WIDGET_SITES=sites)
    with app.app_context():
        yield kit


def the_hosts(kit: Kit) -> dict[str, str | None]:
    answer = kit.client.get("/plain")
    return {name: answer.headers.get(name) for name in THE_HOSTS}


def test_a_page_with_a_grant_leaves_nothing_on_the_next(kit: Kit) -> None:
    assert kit.client.get("/account").headers["Cache-Control"] == "private, no-store"
    assert the_hosts(kit) == THE_HOSTS


def test_a_call_page_leaves_nothing_on_the_next(kit: Kit) -> None:
    page = kit.client.get("/vaani/call/acme")
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert "frame-ancestors" in page.headers["Content-Security-Policy"]
    assert the_hosts(kit) == THE_HOSTS


def test_each_request_has_its_own_name(kit: Kit) -> None:
    named = {is_problem(kit.client.get("/vaani/nowhere"), "not_found", 404)["request_id"] for _ in range(3)}
    assert len(named) == 3


def test_a_page_made_outside_a_request_has_no_answer_to_mark(kit: Kit) -> None:
    """For a mail, or a site that is written to files."""
    kit.app.config["SERVER_NAME"] = "shop.test"
    with kit.app.app_context():
        page = render_template_string('{{ vaani_widget("acme", visitor="u-7") }}')
    assert 'src="http://shop.test/vaani/widget.js"' in page
    assert "data-grant=" in page
