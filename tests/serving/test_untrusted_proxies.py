"""A proxy that nobody has told the server of: said once in the log, without an address, and by doctor."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import vaani_widget
from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.visitor import Visitor
from tests.parts.widget_server import widget_server
from vaani_widget import create_app
from vaani_widget.cli import group
from vaani_widget.doctor import examine
from vaani_widget.findings import Finding
from vaani_widget.notices import FORGOTTEN, RENEWED

PUBLIC = "8.8.4.4"
PROXY = "10.20.30.40"
NOT_TRUSTED = "that proxy is not trusted"
FEWER = "names fewer proxies than are trusted"


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[..., Flask]:
    """Makes an app of the server's own, whose ledger lies in one file for all of them."""
    monkeypatch.chdir(tmp_path)

    def make(trusted: int = 0) -> Flask:
        app = create_app(
            {
                "VAANI_API_KEY": "vaani_x",
                "VAANI_AGENT": "demo",
                "VAANI_API_URL": "http://127.0.0.1:9",
                "VAANI_WIDGET_TRUSTED_PROXIES": trusted,
                "VAANI_WIDGET_DATABASE_URL": f"sqlite:///{tmp_path}/ledger.sqlite3",
            }
        )
        state = app.extensions["vaani_widget"]
        app.extensions["vaani_widget"] = replace(state, services=replace(state.services, clock=clock))
        return app

    return make


def ask(app: Flask, peer: str | None, **headers: str) -> None:
    environ: dict[str, Any] = {} if peer is None else {"REMOTE_ADDR": peer}
    client = app.test_client()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    client.post(
        "/vaani/v1/sites/default/token",
        json={},
        headers={"Origin": "http://localhost", **headers},
        environ_overrides=environ,
        buffered=True,
    ).close()


def said(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if "roxies" in record.getMessage()]


