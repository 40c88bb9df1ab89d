"""What Prometheus is told: only with the token, from the ledger alone, and nothing secret."""

from __future__ import annotations

import re
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as families
from werkzeug.test import TestResponse

from tests.server.conftest import AGENT, ORIGIN, SECRET, Kit, MakeKit, is_problem
from vaani_widget.tokens import sign_grant

TOKEN = "metrics-token-canary-0123456789"
SECOND = 1.0


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(VAANI_WIDGET_METRICS_TOKEN=TOKEN)


def scrape(kit: Kit, authorization: str | None = f"Bearer {TOKEN}", **headers: str) -> TestResponse:
    given = {"Origin": ORIGIN, **headers}
    if authorization is not None:
        given["Authorization"] = authorization
    return kit.client.get("/vaani/metrics", headers=given)


def numbers(kit: Kit) -> dict[tuple[str, ...], float]:
    """Every sample by its name, its site, and its lane or outcome."""
    answer = scrape(kit)
    assert answer.status_code == 200, answer.text
    return {
        (
            sample.name.removeprefix("vaani_widget_"),
            *(sample.labels[name] for name in ("site", "lane", "outcome") if name in sample.labels),
        ): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


def outcomes(found: dict[tuple[str, ...], float], site: str = "acme") -> list[float]:
    return [found[("calls_total", site, outcome)] for outcome in ("spent", "unknown", "released")]


def told_to_nobody_else(answer: TestResponse) -> None:
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer ÿ",
    ],
)
def test_without_the_token_nothing_is_there(kit: Kit, authorization: str | None) -> None:
    answer = scrape(kit, authorization)
    is_problem(answer, "not_found", 404)
    told_to_nobody_else(answer)
    assert TOKEN not in answer.text


@pytest.mark.parametrize("authorization", [None, "Bearer ", f"Bearer {TOKEN}", "Bearer None"])
def test_where_no_token_is_set_nothing_is_there(make_kit: MakeKit, authorization: str | None) -> None:
    answer = scrape(make_kit(), authorization)
    is_problem(answer, "not_found", 404)
    told_to_nobody_else(answer)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token(kit: Kit, scheme: str) -> None:
    answer = scrape(kit, f"{scheme} {TOKEN}")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    told_to_nobody_else(answer)


def test_a_site_that_nobody_called_stands_at_nothing(kit: Kit) -> None:
    found = numbers(kit)
    assert found[("ledger_up",)] == 1
    for site in ("acme", "other"):
        assert outcomes(found, site) == [0, 0, 0]
        assert [found[("day_calls", site, lane)] for lane in ("anonymous", "signed")] == [0, 0]
        assert [found[("running_calls", site, lane)] for lane in ("anonymous", "signed")] == [0, 0]


def test_every_outcome_is_counted(kit: Kit) -> None:
    grant = sign_grant(site="acme", secret=SECRET.encode(), visitor="u1", now=kit.clock.now)
    assert kit.call(kit.token(grant=grant)).status_code == 201
    ended = kit.call(kit.token()).get_json()
    kit.client.post(
        f"/vaani/v1/calls/{ended['call_id']}/progress",
        json={"call_token": ended["call_token"], "event": "ended"},
    )
    assert kit.call(kit.token()).status_code == 201
    for failure in (402, 500, 504, 401):
        kit.vaani.fail_next(failure)
        assert kit.call(kit.token()).status_code >= 500
    assert kit.call("forged").status_code == 401
    found = numbers(kit)
    assert outcomes(found) == [3, 2, 2]
    assert (found[("day_calls", "acme", "anonymous")], found[("day_calls", "acme", "signed")]) == (4, 1)
    # Of one that nobody can tell, nobody can tell that it is over.
    assert found[("running_calls", "acme", "anonymous")] == 3
    assert found[("running_calls", "acme", "signed")] == 1
    assert found[("calls_total", "other", "spent")] == 0


def test_a_days_calls_begin_anew_and_the_counters_go_on(kit: Kit) -> None:
    kit.call(kit.token())
    kit.clock.now += 86400
    kit.call(kit.token())
    found = numbers(kit)
    assert found[("day_calls", "acme", "anonymous")] == 1
    assert found[("running_calls", "acme", "anonymous")] == 1
    assert found[("calls_total", "acme", "spent")] == 2


