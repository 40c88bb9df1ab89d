"""``ledger``, under both its names: what an owner holds against the vendor's bill."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import FlaskGroup

import vaani_widget
from tests.parts.reservations import reservation
from vaani_widget import cli, spending
from vaani_widget.ledger import Ledger

KEY = "vaani_00000000000000000000000000"
OVER = 0.0
TODAY = datetime.now(UTC).date()


class Clock:
    """Some days ago, if told so."""

    def __init__(self) -> None:
        self.days_ago = 0

    def __call__(self) -> float:
        return datetime.now(UTC).timestamp() - self.days_ago * 86400


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("VAANI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "widget.toml").write_text(
        f'api_key = "{KEY}"\ndatabase_url = "sqlite:///{tmp_path}/ledger.sqlite3"\n'
        '[sites.acme]\norigins = ["https://www.acme.com"]\nagents = ["a"]\n'
        '[sites.shop]\norigins = ["https://shop.acme.com"]\nagents = ["a"]\n'
    )
    return tmp_path


@pytest.fixture
def spent(folder: Path) -> Path:
    """Two days of two sites, with something of everything."""
    clock = Clock()
    ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite3", clock=clock)

    def reserve(call_id: str, site: str = "acme", lease: float = OVER) -> str:
        ledger.reserve(reservation(call_id, f"token of {call_id}", site, lease_seconds=lease))
        return call_id

    clock.days_ago = 2
    for number in range(3):
        ledger.commit(reserve(f"old-{number}"), "room")
    ledger.leave_unknown(reserve("timed out"))
    reserve("worker was killed")
    ledger.release(reserve("given back"))
    clock.days_ago = 0
    ledger.commit(reserve("shop", site="shop"), "room")
    ledger.commit(reserve("talks", lease=3600.0), "room")
    ledger.dispose()
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.group, ["ledger", "--config", "widget.toml", *arguments])


def test_a_table_for_people(spent: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["DAY", "(UTC)", "SITE", "SPENT", "RUNNING", "UNKNOWN", "RELEASED", "COUNTED"],
        [str(TODAY - timedelta(days=2)), "acme", "3", "0", "2", "1", "5"],
        [str(TODAY), "acme", "0", "1", "0", "0", "1"],
        [str(TODAY), "shop", "1", "0", "0", "0", "1"],
        ["total", "4", "1", "2", "1", "7"],
        [],
        f"The bill for calls that began from {TODAY - timedelta(days=6)} to {TODAY} (UTC) should have "
        "between 4 and 6 calls: of 2 nobody here can tell whether they were charged; "
        "and 1 more that is not over yet.".split(),
    ]


def test_csv_for_a_spreadsheet(spent: Path) -> None:
    result = run("--format", "csv")
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["day", "site", "spent", "running", "unknown", "released", "counted"],
        [str(TODAY - timedelta(days=2)), "acme", "3", "0", "2", "1", "5"],
        [str(TODAY), "acme", "0", "1", "0", "0", "1"],
        [str(TODAY), "shop", "1", "0", "0", "0", "1"],
    ]
    assert result.stderr == ""


def test_json_for_programs(spent: Path) -> None:
    report = json.loads(run("--format", "json").stdout)
    assert (report["since"], report["until"]) == (str(TODAY - timedelta(days=6)), str(TODAY))
    assert report["total"] == {"spent": 4, "running": 1, "unknown": 2, "released": 1, "counted": 7}
    assert report["days"][0] == {
        "day": str(TODAY - timedelta(days=2)),
        "site": "acme",
        "spent": 3,
        "running": 0,
        "unknown": 2,
        "released": 1,
        "counted": 5,
    }
    assert len(report["days"]) == 3


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        (["--days", "1"], [("acme", 0), ("shop", 0)]),
        (["--until", str(TODAY - timedelta(days=1))], [("acme", 2)]),
        (["--until", str(TODAY - timedelta(days=2)), "--days", "1"], [("acme", 2)]),
        (["--since", str(TODAY - timedelta(days=1))], [("acme", 0), ("shop", 0)]),
        (["--since", "2020-01-01", "--until", str(TODAY - timedelta(days=1))], [("acme", 2)]),
        (["--site", "shop"], [("shop", 0)]),
        (["--site", "shop", "--site", "acme"], [("acme", 2), ("acme", 0), ("shop", 0)]),
    ],
)
def test_only_what_was_asked_for(spent: Path, arguments: list[str], days: list[tuple[str, int]]) -> None:
    report = json.loads(run("--format", "json", *arguments).stdout)
    found = [(day["site"], (TODAY - date.fromisoformat(day["day"])).days) for day in report["days"]]
    assert found == days


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "2026-02-02", "--days", "3"], "--since or --days, not both"),
        (["--since", "2026-02-02", "--until", "2026-02-01"], "--since 2026-02-02 is after 2026-02-01"),
        (["--since", "yesterday"], "'yesterday' does not match"),
        (["--days", "0"], "0 is not in the range"),
        (["--days", "99999999999999"], "write a smaller --days"),
        (["--site", "acmee"], "No site has the key 'acmee'. There are: acme, shop."),
    ],
)
def test_what_can_not_be_meant_is_said_and_status_2(spent: Path, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_site_that_is_not_configured_any_more_is_still_told_of(spent: Path) -> None:
    config = spent / "widget.toml"
    config.write_text(config.read_text().partition("[sites.shop]")[0])
    assert [day["site"] for day in json.loads(run("--site", "shop", "--format", "json").stdout)["days"]] == [
        "shop"
    ]


def test_where_there_is_no_ledger_none_is_made(folder: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert f"There is no ledger at {folder}/ledger.sqlite3 yet" in result.stdout
    assert not (folder / "ledger.sqlite3").exists(), "it would belong to whoever looked, not to the server"


@pytest.mark.parametrize(
    ("form", "stdout"), [("csv", "day,site,spent,running,unknown,released,counted\n"), ("json", None)]
)
def test_machines_get_a_whole_answer_of_nothing_too(folder: Path, form: str, stdout: str | None) -> None:
    Ledger(f"sqlite:///{folder}/ledger.sqlite3").own_secret()
    result = run("--format", form)
    assert result.exit_code == 0
    if stdout is None:
        assert json.loads(result.stdout)["days"] == []
        assert set(json.loads(result.stdout)["total"].values()) == {0}
    else:
        assert result.stdout == stdout
    assert "No call was reserved" in result.stderr


def test_nothing_in_these_days_is_said_in_words(spent: Path) -> None:
    result = run("--since", "2020-01-01", "--until", "2020-01-01")
    assert result.stdout == "No call was reserved on 2020-01-01 (UTC).\n"


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("postgresql://vaani:pass-canary@127.0.0.1:9/none", "VAANI_WIDGET_DATABASE_URL has its host"),
        ("sqlite:////proc/version", "VAANI_WIDGET_DATABASE_URL"),
    ],
)
def test_a_ledger_that_can_not_be_read_is_one_sentence_and_status_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, url: str, remedy: str
) -> None:
    monkeypatch.setenv("VAANI_WIDGET_DATABASE_URL", url)
    result = run("--format", "json")
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert "The ledger can't be read." in line
    assert remedy in line
    assert "pass-canary" not in result.stderr


def test_tables_of_another_version_are_named(spent: Path) -> None:
    ledger = Ledger(f"sqlite:///{spent}/ledger.sqlite3")
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE vaani_widget_meta SET value = '999' WHERE name = 'schema_version'")
    ledger.dispose()
    result = run()
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert "Its tables have schema_version 999" in line
    assert line.endswith("the day's count of calls starts anew there.")
    assert "Name a file" not in line


def test_flask_vaani_ledger_reads_the_hosts(spent: Path) -> None:
    app = Flask("host")
    app.config.update(
        VAANI_API_KEY=KEY,
        VAANI_AGENT="a",
        VAANI_WIDGET_DATABASE_URL=f"sqlite:///{spent}/ledger.sqlite3",
    )
    app.register_blueprint(vaani_widget.blueprint)
    flask = FlaskGroup(create_app=lambda: app)
    result = CliRunner().invoke(flask, ["vaani", "ledger", "--format", "json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["total"]["spent"] == 4


def test_in_an_app_without_the_widget_it_says_what_to_write() -> None:
    result = CliRunner().invoke(FlaskGroup(create_app=lambda: Flask("bare")), ["vaani", "ledger"])
    assert result.exit_code == 2
    assert "app.register_blueprint(vaani_widget.blueprint)" in result.stderr


def test_help_says_what_unknown_means() -> None:
    said = " ".join(CliRunner().invoke(cli.group, ["ledger", "--help"]).stdout.split())
    assert "a worker was killed" in said
    assert set(spending.COUNTS) <= set(said.replace(":", " ").replace(";", " ").split())


def test_seven_days_are_meant_where_nobody_says() -> None:
    assert spending.span(None, None, None, today=date(2026, 3, 3)) == spending.Span(
        date(2026, 2, 25), date(2026, 3, 3)
    )
