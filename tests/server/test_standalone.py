"""The server of its own."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from flask import Flask

from tests.parts.serving import serve
from vaani_widget import SettingError, create_app
from vaani_widget.testing import VaaniTransport, install

SETTINGS = {"VAANI_API_KEY": "vaani_x", "VAANI_AGENT": "demo"}


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(app: Flask, origin: str, **headers: str) -> int:
    client, headers = app.test_client(), {"Origin": origin, **headers}
    answer = client.post("/vaani/v1/sites/default/token", json={}, headers=headers)
    if answer.status_code != 201:
        return answer.status_code
    body = {"site_token": answer.get_json()["site_token"]}
    return client.post("/vaani/v1/calls", json=body, headers=headers).status_code


def test_settings_given_to_it(tmp_path: Path) -> None:
    app = create_app(SETTINGS)
    vaani = install(app, tmp_path)
    assert call(app, "http://localhost") == 201
    assert vaani.bodies == [{"agent_id": "demo"}]
    app.extensions["vaani_widget"].services.close()


def test_settings_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "widget.toml"
    file.write_text('api_key = "vaani_x"\n[sites.default]\norigins = ["https://a.test"]\nagents = ["x"]\n')
    for app in (create_app(file), create_app(str(file))):
        install(app, tmp_path)
        assert call(app, "https://a.test") == 201
        assert call(app, "http://localhost") == 403
        app.extensions["vaani_widget"].services.close()


def test_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    app = create_app()
    assert app.extensions["vaani_widget"].settings.agent == "demo"
    assert app.instance_path == str(tmp_path / "instance")
    assert not (tmp_path / "instance").exists()


def test_a_wrong_one_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("VAANI_API_KEY", "VAANI_AGENT", "VAANI_WIDGET_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingError):
        create_app()
    with pytest.raises(SettingError):
        create_app(tmp_path / "nowhere.toml")


def test_its_own_page_and_nothing_more(tmp_path: Path) -> None:
    app = create_app(SETTINGS)
    root = app.test_client().get("/", base_url="https://voice.test")
    assert root.status_code == 200
    assert "https://voice.test/vaani/widget.js" in root.text
    assert "default" not in root.text, "which sites there are is nobody's business"
    assert app.test_client().get("/static/x").status_code == 404


FORWARDED = {"X-Forwarded-Host": "voice.acme.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}


@pytest.mark.parametrize(("proxies", "expected"), [(0, 403), (1, 201)])
def test_proxies_are_believed_as_many_as_are_trusted(proxies: int, expected: int, tmp_path: Path) -> None:
    app = create_app({**SETTINGS, "VAANI_WIDGET_TRUSTED_PROXIES": proxies})
    install(app, tmp_path, VaaniTransport())
    assert call(app, "https://voice.acme.com", **FORWARDED) == expected
    app.extensions["vaani_widget"].services.close()


def test_over_http(tmp_path: Path) -> None:
    app = create_app(SETTINGS)
    install(app, tmp_path)
    with serve(app) as base, urllib.request.urlopen(f"{base}/vaani/readyz") as answer:
        assert json.load(answer) == {"status": "ready"}
    app.extensions["vaani_widget"].services.close()
