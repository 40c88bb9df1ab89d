"""Settings from all places and in their order; a place that can't be read stops the start."""

from __future__ import annotations

import json
import os

import pytest

from vaani_widget.settings import KEYS, load

KEY = "vaani_hush-hush"
LONG = "a-hush-hush-secret-of-thirty-two-bytes"
LEAST = {"VAANI_API_KEY": KEY, "VAANI_AGENT": "a1"}
SITES = {"acme": {"origins": ["https://www.acme.com"], "agents": ["a1"]}}


# Places and their order

EVERY = [
    # (key, attribute, in app.config, in the environment, in TOML, what comes of each)
    ("VAANI_API_KEY", "api_key", "k-app", "k-env", '"k-file"', ["k-app", "k-env", "k-file"]),
    (
        "VAANI_API_URL",
        "api_url",
        "https://app.example",
        "https://env.example/",
        '"http://127.0.0.1:9/file"',
        ["https://app.example", "https://env.example", "http://127.0.0.1:9/file"],
    ),
    ("VAANI_AGENT", "agent", "app", "env", '"file"', ["app", "env", "file"]),
    (
        "VAANI_WIDGET_SECRET_KEY",
        "secret_keys",
        [LONG + "a", LONG.encode()],
        json.dumps([LONG + "e", LONG]),
        f'["{LONG}f", "{LONG}"]',
        [(LONG.encode() + end, LONG.encode()) for end in (b"a", b"e", b"f")],
    ),
    (
        "VAANI_WIDGET_DATABASE_URL",
        "database_url",
        "sqlite:///app",
        "postgresql://env",
        '"postgresql+psycopg://file"',
        ["sqlite:///app", "postgresql://env", "postgresql+psycopg://file"],
    ),
    ("VAANI_WIDGET_TRUSTED_PROXIES", "trusted_proxies", 1, "2", "3", [1, 2, 3]),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", "upstream_timeout", 1.5, "2.5", "3", [1.5, 2.5, 3]),
    (
        "VAANI_WIDGET_METRICS_TOKEN",
        "metrics_token",
        "m-app",
        "m-env",
        '"m-file"',
        ["m-app", "m-env", "m-file"],
    ),
]


@pytest.mark.parametrize(("name", "attribute", "app", "env", "file", "comes"), EVERY)
def test_app_config_over_environment_over_file_over_default(toml, name, attribute, app, env, file, comes):
    path = toml(f"{KEYS[name].in_file} = {file}\n")
    rest = {key: value for key, value in LEAST.items() if key != name}
    for strongest, source in enumerate(("app.config", "environment", f"file {path}")):
        settings = load(
            app_config={**rest, **({name: app} if strongest < 1 else {})},
            environ={"VAANI_WIDGET_CONFIG": str(path), **({name: env} if strongest < 2 else {})},
        )
        assert getattr(settings, attribute) == comes[strongest]
        assert settings.sources[name] == source
        assert settings.sources["VAANI_WIDGET_CONFIG"] == "environment"


@pytest.mark.parametrize(("name", "attribute", "app", "env", "file", "comes"), EVERY)
def test_a_server_of_its_own_takes_environment_over_file(toml, name, attribute, app, env, file, comes):
    rest = "".join(f'{KEYS[key].in_file} = "{value}"\n' for key, value in LEAST.items() if key != name)
    path = toml(f"{rest}{KEYS[name].in_file} = {file}\n")
    settings = load(environ={name: env}, config_file=path)
    assert getattr(settings, attribute) == comes[1]
    assert settings.sources["VAANI_WIDGET_CONFIG"] == "command line"
    assert getattr(load(environ={}, config_file=path), attribute) == comes[2]


def test_sites_come_from_each_place_whole(toml):
    path = toml('api_key = "k"\n[sites.file]\norigins = ["self"]\nagents = ["a"]\n')
    in_env = {"VAANI_WIDGET_SITES": json.dumps({"env": SITES["acme"]})}
    assert list(load(environ={}, config_file=path).sites) == ["file"]
    assert list(load(environ=in_env, config_file=path).sites) == ["env"]
    in_app = {"VAANI_WIDGET_SITES": SITES, "VAANI_WIDGET_CONFIG": path}
    assert list(load(app_config=in_app, environ=in_env).sites) == ["acme"]


def test_the_file_is_named_by_the_strongest_place(toml):
    paths = {
        name: toml(f'agent = "{name}"\napi_key = "k"', f"{name}.toml") for name in ("app", "env", "line")
    }
    environ = {"VAANI_WIDGET_CONFIG": str(paths["env"])}
    assert load(environ=environ).agent == "env"
    assert load(app_config={"VAANI_WIDGET_CONFIG": paths["app"]}, environ=environ).agent == "app"
    assert load(environ=environ, config_file=paths["line"]).agent == "line"


