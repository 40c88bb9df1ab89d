"""What host apps get for their own tests, used as the documentation says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from flask import Flask

import vaani_widget.testing
from vaani_widget import VaaniWidget
from vaani_widget.testing import VaaniTransport, vaani  # noqa: F401  # one of the two ways to have the fixture

PAGE = {"Origin": "http://localhost"}
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config.update(TESTING=True, VAANI_AGENT="shop-assistant", VAANI_API_KEY=None)
    app.register_blueprint(vaani_widget.blueprint)
    return app


def start(app: Flask) -> tuple[int, str | None]:
    client = app.test_client()
    token = client.post("/vaani/v1/sites/default/token", json={}, headers=PAGE).get_json()["site_token"]
    answer = client.post("/vaani/v1/calls", json={"site_token": token}, headers=PAGE)
    return answer.status_code, answer.get_json().get("code")


def test_a_call_costs_nothing_and_is_remembered(app: Flask, vaani: VaaniTransport) -> None:  # noqa: F811
    assert start(app) == (201, None)
    assert start(app) == (201, None)
    assert vaani.bodies == [{"agent_id": "shop-assistant"}] * 2
    assert not Path(app.instance_path).exists(), "the host's own ledger is not touched"


def test_failures_as_they_are_asked_for(app: Flask, vaani: VaaniTransport) -> None:  # noqa: F811
    failures: list[tuple[int | Exception, int, str]] = [
        (401, 502, "upstream_auth"),
        (402, 503, "upstream_balance"),
        (404, 502, "agent_not_found"),
        (422, 502, "upstream_rejected"),
        (429, 503, "upstream_limited"),
        (503, 503, "upstream_unavailable"),
        (httpx.ConnectError("refused"), 503, "upstream_unavailable"),
        (httpx.ReadTimeout("slow"), 504, "upstream_timeout"),
    ]
    for failure, *_ in failures:
        vaani.fail_next(failure)
    assert [start(app) for _ in failures] == [(status, code) for _, status, code in failures]
    assert start(app) == (201, None)
    assert len(vaani.bodies) == len(failures) + 1


def test_afterwards_the_app_is_as_it_was(app: Flask, tmp_path: Path) -> None:
    before = app.extensions["vaani_widget"]
    fixture = vaani_widget.testing.vaani.__wrapped__(app)  # type: ignore[attr-defined]
    next(fixture)
    assert app.extensions["vaani_widget"] is not before
    next(fixture, None)
    assert app.extensions["vaani_widget"] is before


def test_a_transport_at_registering(tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config.update(TESTING=True, VAANI_AGENT="a")
    transport = VaaniTransport()
    VaaniWidget(app, transport=transport)
    assert start(app) == (201, None)
    assert len(transport.bodies) == 1
    app.extensions["vaani_widget"].services.close()


def tried(folder: Path) -> str:
    """What pytest says of the tests in this folder, where nothing of ours is set."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VAANI_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_documented_example_runs(tmp_path: Path) -> None:
    text = (DOCS / "testing.md").read_text("utf-8")
    examples = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", text, re.DOTALL)
    assert {name for name, _ in examples} == {"conftest.py", "test_button.py"}
    for name, source in examples:
        (tmp_path / name).write_text(source)
    assert "2 passed" in (said := tried(tmp_path)), said


LATE = """
import pytest
from vaani_widget import SettingError
import shop

def test_the_recipe_of_flasks_documentation():
    app = shop.create_app()
    app.config.update(TESTING=True)
    client, page = app.test_client(), {"Origin": "http://localhost"}
    assert client.get("/vaani/healthz").status_code == 200
    token = client.post("/vaani/v1/sites/default/token", json={}, headers=page).json["site_token"]
    with pytest.raises(SettingError, match="cost money"):
        client.post("/vaani/v1/calls", json={"site_token": token}, headers=page)

def test_a_factory_that_is_told():
    assert shop.app.testing
    assert shop.app.test_client().get("/vaani/healthz").status_code == 200
"""


def test_the_documented_ways_of_being_under_test(tmp_path: Path) -> None:
    text = (DOCS / "testing.md").read_text("utf-8")
    factory, environment = re.findall(r"```py\n(.*?)```", text, re.DOTALL)
    (tmp_path / "shop.py").write_text(f"from flask import Flask\nimport vaani_widget\n\n{factory}")
    (tmp_path / "test_late.py").write_text(LATE)
    without = tried(tmp_path)
    assert "1 passed" in without, without
    assert "1 failed" in without, without
    assert "VAANI_AGENT: Name the agent" in without
    (tmp_path / "conftest.py").write_text(environment)
    assert "2 passed" in (said := tried(tmp_path)), said


def test_the_transport_answers_as_vaani_does() -> None:
    """Four strings, and the address is one that a browser may go to."""

    with httpx.Client(transport=VaaniTransport()) as client:
        answer = client.post("https://vaani.test/api/webrtc/token", json={"agent_id": "a"})
    assert answer.status_code == 200
    members = json.loads(answer.content)
    assert set(members) == {"token", "room_name", "agent_name", "connection_url"}
    assert members["connection_url"].startswith("wss://")