def test_limits_are_those_that_hold(make_kit: MakeKit) -> None:
    limits = {"site": "50/day", "running": 5}
    site = {"origins": [ORIGIN], "agents": [AGENT], "limits": limits}
    sites = {"lanes": {**site, "secret": SECRET}, "plain": site}
    found = numbers(make_kit(VAANI_WIDGET_METRICS_TOKEN=TOKEN, VAANI_WIDGET_SITES=sites))
    for key, anonymous in (("lanes", (35, 4)), ("plain", (50, 5))):
        assert (found[("day_calls_limit", key)], found[("running_calls_limit", key)]) == (50, 5)
        assert (
            found[("day_calls_anonymous_limit", key)],
            found[("running_calls_anonymous_limit", key)],
        ) == anonymous


def test_every_worker_tells_the_same(make_kit: MakeKit, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.sqlite3"
    one, two = (
        make_kit(VAANI_WIDGET_METRICS_TOKEN=TOKEN, VAANI_WIDGET_DATABASE_URL=url, SECRET_KEY="h" * 32)
        for _ in range(2)
    )
    assert one.call(one.token()).status_code == 201
    assert two.call(two.token()).status_code == 201
    assert numbers(one) == numbers(two)
    assert numbers(one)[("calls_total", "acme", "spent")] == 2


def test_a_ledger_that_is_not_there_is_an_answer(make_kit: MakeKit) -> None:
    kit = make_kit(
        VAANI_WIDGET_METRICS_TOKEN=TOKEN,
        VAANI_WIDGET_DATABASE_URL="sqlite:////dev/null/no/such/place.sqlite3",
    )
    assert numbers(kit) == {("ledger_up",): 0}


def seconds_for_a_scrape_in_vain(kit: Kit) -> float:
    began = time.monotonic()
    assert numbers(kit) == {("ledger_up",): 0}
    return time.monotonic() - began


def test_a_ledger_that_hangs_is_an_answer_within_a_second(kit: Kit, tmp_path: Path) -> None:
    assert numbers(kit)[("ledger_up",)] == 1
    with closing(sqlite3.connect(tmp_path / "ledger-0.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert any(seconds_for_a_scrape_in_vain(kit) < SECOND for _ in range(3)), (
            "of a busy machine, the best"
        )
    assert numbers(kit)[("ledger_up",)] == 1


def test_vaani_is_not_asked(kit: Kit) -> None:
    kit.vaani.fail_next(AssertionError("asked"))  # type: ignore[arg-type]
    assert numbers(kit)[("ledger_up",)] == 1
    assert kit.vaani.bodies == []


def test_openmetrics_where_it_is_preferred(kit: Kit) -> None:
    kit.call(kit.token())
    answer = scrape(kit, Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in openmetrics.text_string_to_metric_families(answer.text)}
    assert "vaani_widget_calls" in names


def test_names_follow_the_conventions_and_are_explained(kit: Kit) -> None:
    for family in families(scrape(kit).text):
        assert family.name.startswith("vaani_widget_")
        assert family.documentation.endswith(".")
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")


def test_nothing_secret_is_in_it(kit: Kit) -> None:
    grant = sign_grant(
        site="acme", secret=SECRET.encode(), visitor="a-visitor", metadata={"m": "canary"}, now=kit.clock.now
    )
    call = kit.call(kit.token(grant=grant)).get_json()
    text = scrape(kit).text
    secrets = (TOKEN, SECRET, "a-visitor", "canary", "127.0.0.1", call["token"], call["call_id"])
    assert not [secret for secret in secrets if secret in text]


def test_a_site_that_is_gone_is_left_out(kit: Kit) -> None:
    kit.call(kit.token())
    settings = replace(kit.state.settings, sites={"other": kit.state.settings.sites["other"]})
    kit.app.extensions["vaani_widget"] = replace(kit.state, settings=settings)
    assert {key[1] for key in numbers(kit) if len(key) > 1} == {"other"}


def test_without_the_extra_it_says_what_to_install(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.startswith("prometheus_client")]:
        monkeypatch.setitem(sys.modules, name, None)
    problem = is_problem(scrape(kit), "internal_error", 500)
    assert "pip install 'vaani-widget[metrics]'" in problem["detail"]
    assert problem["spent"] == "no"
    assert problem["detail"] in caplog.text
    is_problem(scrape(kit, "Bearer guess"), "not_found", 404)


def test_every_metric_is_documented(kit: Kit) -> None:
    written = (Path(__file__).parents[2] / "docs" / "watching.md").read_text("utf-8")
    table = set(re.findall(r"^\| `(vaani_widget_\w+)` \|", written, re.MULTILINE))
    samples = {sample.name for family in families(scrape(kit).text) for sample in family.samples}
    assert table == samples
    alerts = set(re.findall(r"vaani_widget_\w+", written.partition("rules:")[2].partition("```")[0]))
    assert alerts <= samples
