"""CORS is open and never the gate: the widget reads every answer, and none of them knows a cookie."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask_cors import CORS
from werkzeug.test import TestResponse

from tests.server.conftest import ORIGIN, Kit, MakeKit, post

EVIL = "https://evil.test"


def is_open(answer: TestResponse) -> None:
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", [ORIGIN, EVIL, "null", None])
def test_every_answer_is_readable(kit: Kit, build: Path, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    for path in (
        "widget.js",
        "sites/acme/widget.js",
        "assets/panel-ABC123.js",
        "healthz",
        "readyz",
        "nowhere",
    ):
        is_open(kit.client.get(f"/vaani/{path}", headers=headers))
    for path in (
        "v1/sites/acme/token",
        "v1/sites/nobody/token",
        "v1/calls",
        "v1/calls/x/progress",
        "widget.js",
    ):
        answer = post(kit.client, f"/vaani/{path}", {}, origin)
        is_open(answer)
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"] or origin is None


@pytest.mark.parametrize("path", ["v1/sites/acme/token", "v1/calls", "v1/calls/x/progress"])
def test_a_preflight_for_json_passes_and_is_kept(kit: Kit, path: str) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = kit.client.options(f"/vaani/{path}", headers=asked)
    assert answer.status_code == 200
    is_open(answer)
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "content-type"
    assert int(answer.headers["Access-Control-Max-Age"]) >= 600


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("v1/calls", {"OPTIONS", "POST"}),
        ("metrics", {"GET", "HEAD", "OPTIONS"}),
        ("widget.js", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_name_what_there_is(kit: Kit, path: str, methods: set[str]) -> None:
    answer = kit.client.options(f"/vaani/{path}")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == methods


@pytest.mark.parametrize("header", ["x-forwarded-host", "authorization", "x-forwarded-for", "cookie"])
def test_no_page_may_send_headers_that_proxies_believe(kit: Kit, header: str) -> None:
    asked = {
        "Origin": EVIL,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": f"content-type, {header}",
    }
    answer = kit.client.options("/vaani/v1/calls", headers=asked)
    assert header not in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"supports_credentials": True},
        {"origins": ["https://partner.test"]},
        {"origins": ["https://partner.test"], "supports_credentials": True, "expose_headers": ["X-Theirs"]},
        {"allow_headers": ["X-Forwarded-Host"]},
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["the host's first", "ours first"])
def test_the_hosts_own_cors_neither_breaks_nor_doubles_ours(
    make_kit: MakeKit, build: Path, tmp_path: Path, options: dict[str, object], first: bool
) -> None:
    app = Flask("host", instance_path=str(tmp_path / "i"))
    app.add_url_rule("/own", "own", lambda: "own")
    if first:
        CORS(app, **options)  # type: ignore[arg-type]
    kit = make_kit(app)
    if not first:
        CORS(app, **options)  # type: ignore[arg-type]
    test_every_answer_is_readable(kit, build, EVIL)
    for path in ("v1/sites/acme/token", "v1/calls"):
        test_a_preflight_for_json_passes_and_is_kept(kit, path)
        test_no_page_may_send_headers_that_proxies_believe(kit, "x-forwarded-host")
    theirs = kit.client.get("/own", headers={"Origin": "https://partner.test"})
    assert theirs.headers["Access-Control-Allow-Origin"] in ("*", "https://partner.test")
    kit.change_site(share=True)
    page = kit.client.get("/vaani/call/acme", headers={"Origin": EVIL})
    assert page.status_code == 200
    assert not [name for name, _ in page.headers if name.lower().startswith("access-control-")]


def test_preflights_pass_where_the_host_has_switched_options_off(make_kit: MakeKit) -> None:
    test_a_preflight_for_json_passes_and_is_kept(make_kit(PROVIDE_AUTOMATIC_OPTIONS=False), "v1/calls")


def test_a_refused_origin_is_refused_by_us_and_not_by_its_browser(kit: Kit) -> None:
    answer = post(kit.client, "/vaani/v1/sites/acme/token", {}, EVIL)
    assert answer.status_code == 403
    is_open(answer)
