"""Registering reads and checks settings, and does nothing else; one blueprint serves any number of apps."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, render_template_string

import vaani_widget
from tests.server.conftest import Kit, MakeKit, is_problem
from vaani_widget import AlreadyRegistered, SettingError, VaaniWidget, blueprint, services
from vaani_widget.sites import NO_AGENT
from vaani_widget.testing import VaaniTransport, install

MINIMAL = {"VAANI_API_KEY": "vaani_x", "VAANI_AGENT": "demo", "SECRET_KEY": "h" * 32}


def app_with(tmp_path: Path, **config: object) -> Flask:
    app = Flask("host", instance_path=str(tmp_path / "instance"))
    app.config.from_mapping({**MINIMAL, **config})
    return app


def run(tmp_path: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VAANI_", "FLASK_"))}
    return subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_opens_no_socket_no_file_and_starts_no_thread(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        from flask import Flask
        import vaani_widget

        def app():
            app = Flask("host", instance_path=sys.argv[1])
            app.config.update(VAANI_API_KEY="vaani_x", VAANI_AGENT="demo")
            app.register_blueprint(vaani_widget.blueprint)

        app()                          # imports are done now
        seen = []
        sys.addaudithook(lambda event, args: seen.append((event, args)))
        app()
        touched = ("open", "socket.", "sqlite3.", "os.mkdir", "_thread", "subprocess", "shutil", "os.listdir")
        print([one for one in seen if one[0].startswith(touched)])
        """)
    )
    done = run(tmp_path, str(script), str(tmp_path / "instance"))
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
    assert not (tmp_path / "instance").exists()


def test_both_ways_of_registering_do_the_same(tmp_path: Path) -> None:
    apps = [app_with(tmp_path) for _ in range(4)]
    apps[0].register_blueprint(blueprint)
    VaaniWidget(apps[1])
    VaaniWidget().init_app(apps[2])
    apps[3].register_blueprint(vaani_widget.blueprint, url_prefix="/vaani")
    rules = [{(rule.rule, rule.endpoint) for rule in app.url_map.iter_rules()} for app in apps]
    assert rules[0] == rules[1] == rules[2] == rules[3]
    assert all(app.test_client().get("/vaani/healthz").status_code == 200 for app in apps)


@pytest.mark.parametrize(
    "again",
    [
        lambda app: app.register_blueprint(blueprint),
        lambda app: app.register_blueprint(blueprint, name="second", url_prefix="/second"),
        VaaniWidget,
    ],
    ids=["the same way", "under another name", "the other way"],
)
def test_twice_on_one_app_is_an_error_with_a_name(tmp_path: Path, again: Callable[[Flask], object]) -> None:
    app = app_with(tmp_path)
    app.register_blueprint(blueprint)
    with pytest.raises(AlreadyRegistered, match="already"):
        again(app)


def test_two_apps_in_one_process_know_nothing_of_each_other(make_kit: MakeKit) -> None:
    one = make_kit(VAANI_AGENT="first", SECRET_KEY="1" * 32)
    two = make_kit(VAANI_AGENT="second", SECRET_KEY="2" * 32, url_prefix="/voice")

    def token(kit: Kit, prefix: str) -> str:
        page = {"Origin": "http://localhost"}
        answer = kit.client.post(f"{prefix}/v1/sites/default/token", json={}, headers=page)
        assert answer.status_code == 201
        return str(answer.json["site_token"])  # type: ignore[index]

    def call(kit: Kit, prefix: str, token: str) -> object:
        page = {"Origin": "http://localhost"}
        return kit.client.post(f"{prefix}/v1/calls", json={"site_token": token}, headers=page)

    first, second = token(one, "/vaani"), token(two, "/voice")
    is_problem(call(one, "/vaani", second), "token_invalid", 401)  # type: ignore[arg-type]
    is_problem(call(two, "/voice", first), "token_invalid", 401)  # type: ignore[arg-type]
    assert call(one, "/vaani", first).status_code == 201  # type: ignore[attr-defined]
    assert call(two, "/voice", second).status_code == 201  # type: ignore[attr-defined]
    assert [one.vaani.bodies, two.vaani.bodies] == [[{"agent_id": "first"}], [{"agent_id": "second"}]]


