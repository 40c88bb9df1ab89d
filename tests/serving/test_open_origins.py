"""Origins that let strangers spend are warned of at the start, once each, and are no reason to stop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.visitor import Visitor
from tests.parts.widget_server import widget_server
from vaani_widget import create_app
from vaani_widget.doctor import examine, warn_at_start
from vaani_widget.doctor_checks import MANY

OPEN = "https://*.github.io"
AMONG = "http://localhost:3000"


def with_origins(*origins: str, key: str = "acme") -> str:
    return site(key).replace('["self"]', json.dumps(origins))


def test_a_server_says_at_its_start_who_else_may_spend(tmp_path: Path) -> None:
    with SlowVaani(0) as vaani:
        config = vaani.config(
            with_origins("https://www.acme.com", OPEN, AMONG),
            with_origins("https://*.acme.co.uk", key="closed"),
            with_origins(AMONG, key="local"),
        )
        with widget_server(tmp_path, config) as server:
            lines = [line for line in server.log.splitlines() if line.startswith("Warning:")]
            page = Visitor(server.port).another(Origin="https://anybody.github.io")
            assert page.call().status == 201, "it is the owner's to decide"
    assert [line for line in lines if "github.io" in line] == [
        f"Warning: {OPEN} is everybody's: whoever gets a name below github.io may spend the calls of acme. "
        "Write the whole names of your own."
    ]
    assert [line.partition(" stands")[0] for line in lines if AMONG in line] == [f"Warning: {AMONG}"]
    assert not [line for line in lines if "closed" in line or "local:" in line]


def test_doctor_says_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = examine(lambda: create_app(settings({"acme": [OPEN]})))
    (finding,) = [each for each in found if "github.io" in each.what]
    assert (finding.level, finding.about) == ("warning", "site acme")


def test_of_many_sites_a_start_names_some_and_counts_the_rest(tmp_path: Path) -> None:
    app = create_app(settings({f"site{number}": [OPEN] for number in range(MANY + 5)}))
    said: list[str] = []
    warn_at_start(app, said.append)
    named = [line for line in said if "github.io" in line]
    assert [f"site{number}." in line for number, line in enumerate(named)] == [True] * MANY
    assert len([line for line in said if line.startswith("Warning: 5 more")]) == 1


def settings(sites: dict[str, list[str]]) -> dict[str, object]:
    return {
        "VAANI_API_KEY": "vaani_x",
        "VAANI_API_URL": "http://127.0.0.1:9",
        "VAANI_WIDGET_SITES": {
            key: {"origins": origins, "agents": ["demo"], "challenge": "off"}
            for key, origins in sites.items()
        },
    }
