"""What the code has is documented, and what is documented the code has."""

from __future__ import annotations

import ast
import os
import re
import runpy
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import promql_parser
import pytest
import yaml

from tests.parts.slow_vaani import SlowVaani
from tests.parts.visitor import Visitor
from tests.parts.widget_server import nobodys_environment
from vaani_widget import cli, embedding, settings
from vaani_widget.errors import REFUSALS
from vaani_widget.setting_keys import KEYS
from vaani_widget.sites import SITE_KEYS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGE = (ROOT / "docs" / "page.md").read_text("utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
SOURCES = sorted((ROOT / "widget_static" / "src").rglob("*.ts*"))
TYPES = (ROOT / "widget_static" / "src" / "types.ts").read_text("utf-8")
TABLES = runpy.run_path(str(ROOT / "docs" / "tables.py"))


def blocks(language: str) -> list[tuple[str, str]]:
    """Every code block of a language, with the page it stands on."""
    return [
        (page.name, code)
        for page in PAGES
        for code in re.findall(
            rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
    ]


def first_column(text: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def union(name: str) -> set[str]:
    """The texts of a union type in types.ts."""
    return set(re.findall(r'"([^"]+)"', re.search(rf"export type {name} =(.*?);", TYPES, re.DOTALL)[1]))


@pytest.mark.parametrize("written", TABLES["PAGES"], ids=lambda page: page.name)
def test_tables_are_those_of_the_source(written: Path) -> None:
    text = written.read_text("utf-8")
    assert "made by docs/tables.py" in text
    assert text == TABLES["renewed"](text), "run make docs"


def test_every_attribute_of_the_source_is_in_the_table() -> None:
    written = {name for name, _, _ in TABLES["attributes"]()}
    source = TABLES["ATTRIBUTES"].read_text("utf-8")
    assert len(written) == len(re.findall(r": (?:TEXT|BOOLEAN|NUMBER|JSON_OBJECT),", source))
    assert written <= first_column(README)
    assert {name.replace("-", "_") for name in written} == {*embedding.ATTRIBUTES, "site", "metadata"}


def test_every_setting_is_documented() -> None:
    assert set(KEYS) <= first_column(README)


def test_every_key_of_a_site_is_documented() -> None:
    sites = README.partition("### A site")[2].partition("## Attributes")[0]
    table, limits = sites.split("| in `limits` |")
    assert first_column(table) == set(SITE_KEYS)
    assert first_column(limits) == {"visitor", "site", "running", "minutes_per_call"}


def test_every_code_is_documented() -> None:
    server, browser = ERRORS.split("## From the browser")
    assert first_column(server) == set(REFUSALS)
    assert set(TABLES["WHAT_TO_DO"]) == set(REFUSALS)
    assert first_column(browser) == union("BrowserCode") | {"cancelled"}


def test_every_event_is_documented() -> None:
    emitted = {
        event for source in SOURCES for event in re.findall(r'"(vaani-[a-z-]+)"', source.read_text("utf-8"))
    }
    emitted -= {"vaani-widget"}
    assert len(emitted) >= 10
    listed = set(re.findall(r"`(vaani-[a-z-]+)`", README.partition("## Events and methods")[2]))
    assert listed - {"vaani-widget"} == emitted
    events = PAGE.partition("## Events")[2].partition("## Look")[0]
    assert {event for event in emitted if f"`{event}`" not in events} == set()


def test_every_state_and_reason_is_documented() -> None:
    for name in ("State", "EndReason"):
        assert {word for word in union(name) if f"`{word}`" not in PAGE} == set()


def test_every_method_is_documented() -> None:
    element = (ROOT / "widget_static" / "src" / "loader" / "element.ts").read_text("utf-8")
    listed = re.findall(r"`(\w+)\([\w, ]*\)`", README.partition("Methods:")[2].partition("\n")[0])
    assert len(listed) == 9
    for method in listed:
        assert re.search(rf'^  (async )?{method}\(|"{method}"', element, re.MULTILINE), method
        assert f"`{method}(" in PAGE


def test_every_command_and_option_is_documented() -> None:
    table = README.partition("### Commands")[2].partition("## Settings")[0]
    commands = cli.group.commands
    assert first_column(table) == set(commands)
    for name, command in commands.items():
        (row,) = re.findall(rf"^\| `{name}` \|.*$", table, re.MULTILINE)
        options = {
            option
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for option in parameter.opts
        }
        assert {option for option in options if f"`{option}`" not in row} == set(), name


def test_commands_in_the_documentation_exist() -> None:
    shell = "\n".join(code for _, code in blocks("sh"))
    for name, rest in re.findall(r"vaani-widget (\w+)((?: --\w+ \S+)*)", shell):
        known = {option for parameter in cli.group.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--\w+", rest)) <= known
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    used = set(re.findall(r"^make (\w+)", shell, re.MULTILINE)) | set(re.findall(r"`make (\w+)", README))
    assert {"demo", "test"} <= used <= targets


def test_extras_in_the_documentation_exist() -> None:
    config = (ROOT / "setup.cfg").read_text("utf-8")
    extras = set(
        re.findall(
            r"^(\w+) =$", config.partition("[options.extras_require]")[2].partition("\n[")[0], re.MULTILINE
        )
    )
    listed = set(re.findall(r"`\[(\w+)\]`", README.partition("Extras:")[2].partition("\n")[0]))
    assert listed == extras


@pytest.mark.parametrize(("name", "code"), blocks("python"))
def test_python_parses(name: str, code: str) -> None:
    ast.parse(code)


@pytest.mark.parametrize(("name", "code"), blocks("toml"))
def test_settings_files_load(name: str, code: str, tmp_path: Path) -> None:
    tomllib.loads(code)
    config = tmp_path / "widget.toml"
    config.write_text(code, "utf-8")
    loaded = settings.load(environ={"VAANI_API_KEY": "vaani_0"}, config_file=config)
    assert "acme" in loaded.sites


@pytest.mark.parametrize(("name", "code"), blocks("yaml"))
def test_yaml_parses_and_prometheus_understands_what_is_written_for_it(name: str, code: str) -> None:
    written = yaml.safe_load(code)
    assert set(written) <= {"scrape_configs", "groups"}, f"{name}: who reads this?"
    for rule in (rule for group in written.get("groups", ()) for rule in group["rules"]):
        promql_parser.parse(rule["expr"])
        named = set(re.findall(r"vaani_widget_\w+", rule["expr"]))
        assert named
        assert named <= first_column((ROOT / "docs" / "watching.md").read_text("utf-8"))


def test_the_readmes_app_works(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [
        code for page, code in blocks("python") if page == "README.md" and "register_blueprint" in code
    ]
    monkeypatch.setenv("VAANI_API_KEY", "vaani_0")
    monkeypatch.setenv("VAANI_AGENT", "a")
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    app = names["app"]
    with app.test_request_context():
        from flask import render_template_string

        assert render_template_string("{{ vaani_widget() }}").startswith("<script async src=")


@pytest.mark.parametrize("mounted", ["as it is", "renamed", "nested"])
def test_the_readmes_login_wall_lets_the_widget_through(mounted: str) -> None:
    import vaani_widget

    (code,) = [code for page, code in blocks("python") if page == "README.md" and "login_wall" in code]
    from flask import Blueprint, Flask
    from flask_login import LoginManager

    app = Flask("walled")
    app.config.update(SECRET_KEY="k" * 32, VAANI_API_KEY="vaani_0", VAANI_AGENT="a")
    LoginManager(app).user_loader(lambda user: None)
    app.add_url_rule("/login", "login", lambda: "who are you?")
    if mounted == "nested":
        outer = Blueprint("outer", "outer")
        outer.register_blueprint(vaani_widget.blueprint)
        app.register_blueprint(outer)
    else:
        app.register_blueprint(vaani_widget.blueprint, **({"name": "voice"} if mounted == "renamed" else {}))
    exec(compile(code, "README.md", "exec"), {"app": app})
    client = app.test_client()
    assert client.get("/vaani/healthz").status_code == 200
    assert client.get("/vaani/no-such-path").status_code == 404
    assert client.get("/login").status_code == 200
    assert client.get("/account").status_code == 302


def test_the_readmes_server_does_what_the_lines_say(tmp_path: Path) -> None:
    """Pasted into a shell in a folder with nothing in it, against the local Vaani API."""
    server = README.partition("## You run the server")[2].partition("### Commands")[0]
    config, commands = re.findall(r"^```(?:toml|sh)\n(.*?)^```$", server, re.DOTALL | re.MULTILINE)
    (tmp_path / "widget.toml").write_text(config, "utf-8")
    (agent,) = tomllib.loads(config)["sites"]["acme"]["agents"]
    with SlowVaani(0) as vaani:
        vaani.agents = {"acme": agent}
        # what tests/packaging installs is here already; the key and the port are this machine's
        pasted = 'set -e\npip() { echo "pip $*"; }\n' + commands
        pasted = pasted.replace("VAANI_API_KEY=vaani_...", f"VAANI_API_KEY={vaani.api_key}")
        pasted = pasted.replace("--port 8000", "--port 0")
        environ = {**nobodys_environment(), "VAANI_API_URL": vaani.url, "PYTHONUNBUFFERED": "1"}
        environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
        with subprocess.Popen(
            ["sh", "-c", pasted], cwd=tmp_path, env=environ, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True,
        ) as shell:  # fmt: skip
            try:
                said = []
                for line in shell.stdout:
                    said.append(line)
                    if "Serving on " in line:
                        break
                assert "Serving on " in "".join(said[-1:]), said
                assert said[0] == "pip install ./vaani-widget[server]\n"
                assert f"{vaani.url} answers." in "".join(said), "doctor came after the server, or not at all"
                port = int(said[-1].rpartition(":")[2])
                visitor = Visitor(port, headers={"Origin": "https://www.acme.com"})
                assert visitor.call("acme").status == 201
                assert vaani.requests[-1].body == {"agent_id": agent, "primary_language": "en"}
            finally:
                os.killpg(shell.pid, signal.SIGTERM)
                shell.communicate(timeout=60)


def test_the_example_for_host_apps_runs(tmp_path: Path) -> None:
    for page, code in blocks("python"):
        if page == "testing.md":
            name = re.match(r"# (\w+\.py)\n", code)[1]
            (tmp_path / name).write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("written", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(written: Path) -> None:
    text = written.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (written.parent / path) if path else written
        assert file.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}, (
                target
            )


def test_the_changelog_knows_the_version() -> None:
    version = re.search(r"^version = (.+)$", (ROOT / "setup.cfg").read_text("utf-8"), re.MULTILINE)[1]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