def doctor(app: Flask) -> list[Finding]:
    return [finding for finding in examine(lambda: app) if finding.about == "proxy"]


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "expected"),
    [
        (0, PROXY, {"X_Forwarded_For": PUBLIC}, NOT_TRUSTED),
        (0, "127.0.0.1", {"X_Forwarded_For": PUBLIC}, NOT_TRUSTED),
        (0, "fd00::1", {"Forwarded": f"for={PUBLIC}"}, NOT_TRUSTED),
        (0, "::ffff:10.20.30.40", {"X_Forwarded_For": PUBLIC}, NOT_TRUSTED),
        (0, "", {"X_Forwarded_For": PUBLIC}, NOT_TRUSTED),  # a UNIX socket's peer
        (0, PROXY, {}, None),
        (0, PUBLIC, {"X_Forwarded_For": "9.9.9.9"}, None),  # a visitor who makes one up
        (1, PROXY, {"X_Forwarded_For": PUBLIC}, None),
        (1, PROXY, {"X_Forwarded_For": f"{PUBLIC}, 10.9.9.9"}, NOT_TRUSTED),  # a second one stands in front
        (1, PROXY, {}, FEWER),
        (2, PROXY, {"X_Forwarded_For": PUBLIC}, FEWER),
        (2, PROXY, {"X_Forwarded_For": f"{PUBLIC}, 10.9.9.9"}, None),
        (1, "127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, None),  # a visitor on the proxy's own machine
    ],
)
def test_who_is_taken_for_a_proxy(
    trusted: int,
    peer: str,
    headers: dict[str, str],
    expected: str | None,
    served: Callable[..., Flask],
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = served(trusted)
    ask(app, peer, **headers)
    ask(app, peer, **headers)
    lines = said(caplog)
    assert len(lines) == (expected is not None), "once, not for every request"
    for line in lines:
        assert expected is not None
        assert expected in line
        assert "VAANI_WIDGET_TRUSTED_PROXIES" in line
        assert "ProxyFix" in line
    for address in (PUBLIC, PROXY, "10.9.9.9", "fd00::1"):
        assert address not in caplog.text
    assert [finding.level for finding in doctor(app)] == ["warning" if expected else "ok"]


def test_doctor_knows_what_another_process_noticed(served: Callable[..., Flask]) -> None:
    ask(served(), PROXY, X_Forwarded_For=PUBLIC)
    (finding,) = doctor(served())
    assert (
        "A proxy in front is not trusted: all visitors who come through it share one address" in finding.what
    )
    assert "2027-01-15 08:00 UTC" in finding.what
    assert "VAANI_WIDGET_TRUSTED_PROXIES" in str(finding.remedy)


def test_doctor_is_content_once_the_number_is_right(served: Callable[..., Flask]) -> None:
    ask(served(), PROXY, X_Forwarded_For=PUBLIC)
    app = served(1)
    ask(app, PROXY, X_Forwarded_For=PUBLIC)
    assert [finding.level for finding in doctor(app)] == ["ok"]


def test_what_was_mended_in_front_is_forgotten_and_what_was_not_is_noted_again(
    served: Callable[..., Flask], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    app = served()
    ask(app, PROXY, X_Forwarded_For=PUBLIC)
    clock.now += RENEWED + 1
    ask(app, PROXY, X_Forwarded_For=PUBLIC)
    clock.now += FORGOTTEN - RENEWED
    assert [finding.level for finding in doctor(app)] == ["warning"]
    clock.now += RENEWED
    assert [finding.level for finding in doctor(app)] == ["ok"]
    assert len(said(caplog)) == 1


def test_a_ledger_that_cannot_write_it_down_takes_nothing_from_the_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(
        {
            "VAANI_API_KEY": "vaani_x",
            "VAANI_AGENT": "demo",
            "VAANI_WIDGET_SECRET_KEY": "k" * 32,
            "VAANI_WIDGET_DATABASE_URL": "sqlite:////proc/nowhere/ledger.sqlite3",
        }
    )
    answer = app.test_client().post(
        "/vaani/v1/sites/default/token",
        json={},
        headers={"Origin": "http://evil.test", "X-Forwarded-For": PUBLIC},
        buffered=True,
    )
    assert answer.get_json()["code"] == "origin_not_allowed"
    answer.close()
    assert len(said(caplog)) == 1


def test_in_a_host_app_proxy_fix_settles_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def make() -> Flask:
        app = Flask("host")
        app.config.update(
            VAANI_API_KEY="vaani_x",
            VAANI_AGENT="demo",
            VAANI_API_URL="http://127.0.0.1:9",
            VAANI_WIDGET_DATABASE_URL=f"sqlite:///{tmp_path}/ledger.sqlite3",
        )
        app.register_blueprint(vaani_widget.blueprint)
        return app

    bare, fixed = make(), make()
    fixed.wsgi_app = ProxyFix(fixed.wsgi_app)  # type: ignore[method-assign]
    ask(fixed, PROXY, X_Forwarded_For=PUBLIC)
    assert said(caplog) == []
    ask(bare, PROXY, X_Forwarded_For=PUBLIC)
    assert NOT_TRUSTED in said(caplog)[0]
    assert doctor(bare)[0].what.startswith("A proxy in front is not trusted")
    assert [finding.level for finding in doctor(fixed)] == ["ok"]


class Middleware:
    """What somebody wraps an app in, which keeps it under a name of its own."""

    def __init__(self, name: str, wrapped: Any) -> None:
        self.name = name
        setattr(self, name, wrapped)

    def __call__(self, *given: Any) -> Any:
        return getattr(self, self.name)(*given)


@pytest.mark.parametrize("name", ["app", "wsgi_app", "application"])
def test_doctor_finds_proxy_fix_under_other_middleware(name: str, served: Callable[..., Flask]) -> None:
    app = served()
    bare = app.wsgi_app
    app.wsgi_app = Middleware(name, Middleware(name, bare))  # type: ignore[method-assign]
    assert "None is trusted" in doctor(app)[0].what
    app.wsgi_app = Middleware(name, ProxyFix(Middleware(name, bare), x_for=2))  # type: ignore[method-assign]
    assert doctor(app)[0].what.startswith("2 proxies in front are trusted")
    app.wsgi_app = Middleware(name, app)  # type: ignore[method-assign]
    assert "None is trusted" in doctor(app)[0].what


def test_doctor_says_what_would_follow_where_nothing_is_known(served: Callable[..., Flask]) -> None:
    (finding,) = doctor(served())
    assert finding.level == "ok"
    assert "share one address" in finding.what
    assert "ProxyFix" in finding.what


def test_what_comes_back_after_it_was_mended_is_said_again(
    served: Callable[..., Flask], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    app = served()
    ask(app, PROXY, X_Forwarded_For=PUBLIC)
    clock.now += FORGOTTEN + 1
    ask(app, PROXY, X_Forwarded_For=PUBLIC)
    assert len(said(caplog)) == 2


def test_it_is_said_after_the_answer(served: Callable[..., Flask], caplog: pytest.LogCaptureFixture) -> None:
    """The ledger is asked whether another process has said it, and nobody waits for that."""
    answer = (
        served()
        .test_client()
        .post(
            "/vaani/v1/sites/default/token",
            json={},
            headers={"Origin": "http://localhost", "X-Forwarded-For": PUBLIC},
            environ_overrides={"REMOTE_ADDR": PROXY},
        )
    )
    assert answer.status_code == 201
    assert said(caplog) == []
    answer.close()
    assert len(said(caplog)) == 1


def test_a_real_server_says_it_once_for_all_its_workers_and_its_doctor_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for those who come after a reload."""
    with SlowVaani(0) as vaani:
        with widget_server(tmp_path, vaani.config(site()), "--workers", "1") as server:
            for _ in range(2):
                for _ in range(3):
                    assert Visitor(server.port).another(**{"X-Forwarded-For": PUBLIC}).call().status == 201
                server.wait_for(lambda: NOT_TRUSTED in server.log)
                server.reload()  # whoever had something to say has said it before it went
            assert server.log.count(NOT_TRUSTED) == 1
            assert PUBLIC not in server.log
        monkeypatch.chdir(tmp_path)
        report = json.loads(CliRunner().invoke(group, ["doctor", "--config", "widget.toml", "--json"]).stdout)
    (finding,) = [each for each in report["findings"] if each["about"] == "proxy"]
    assert finding["level"] == "warning"
    assert "A proxy in front is not trusted" in finding["what"]


@pytest.fixture(autouse=True)
def log_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "vaani_widget")
