"""Refusals as the widget reads them, on every path of ours, whoever the host is."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from flask import Flask

from tests.attack import canaries
from tests.server.conftest import ORIGIN, Kit, MakeKit, is_problem
from vaani_widget.errors import REFUSALS, RateLimited, Refusal, SettingsInvalid
from vaani_widget.web import bundle
from vaani_widget.web.problems import problem


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_every_refusal_has_its_shape(refusal: type[Refusal]) -> None:
    with Flask("x").test_request_context():
        answer = problem(refusal("Something.", field="a.b", retry_after=7))
    assert answer.status_code == refusal.status
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Retry-After"] == "7"
    members = json.loads(answer.data)
    assert len(members.pop("request_id")) == 16
    assert members == {
        "code": refusal.code,
        "title": refusal.title,
        "status": refusal.status,
        "detail": "Something.",
        "retryable": refusal.retryable,
        "retry_after": 7,
        "spent": refusal.spent,
        "field": "a.b",
    }


def test_members_that_do_not_apply_are_left_out() -> None:
    with Flask("x").test_request_context():
        members = json.loads(problem(RateLimited()).data)
        assert "field" not in members
        assert "retry_after" not in members
        assert json.loads(problem(SettingsInvalid(field="voice_speed")).data)["field"] == "voice_speed"


NOWHERE = [
    "/vaani",
    "/vaani/",
    "/vaani/v1",
    "/vaani/v1/",
    "/vaani/v1/nothing",
    "/vaani/widget.js/",
    "/vaani/v2/calls",
    "/vaani/call/",
    "/vaani/assets/",
    "/vaani/a/b/c/d",
    "/vaani/%00",
    "/vaani/..%2f..%2fetc/passwd",
]


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_paths_of_nobody_are_ours_to_refuse(kit: Kit, path: str, method: str) -> None:
    answer = kit.client.open(path, method=method, headers={"Origin": ORIGIN})
    is_problem(answer, "not_found", 404)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/vaani/v1/calls", {"POST", "OPTIONS"}),
        ("PUT", "/vaani/v1/calls", {"POST", "OPTIONS"}),
        ("DELETE", "/vaani/v1/sites/acme/token", {"POST", "OPTIONS"}),
        ("GET", "/vaani/v1/calls/x/progress", {"POST", "OPTIONS"}),
        ("POST", "/vaani/widget.js", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "/vaani/assets/panel-A.js", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/vaani/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/vaani/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_a_path_does_not_take(kit: Kit, method: str, path: str, allow: set[str]) -> None:
    answer = kit.client.open(path, method=method)
    is_problem(answer, "method_not_allowed", 405)
    assert {word.strip() for word in answer.headers["Allow"].split(",")} == allow
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_hosts_own_404_stays_the_hosts(kit: Kit) -> None:
    assert kit.client.get("/elsewhere").mimetype == "text/html"


class TestAccidents:
    @pytest.fixture(autouse=True)
    def accident(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        def check() -> None:
            raise ValueError(f"{canaries.API_KEY} lies in the message of a driver")

        monkeypatch.setattr(kit.state.services.ledger, "check", check)

    def test_are_a_problem_whose_reason_is_only_in_the_log(
        self, kit: Kit, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = kit.client.get("/vaani/readyz")
        members = is_problem(answer, "internal_error", 500)
        assert members["spent"] == "no"
        assert members["request_id"] in caplog.text
        assert "ValueError" in caplog.text
        assert canaries.API_KEY not in answer.text
        assert "ValueError" not in answer.text

    @pytest.mark.parametrize("setting", ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"])
    def test_are_seen_by_who_wants_to_see_them(self, kit: Kit, setting: str) -> None:
        kit.app.config[setting] = True
        with pytest.raises(ValueError, match="driver"):
            kit.client.get("/vaani/readyz")

    def test_before_our_view_are_a_problem_too(self, make_kit: MakeKit, tmp_path: object) -> None:
        app = Flask("broken-host", instance_path=f"{tmp_path}/i")

        @app.before_request
        def broken() -> None:
            raise ValueError("the host's own")

        answer = make_kit(app).client.get("/vaani/healthz")
        is_problem(answer, "internal_error", 500)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_missing_bundle_is_an_internal_error_with_its_remedy_in_the_log(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bundle, "dist", lambda: tmp_path / "nowhere")
    for path in ("widget.js", "sites/acme/widget.js", "assets/panel-A.js"):
        assert is_problem(kit.client.get(f"/vaani/{path}"), "internal_error", 500)["spent"] == "no"
    assert "npm run build" in caplog.text


def test_health(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = kit.client.get("/vaani/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})
    monkeypatch.setitem(kit.state.services.__dict__, "ledger", None)  # whoever touches it fails
    answer = kit.client.get("/vaani/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_not_ready_without_the_ledger(make_kit: MakeKit) -> None:
    kit = make_kit(VAANI_WIDGET_DATABASE_URL="sqlite:////dev/null/no/such/place.sqlite3")
    is_problem(kit.client.get("/vaani/readyz"), "store_unavailable", 503)
    assert kit.client.get("/vaani/healthz").status_code == 200


def test_log_lines_name_code_site_call_and_request_and_no_secret(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="vaani_widget")
    token = kit.token()
    answer = kit.call(token, metadata={"page": "/private-page"})
    assert answer.json is not None
    refused = is_problem(kit.call(token), "token_spent", 409)
    is_problem(kit.mint("no\nsuch\nsite"), "site_not_found", 404)
    ours = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    assert len(ours) == 3
    assert answer.json["call_id"] in ours[0]
    assert "acme" in ours[0]
    assert all(part in ours[1] for part in ("token_spent", "acme", refused["request_id"]))
    assert "\n" not in ours[2]
    secrets = [
        token,
        answer.json["token"],
        answer.json["call_token"],
        canaries.API_KEY,
        "private-page",
        "127.0.0.1",
    ]
    assert not [secret for secret in secrets if secret in caplog.text]