def test_what_looks_like_nothing_is_nothing():
    environ = {"VAANI_API_KEY": "k-env", "VAANI_AGENT": "env", "VAANI_WIDGET_METRICS_TOKEN": ""}
    settings = load(app_config={"VAANI_API_KEY": None, "VAANI_AGENT": None}, environ=environ)
    assert (settings.api_key, settings.agent, settings.metrics_token) == ("k-env", "env", None)


def test_the_environment_is_the_processs_own_unless_given(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VAANI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VAANI_API_KEY", "k")
    monkeypatch.setenv("VAANI_AGENT", "from-the-process")
    assert load().agent == "from-the-process"


def test_a_byte_order_mark_is_no_mistake(toml):
    assert load(environ={}, config_file=toml(b'\xef\xbb\xbfapi_key = "k"\nagent = "a"')).agent == "a"


# Keys that do not exist


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("VAANI_API_KYE", "VAANI_API_KEY"),
        ("VAANI_WIDGET_AGENT", "VAANI_AGENT"),
        ("VAANI_WIDGET_SITE", "VAANI_WIDGET_SITES"),
        ("VAANI_SECRET_KEY", "VAANI_WIDGET_SECRET_KEY"),
    ],
)
def test_an_unknown_key_stops_in_app_config_and_warns_in_the_environment(refused, name, nearest):
    error = refused(app_config={**LEAST, name: KEY})
    assert error.key == name
    assert f"did you mean {nearest}?" in error.remedy
    warnings = load(app_config=LEAST, environ={name: KEY, "OTHER_THING": "x"}).warnings
    assert warnings == (f"{name} in the environment is no setting; did you mean {nearest}?",)


def test_an_orchestrators_names_are_warnings_of_one_line():
    environ = {"VAANI_WIDGET_PORT_80_TCP": "tcp://hush", "VAANI_ZZZ": "hush"}
    warnings = load(app_config=LEAST, environ=environ).warnings
    assert len(warnings) == 2
    assert not any("hush" in warning or "\n" in warning for warning in warnings)


def test_a_variable_that_a_site_names_is_known():
    site = {**SITES["acme"], "secret_env": "VAANI_ACME_SECRET"}
    config = {**LEAST, "VAANI_WIDGET_SITES": {"acme": site}}
    settings = load(app_config=config, environ={"VAANI_ACME_SECRET": LONG})
    assert settings.warnings == ()
    assert settings.sites["acme"].secrets == (LONG.encode(),)


def test_other_keys_of_the_app_are_none_of_ours():
    assert load(app_config={**LEAST, "VAANILLA": 1, "SECRET_KEY": None, 5: 5}, environ={}).agent == "a1"


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("api_kye = 1", "api_kye", "did you mean api_key?"),
        ("[site.acme]", "site", "did you mean sites?"),
        ('VAANI_API_KEY = "hush"', "VAANI_API_KEY", "in a file it is api_key"),
        ('config = "other.toml"', "config", "leave it out"),
        ('"a\\nb" = 1', '"a\\nb"', "the keys here are"),
        ("[sites.acme]\norigin = 1", "sites.acme.origin", "did you mean origins?"),
        ("[sites.acme]\norigins = []", "sites.acme.origins", "https://www.acme.com"),
        ("sites = 5", "sites", "table"),
        ("agent = 5", "agent", "text in quotes"),
        ("trusted_proxies = '1'", "trusted_proxies", "without quotes"),
        ('secret_key = "hush"', "secret_key", "32 bytes"),
    ],
)
def test_a_mistake_in_a_file_names_key_and_file(refused, toml, text, key, remedy):
    path = toml(text)
    environ = {name: value for name, value in LEAST.items() if KEYS[name].in_file != key}
    error = refused(environ=environ, config_file=path)
    assert error.key == key
    assert remedy in error.remedy
    assert error.remedy.endswith(f"(In {path}.)")


# Files that can't be read


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (b"api_key = vaani_hush", "line 1, column 11"),
        (b'api_key = "hush', "TOML at"),
        (b'a = 1\na = "hush"', "TOML at"),
        (b"[sites.acme", "TOML"),
        (b'api_key = "\xff\xfe"', "UTF-8"),
        (b"a = " + b"[" * 100_000, "beyond reason"),
        (b"a = " + b"9" * 5000, "beyond reason"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_the_place(refused, toml, text, remedy):
    path = toml(text)
    error = refused(config_file=path)
    assert error.key == "--config"
    assert remedy in error.remedy
    assert str(path) in error.remedy
    assert refused(environ={"VAANI_WIDGET_CONFIG": str(path)}).key == "VAANI_WIDGET_CONFIG"


def test_a_missing_file_and_a_folder(refused, tmp_path):
    error = refused(config_file=tmp_path / "none.toml")
    assert "none.toml can't be read (No such file" in error.remedy
    assert "can't be read" in refused(config_file=tmp_path).remedy
    assert "path" in refused(app_config={**LEAST, "VAANI_WIDGET_CONFIG": 5}).remedy
    assert "path" in refused(app_config={**LEAST, "VAANI_WIDGET_CONFIG": "a\0b"}).remedy
