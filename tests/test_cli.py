"""The commands, under both their names, and what doctor finds."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from werkzeug.middleware.proxy_fix import ProxyFix

import vaani_widget
from tests.parts.serving import serve
from vaani_widget import challenges, cli, disk, doctor_checks, findings, server
from vaani_widget.errors import ConfigurationError
from vaani_widget.web import bundle

KEY = "vaani_00000000000000000000000000"


class Vaani:
    """An address that answers 404 to everything: reachable, and no call comes of asking it."""

    def __call__(self, environ, start_response):
        start_response("404 Not Found", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("VAANI_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def vaani_address():
    with serve(Vaani()) as address:
        yield address


@pytest.fixture
def config(tmp_path: Path, vaani_address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with nothing wrong in it. Its ledger lies on a disk that tests can have: any."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAANI_API_KEY", KEY)
    path = tmp_path / "widget.toml"
    path.write_text(
        f'api_url = "{vaani_address}"\n'
        "trusted_proxies = 1\n"
        f'database_url = "sqlite:///{tmp_path}/ledger.sqlite3"\n'
        "[sites.acme]\n"
        'origins = ["https://www.acme.com"]\n'
        'agents = ["a"]\n'
    )
    return path


def run(*arguments: object, group=cli.group):
    return CliRunner().invoke(group, [str(argument) for argument in arguments])


def found(config: Path, level: str) -> dict[str, dict[str, str]]:
    """What doctor says at this level, by what it is about."""
    report = json.loads(run("doctor", "--config", config, "--json").stdout)
    return {each["about"]: each for each in report["findings"] if each["level"] == level}


def host_app(**settings: object) -> Flask:
    app = Flask("host")
    app.config.update(VAANI_API_KEY=KEY, VAANI_AGENT="a", **settings)
    app.register_blueprint(vaani_widget.blueprint)
    return app


def in_host(app: Flask, *arguments: str):
    """`flask vaani …` as Flask itself would run it, with the entry point that the package declares."""
    return run("vaani", *arguments, group=FlaskGroup(create_app=lambda: app))


def test_version() -> None:
    assert run("--version").stdout == "vaani-widget 0.1.0\n"


def test_a_whole_server_has_no_problem(config: Path) -> None:
    result = run("doctor", "--config", config, "--json")
    report = json.loads(result.stdout)
    assert report["ok"], report
    assert result.exit_code == 0
    fine = {each["about"] for each in report["findings"] if each["level"] == "ok"}
    assert {"settings", "key", "site acme", "database", "secret key", "bundle", "vaani", "proxy"} <= fine


def test_no_secret_is_in_what_doctor_says(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAANI_WIDGET_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("VAANI_WIDGET_METRICS_TOKEN", "metrics-token-0000")
    monkeypatch.setenv("VAANI_WIDGET_DATABASE_URL", "postgresql://vaani:pass-0000@127.0.0.1:9/none")
    said = run("doctor", "--config", config).stdout + run("doctor", "--config", config, "--json").stdout
    assert "VAANI_WIDGET_SECRET_KEY from environment" in said
    for secret in (KEY, "s" * 40, "metrics-token-0000", "pass-0000"):
        assert secret not in said


def test_every_warning_and_problem_has_a_remedy(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAANI_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("VAANI_WIDGET_DATABASE_URL", "sqlite:////proc/ledger.sqlite3")
    report = json.loads(run("doctor", "--config", config, "--json").stdout)
    bad = [each for each in report["findings"] if each["level"] != "ok"]
    assert {"vaani", "database"} <= {each["about"] for each in bad}
    assert all(each["remedy"] for each in bad)


def test_a_wrong_setting_is_a_problem_that_names_the_key(config: Path) -> None:
    config.write_text(config.read_text() + "[sites.acme.limits]\nrunning = 0\n")
    result = run("doctor", "--config", config)
    assert result.exit_code == 1
    assert "PROBLEM" in result.stdout
    assert "sites.acme.limits.running" in result.stdout
    assert "→" in result.stdout


def test_a_missing_key_is_a_problem(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAANI_API_KEY")
    result = run("doctor", "--config", config)
    assert result.exit_code == 1
    assert "VAANI_API_KEY" in result.stdout


def test_a_key_of_another_shape_is_a_warning(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAANI_API_KEY", "sk-0000000000000000000000")
    assert "does not begin with vaani_" in found(config, "warning")["key"]["what"]


def test_an_unknown_name_in_the_environment_is_a_warning(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAANI_WIDGET_DATABSE_URL", "sqlite:///x")
    warned = found(config, "warning")["settings"]
    assert "VAANI_WIDGET_DATABSE_URL" in warned["what"]
    assert "VAANI_WIDGET_DATABASE_URL" in warned["remedy"]


@pytest.mark.parametrize(
    ("origins", "said"),
    [
        ('["http://www.acme.com"]', "no microphone"),
        ('["https://www.acme.com", "http://localhost:3000"]', "any local page"),
        ('["https://www.acme.com", "https://*.acme.com"]', "covers it"),
        ('["https://www.example.com"]', "placeholder"),
        ('["https://shop.test"]', "placeholder"),
        ('["https://*.vercel.app"]', "everybody's: whoever gets a name below vercel.app"),
        ('["https://*.gov.in:8443"]', "everybody's: whoever gets a name below gov.in"),
    ],
)
def test_origins_that_do_harm_or_nothing_are_warnings(config: Path, origins: str, said: str) -> None:
    config.write_text(config.read_text().replace('["https://www.acme.com"]', origins))
    assert said in found(config, "warning")["site acme"]["what"]


def test_loopback_alone_is_fine(config: Path) -> None:
    config.write_text(config.read_text().replace("https://www.acme.com", "http://localhost:3000"))
    assert "site acme" in found(config, "ok")
    assert "site acme" not in found(config, "warning")


def test_a_site_that_is_off_is_a_warning(config: Path) -> None:
    config.write_text(config.read_text() + "enabled = false\n")
    assert "switched off" in found(config, "warning")["site acme"]["what"]


def test_a_database_that_is_not_there_is_a_problem(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAANI_WIDGET_DATABASE_URL", "postgresql://vaani@127.0.0.1:9/none")
    assert run("doctor", "--config", config).exit_code == 1
    assert "VAANI_WIDGET_DATABASE_URL" in found(config, "problem")["database"]["remedy"]


def test_a_ledger_in_memory_disks_is_a_warning(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "unfit", lambda path: "on tmpfs: memory, which is wiped at every restart")
    assert "tmpfs" in found(config, "warning")["disk"]["what"]


def test_a_full_disk_is_a_warning(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "LITTLE_SPACE", 2**80)
    assert "MB are free" in found(config, "warning")["disk"]["what"]


def test_vaani_out_of_reach_is_a_problem_and_says_that_proxies_are_ignored(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    config.write_text(config.read_text().replace("api_url", "#"))
    monkeypatch.setenv("VAANI_API_URL", "http://127.0.0.1:9")
    what = found(config, "problem")["vaani"]["what"]
    assert "upstream_unavailable" in what
    assert "HTTPS_PROXY is set and ignored" in what


def test_a_missing_bundle_is_a_problem(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle, "dist", lambda: tmp_path / "nowhere")
    assert "bundle" in found(config, "problem")


@pytest.mark.parametrize(("file", "level"), [("panel-*.js", "problem"), ("panel-*.js.br", "warning")])
def test_a_bundle_that_is_not_whole_is_found(
    file: str, level: str, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = shutil.copytree(Path(str(bundle.dist())), tmp_path / "dist")
    next(broken.glob(f"assets/{file}")).unlink()
    monkeypatch.setattr(bundle, "dist", lambda: broken)
    assert "bundle" in found(config, level)


def test_no_trusted_proxy_before_public_origins_is_a_warning(config: Path) -> None:
    config.write_text(config.read_text().replace("trusted_proxies = 1\n", ""))
    assert "VAANI_WIDGET_TRUSTED_PROXIES" in found(config, "warning")["proxy"]["remedy"]


def test_a_metrics_token_opens_metrics(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "metrics" not in found(config, "ok")
    monkeypatch.setenv("VAANI_WIDGET_METRICS_TOKEN", "m" * 32)
    assert "metrics" in found(config, "ok")
    monkeypatch.setenv("VAANI_WIDGET_METRICS_TOKEN", "short")
    assert "can be guessed" in found(config, "warning")["metrics"]["what"]


def test_a_metrics_token_without_the_extra_is_a_problem(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAANI_WIDGET_METRICS_TOKEN", "m" * 32)
    monkeypatch.setattr(doctor_checks, "find_spec", lambda name: None)
    assert found(config, "problem")["metrics"]["remedy"] == "pip install 'vaani-widget[metrics]'"


def test_a_challenge_that_can_t_be_asked_is_a_warning(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def about(level: str) -> set[str]:
        return set(found(config, level))

    assert ("challenge" in about("ok"), "challenge" in about("warning")) == (True, False)
    monkeypatch.setattr(challenges, "find_spec", lambda name: None)
    said = found(config, "warning")["challenge"]
    assert said["what"] == "The challenge of acme is off: the extra [challenge] is not installed."
    assert "pip install 'vaani-widget[challenge]'" in said["remedy"]
    config.write_text(config.read_text().replace("[sites.acme]", '[sites.acme]\nchallenge = "off"'))
    assert "challenge" not in about("warning") | about("ok")


def test_flask_vaani_doctor_sees_the_hosts_settings(tmp_path: Path, vaani_address: str) -> None:
    app = host_app(
        SECRET_KEY="k" * 32,
        VAANI_API_URL=vaani_address,
        VAANI_WIDGET_DATABASE_URL=f"sqlite:///{tmp_path}/host.sqlite3",
    )
    app.wsgi_app = ProxyFix(app.wsgi_app)
    result = in_host(app, "doctor", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0, report
    whats = {each["about"]: each["what"] for each in report["findings"]}
    assert "VAANI_AGENT from app.config" in whats["settings"]
    assert "app.config SECRET_KEY" in whats["secret key"]
    assert "1 proxy in front is trusted" in whats["proxy"]


def test_flask_vaani_doctor_in_an_app_without_the_widget() -> None:
    result = in_host(Flask("bare"), "doctor")
    assert result.exit_code == 1
    assert "app.register_blueprint(vaani_widget.blueprint)" in result.stdout


@pytest.mark.parametrize("name", ["serve", "demo"])
def test_flask_vaani_runs_nothing_that_would_not_look_at_the_app(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "run", lambda load, **options: pytest.fail("it served without the app"))
    result = in_host(host_app(), name, "--port", "0")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert f"`vaani-widget {name}`" in result.stderr
    assert name not in [line.split()[0] for line in in_host(host_app(), "--help").stdout.splitlines() if line]
    assert name in [line.split()[0] for line in run("--help").stdout.splitlines() if line]


def test_an_app_under_test_does_not_ask_vaani(tmp_path: Path) -> None:
    app = host_app(TESTING=True, VAANI_WIDGET_DATABASE_URL=f"sqlite:///{tmp_path}/host.sqlite3")
    report = json.loads(in_host(app, "doctor", "--json").stdout)
    (finding,) = [each for each in report["findings"] if each["about"] == "vaani"]
    assert finding["level"] == "warning"
    assert "under test" in finding["what"]


def test_serve_with_a_wrong_setting_is_one_line_and_status_2(config: Path) -> None:
    config.write_text(config.read_text().replace("origins", "origin"))
    result = run("serve", "--config", config)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "sites.acme.origin" in result.stderr


def test_serve_with_a_file_that_is_not_there_is_one_line_and_status_2(tmp_path: Path) -> None:
    result = run("serve", "--config", tmp_path / "none.toml")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "none.toml" in result.stderr


def test_serve_hands_everything_to_the_server(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {}
    monkeypatch.setattr(server, "run", lambda load, **options: given.update(app=load(), **options))
    result = run("serve", "--config", config, "--host", "::1", "--port", 0, "--workers", 3, "--threads", 4)
    assert result.exit_code == 0, result.output
    assert "acme" in given["app"].extensions["vaani_widget"].settings.sites
    assert [given[name] for name in ("host", "port", "workers", "threads")] == ["::1", 0, 3, 4]


def test_serve_says_at_the_start_what_does_not_hold(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "run", lambda load, **options: load())
    monkeypatch.setattr(disk, "unfit", lambda path: "on overlay: a container's own layer")
    monkeypatch.setattr(challenges, "find_spec", lambda name: None)
    monkeypatch.setenv("VAANI_WIDGET_METRICS_TOKEN", "short")
    said = run("serve", "--config", config).stdout
    assert "VAANI_WIDGET_METRICS_TOKEN has fewer" in said
    assert "on overlay" in said
    assert "The challenge of acme is off" in said


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_serving_without_the_extra_is_one_sentence(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("gunicorn", "waitress"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'vaani-widget\[server\]'"):
        server.run(lambda: Flask("none"), host="127.0.0.1", port=0, workers=1, threads=1)


def test_table_wraps_and_counts() -> None:
    text = findings.as_table(
        [findings.ok("key", "Set."), findings.problem("database", "word " * 40, "Do this."), ], 80
    )  # fmt: skip
    assert max(map(len, text.splitlines())) <= 80
    assert text.endswith("1 problem, no warnings.")


MOUNTS = r"""
22 1 0:20 / / rw,relatime - overlay overlay rw
23 22 8:1 / /data rw,relatime shared:1 - ext4 /dev/sda1 rw
24 23 0:30 / /data/with\040space rw - nfs4 server:/x rw
25 22 0:31 / /dev/shm rw - tmpfs tmpfs rw
26 22 0:32 / /again rw - ext4 /dev/sdb1 rw
27 22 0:33 / /again rw - tmpfs tmpfs rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("/srv/ledger.sqlite3", "overlay", "container's own layer"),
        ("/data/ledger.sqlite3", "ext4", None),
        ("/database/ledger.sqlite3", "overlay", "container's own layer"),
        ("/data/with space/ledger.sqlite3", "nfs4", "network file system"),
        ("/dev/shm/ledger.sqlite3", "tmpfs", "memory"),
        ("/again/ledger.sqlite3", "tmpfs", "memory"),
    ],
)
def test_disk_under_a_path(path: str, kind: str, said: str | None) -> None:
    assert disk.filesystem(Path(path), MOUNTS) == kind
    unfit = disk.unfit(Path(path), MOUNTS)
    assert unfit is None if said is None else said in unfit