def test_a_factory_may_run_as_often_as_it_likes(tmp_path: Path) -> None:
    extension = VaaniWidget()

    def create_app() -> Flask:
        app = app_with(tmp_path)
        extension.init_app(app)
        return app

    assert all(create_app().test_client().get("/vaani/healthz").status_code == 200 for _ in range(3))


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"VAANI_API_KEY": None}, "VAANI_API_KEY"),
        ({"VAANI_AGENT": None}, "VAANI_AGENT"),
        ({"VAANI_WIDGET_SITE": {}}, "VAANI_WIDGET_SITE"),
        ({"VAANI_WIDGET_DATABASE_URL": "mysql://x/y"}, "VAANI_WIDGET_DATABASE_URL"),
        ({"VAANI_WIDGET_DATABASE_URL": "sqlite://"}, "VAANI_WIDGET_DATABASE_URL"),
        ({"VAANI_WIDGET_SECRET_KEY": "short"}, "VAANI_WIDGET_SECRET_KEY"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_its_name(
    tmp_path: Path, config: dict[str, object], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("VAANI_")]:
        monkeypatch.delenv(name)
    with pytest.raises(SettingError) as stopped:
        app_with(tmp_path, **config).register_blueprint(blueprint)
    assert stopped.value.key == key
    assert "\n" not in str(stopped.value)


def test_warnings_are_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VAANI_WIDGET_SITEZ", "{}")
    app_with(tmp_path).register_blueprint(blueprint)
    assert "VAANI_WIDGET_SITEZ" in caplog.text


def test_a_disk_that_forgets_is_named_at_the_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(services.disk, "unfit", lambda path: f"on tmpfs, {path.name} that is")
    app = app_with(tmp_path)
    app.register_blueprint(blueprint)
    assert "tmpfs" not in caplog.text
    for _ in range(2):
        assert app.test_client().get("/vaani/readyz").status_code == 200
    assert [record.levelno for record in caplog.records if "tmpfs" in record.getMessage()] == [
        logging.WARNING
    ]
    assert (tmp_path / "instance" / "vaani_widget.sqlite3").exists()
    app.extensions["vaani_widget"].services.close()


class TestUnderTest:
    @pytest.fixture
    def bare(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
        """A host's app whose tests know nothing of us."""
        for name in [name for name in os.environ if name.startswith("VAANI_")]:
            monkeypatch.delenv(name)
        app = Flask("host", instance_path=str(tmp_path / "instance"))
        app.testing = True
        return app

    def token(self, app: Flask) -> str:
        page = {"Origin": "http://localhost"}
        answer = app.test_client().post("/vaani/v1/sites/default/token", json={}, headers=page)
        return str(answer.get_json()["site_token"])

    def call(self, app: Flask, token: str) -> int:
        page = {"Origin": "http://localhost"}
        body = {"site_token": token}
        return app.test_client().post("/vaani/v1/calls", json=body, headers=page).status_code

    def test_an_app_that_never_calls_needs_nothing(self, bare: Flask) -> None:
        bare.register_blueprint(blueprint)
        bare.add_url_rule("/", "home", lambda: render_template_string("{{ vaani_widget() }}"))
        assert bare.test_client().get("/vaani/healthz").status_code == 200
        assert "/vaani/widget.js" in bare.test_client().get("/").text

    def test_a_call_needs_something_in_vaanis_place(self, bare: Flask, tmp_path: Path) -> None:
        bare.register_blueprint(blueprint)
        token = self.token(bare)
        with pytest.raises(SettingError, match=r"vaani_widget\.testing"):
            self.call(bare, token)
        vaani = install(bare, tmp_path)
        assert self.call(bare, self.token(bare)) == 201
        assert vaani.bodies == [{"agent_id": NO_AGENT}]
        bare.extensions["vaani_widget"].services.close()

    @pytest.mark.parametrize("still", [True, False], ids=["still under test", "no longer"])
    def test_a_call_to_a_server_of_ones_own_needs_an_agent(self, bare: Flask, still: bool) -> None:
        bare.config["VAANI_API_URL"] = "http://127.0.0.1:9"
        bare.register_blueprint(blueprint)
        token = self.token(bare)
        bare.config.update(TESTING=still, PROPAGATE_EXCEPTIONS=True)
        with pytest.raises(SettingError, match="name the one to talk to") as refused:
            self.call(bare, token)
        assert refused.value.key == "VAANI_AGENT"
        bare.extensions["vaani_widget"].services.close()

    def test_it_is_a_test_before_it_is_registered(self, bare: Flask) -> None:
        """Else a server that forgot its agent would start, and refuse every visitor."""
        bare.testing = False
        bare.config["VAANI_API_KEY"] = "vaani_x"
        with pytest.raises(SettingError, match="VAANI_AGENT"):
            bare.register_blueprint(blueprint)
        with pytest.raises(SettingError, match="VAANI_AGENT"):
            VaaniWidget(Flask("other"), transport=VaaniTransport())

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_call_that_would_cost_money_is_refused(self, tmp_path: Path, when: str) -> None:
        app = app_with(tmp_path, TESTING=when == "before")
        app.register_blueprint(blueprint)
        app.config["TESTING"] = True
        client, page = app.test_client(), {"Origin": "http://localhost"}
        token = client.post("/vaani/v1/sites/default/token", json={}, headers=page).json["site_token"]  # type: ignore[index]
        with pytest.raises(SettingError, match=r"vaani_widget\.testing"):
            client.post("/vaani/v1/calls", json={"site_token": token}, headers=page)
        vaani = install(app, tmp_path)
        assert client.post("/vaani/v1/calls", json={"site_token": token}, headers=page).status_code == 201
        assert len(vaani.bodies) == 1
        app.extensions["vaani_widget"].services.close()

    def test_an_address_set_on_purpose_is_taken(self, tmp_path: Path) -> None:
        app = app_with(tmp_path, TESTING=True, VAANI_API_URL="http://127.0.0.1:9")
        app.register_blueprint(blueprint)
        assert app.extensions["vaani_widget"].services.vaani


APP = """
from flask import Flask
import vaani_widget

def create_app():
    app = Flask("host", instance_path="/dev/null/instance")
    app.config.update(VAANI_API_KEY="vaani_x", VAANI_AGENT="demo")
    app.register_blueprint(vaani_widget.blueprint)
    return app
"""


def test_flask_routes_with_an_instance_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APP)
    done = run(tmp_path, "-m", "flask", "--app", "shop", "routes")
    assert done.returncode == 0, done.stderr
    for endpoint in (
        "widget_js",
        "site_widget_js",
        "asset",
        "site_token",
        "calls",
        "progress",
        "call_page",
        "healthz",
        "readyz",
    ):
        assert f"vaani_widget.{endpoint} " in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == ["shop.py"]


def test_flask_finds_the_server_of_its_own(tmp_path: Path) -> None:
    settings = {"VAANI_API_KEY": "vaani_x", "VAANI_AGENT": "demo"}
    done = run(tmp_path, "-m", "flask", "--app", "vaani_widget", "routes", **settings)
    assert done.returncode == 0, done.stderr
    assert "vaani_widget.calls" in done.stdout
    assert "root " in done.stdout


def test_the_names_that_are_promised_are_there() -> None:
    for name in vaani_widget.__all__:
        assert getattr(vaani_widget, name) is not None
        assert name in dir(vaani_widget)
    with pytest.raises(AttributeError):
        vaani_widget.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_signing_a_grant_elsewhere_loads_no_flask(tmp_path: Path) -> None:
    script = "import sys, vaani_widget.tokens; print({'flask', 'sqlalchemy'} & set(sys.modules))"
    assert run(tmp_path, "-c", script).stdout.strip() == "set()"
