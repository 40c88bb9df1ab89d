"""An application that has the widget, with something in Vaani's place and a ledger of its own. Every answer
of it is searched for its keys."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.attack import canaries
from tests.attack.searching import Searched
from vaani_widget import VaaniWidget
from vaani_widget.testing import VaaniTransport
from vaani_widget.web import bundle
from vaani_widget.web.state import State

ORIGIN = "https://www.acme.com"
AGENT = "d083374a-c167-4bda-b8bc-2a418ca85f35"
SECRET = canaries.SITE_SECRET
WIDE_LIMITS = {"visitor": "9000/day", "site": "9000/day", "running": 9000}
SITES: dict[str, Any] = {
    "acme": {
        "name": "Acme",
        "origins": [ORIGIN, "https://*.acme.dev"],
        "agents": [AGENT, "second"],
        "metadata_keys": ["page"],
        "secret": SECRET,
        "limits": WIDE_LIMITS,
    },
    "other": {"origins": ["https://other.test"], "agents": ["second"], "limits": WIDE_LIMITS},
}


class Clock:
    """Time as the test says it is."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kit:
    """An app, its client, what stands in Vaani's place, and the clock."""

    app: Flask
    vaani: VaaniTransport
    clock: Clock

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    @property
    def state(self) -> State:
        state: State = self.app.extensions["vaani_widget"]
        return state

    def change_site(self, key: str = "acme", **changes: Any) -> None:
        """The site as its owner has it from now on; tokens that are out stay out."""
        settings = self.state.settings
        sites = {**settings.sites, key: replace(settings.sites[key], **changes)}
        settings = replace(settings, sites=sites)
        before = self.state.services
        services = replace(before, settings=settings)
        services.__dict__["ledger"] = before.ledger
        services.__dict__["_client"] = before._client
        self.app.extensions["vaani_widget"] = replace(self.state, settings=settings, services=services)

    def mint(self, site: str = "acme", origin: str | None = ORIGIN, **body: Any) -> TestResponse:
        return post(self.client, f"/vaani/v1/sites/{site}/token", body, origin)

    def token(self, site: str = "acme", origin: str | None = ORIGIN, **body: Any) -> str:
        answer = self.mint(site, origin, **body)
        assert answer.status_code == 201, answer.text
        token: str = answer.json["site_token"]  # type: ignore[index]
        return token

    def call(self, token: str, origin: str | None = ORIGIN, **body: Any) -> TestResponse:
        return post(self.client, "/vaani/v1/calls", {"site_token": token, **body}, origin)


def post(
    client: FlaskClient, path: str, body: object, origin: str | None = ORIGIN, base_url: str | None = None
) -> TestResponse:
    """As the widget posts: JSON sent as text/plain."""
    headers = {} if origin is None else {"Origin": origin}
    text, kind = json.dumps(body), "text/plain;charset=UTF-8"
    return client.post(path, data=text, content_type=kind, headers=headers, base_url=base_url)


def is_problem(answer: TestResponse, code: str, status: int) -> dict[str, Any]:
    """The answer is this problem, whole, readable on any origin and kept by nobody."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert isinstance(problem["retryable"], bool)
    assert problem["spent"] in ("no", "yes", "unknown")
    assert answer.headers["Cache-Control"] == "no-store"
    return problem


MakeKit = Callable[..., Kit]


@pytest.fixture
def make_kit(tmp_path: Path) -> Iterator[MakeKit]:
    made: list[Kit] = []

    def make(app: Flask | None = None, url_prefix: str | None = None, **config: Any) -> Kit:
        app = app or Flask("host", instance_path=str(tmp_path / "instance"))
        given = {
            "VAANI_API_KEY": canaries.API_KEY,
            "SECRET_KEY": canaries.SERVER_SECRET,
            "VAANI_WIDGET_DATABASE_URL": f"sqlite:///{tmp_path}/ledger-{len(made)}.sqlite3",
        }
        if "VAANI_AGENT" not in config:
            given["VAANI_WIDGET_SITES"] = SITES  # type: ignore[assignment]
        app.config.from_mapping({**given, **config})
        vaani, clock = VaaniTransport(), Clock()
        VaaniWidget(app, url_prefix=url_prefix, transport=vaani)
        app.wsgi_app = Searched(app.wsgi_app)  # type: ignore[method-assign]
        state: State = app.extensions["vaani_widget"]
        app.extensions["vaani_widget"] = replace(state, services=replace(state.services, clock=clock))
        made.append(Kit(app, vaani, clock))
        return made[-1]

    yield make
    for kit in made:
        kit.state.services.close()


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit()


LOADER = b"(function(site){/* \xe0\xa4\xac\xe0\xa4\xbe\xe0\xa4\xa4 */ console.log(site)})(null);\n"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build of the front end that is small enough to look at."""
    root = tmp_path / "dist"
    (root / "assets").mkdir(parents=True)
    scripts = {
        "widget.js": LOADER,
        "assets/panel-ABC123.js": b"export {}; // panel",
        "assets/en-E1.js": b"// en",
    }
    for name, script in scripts.items():
        (root / name).write_bytes(script)
        (root / f"{name}.gz").write_bytes(gzip.compress(script))
        (root / f"{name}.br").write_bytes(b"brotli of " + script)
    (root / "secret.js").write_text("not for anybody")
    manifest = {"widget.js": {"raw": len(LOADER)}, "panel": "panel-ABC123.js", "en": "en-E1.js"}
    (root / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(bundle, "dist", lambda: root)
    return root
