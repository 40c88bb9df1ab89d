"""The example app: the same before and after, but for what the README promises."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from pathlib import Path

import pytest
from flask import Flask

from vaani_widget.testing import install

EXAMPLE = Path(__file__).parents[2] / "examples/flask_app"


def load(which: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    spec = importlib.util.spec_from_file_location(f"example_{which}", EXAMPLE / which / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where Flask looks for the app's folder
    spec.loader.exec_module(module)
    app: Flask = module.app
    return app


def files(which: str) -> dict[str, list[str]]:
    folder = EXAMPLE / which
    return {
        str(path.relative_to(folder)): path.read_text("utf-8").splitlines()
        for path in sorted(folder.rglob("*.*"))
        if path.is_file() and path.suffix in {".py", ".html", ".css"}
    }


def test_two_lines_and_one_in_a_template() -> None:
    before, after = files("before"), files("after")
    assert set(before) == set(after)
    changed = {
        name: [line for line in difflib.ndiff(before[name], after[name]) if line[:1] in "+-"]
        for name in before
    }
    assert {name: lines for name, lines in changed.items() if lines} == {
        "app.py": ["+ import vaani_widget", "+ app.register_blueprint(vaani_widget.blueprint)"],
        "templates/base.html": ["+   {{ vaani_widget() }}"],
    }


def test_before(monkeypatch: pytest.MonkeyPatch) -> None:
    client = load("before", monkeypatch).test_client()
    assert "Darjeeling" in client.get("/").text
    assert client.get("/tea/assam").status_code == 200
    assert client.get("/vaani/widget.js").status_code == 404


def test_after(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAANI_API_KEY", "vaani_x")
    monkeypatch.setenv("VAANI_AGENT", "tea-shop")
    app = load("after", monkeypatch)
    client, page = app.test_client(), {"Origin": "http://localhost"}
    for path in ("/", "/tea/assam"):
        assert '<script async src="/vaani/widget.js"></script>' in client.get(path).text
    vaani = install(app, tmp_path)
    token = client.post("/vaani/v1/sites/default/token", json={}, headers=page).get_json()["site_token"]
    assert client.post("/vaani/v1/calls", json={"site_token": token}, headers=page).status_code == 201
    assert vaani.bodies == [{"agent_id": "tea-shop"}]
    app.extensions["vaani_widget"].services.close()
