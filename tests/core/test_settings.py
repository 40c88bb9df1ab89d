"""Settings from all places and in their order; each mistake stops the start with one line."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest

from vaani_widget.errors import SettingError
from vaani_widget.setting_keys import IN_FILE
from vaani_widget.settings import KEYS, Settings, load

KEY = "vaani_hush-hush"
LONG = "a-hush-hush-secret-of-thirty-two-bytes"
OTHER = "another-hush-hush-secret-of-thirty-two-bytes"
LEAST = {"VAANI_API_KEY": KEY, "VAANI_AGENT": "a1"}
SITES = {"acme": {"origins": ["https://www.acme.com"], "agents": ["a1"]}}


@pytest.fixture
def toml(tmp_path):
    def write(text, name="widget.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refused(**arguments):
    with pytest.raises(SettingError) as caught:
        load(**{"environ": {}, **arguments})
    message = str(caught.value)
    assert message.startswith(f"{caught.value.key}: ")
    assert "\n" not in message
    assert "hush" not in message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


# The table of keys


def test_every_key_has_a_default_and_a_meaning():
    assert len(KEYS) == 10
    for name, key in KEYS.items():
        assert key.name == name
        assert name.startswith("VAANI_")
        assert key.kind
        assert key.default
        assert key.meaning.endswith(".")


def test_names_in_a_file_are_lower_case_without_the_longest_prefix():
    assert list(IN_FILE) == [
        "api_key",
        "api_url",
        "agent",
        "sites",
        "secret_key",
        "database_url",
        "trusted_proxies",
        "upstream_timeout",
        "metrics_token",
    ]


def test_the_defaults():
    settings = load(app_config=LEAST, environ={})
    assert settings.api_key == KEY
    assert settings.api_url == KEYS["VAANI_API_URL"].value == KEYS["VAANI_API_URL"].default
    assert settings.trusted_proxies == KEYS["VAANI_WIDGET_TRUSTED_PROXIES"].value == 0
    assert settings.upstream_timeout == KEYS["VAANI_WIDGET_UPSTREAM_TIMEOUT"].value == 10
    assert (settings.database_url, settings.metrics_token, settings.secret_keys) == (None, None, ())
    assert settings.warnings == ()
    assert list(settings.sites) == ["default"]
    assert settings.sites["default"].agents == ("a1",)
    assert set(settings.sources) == set(KEYS)
    assert settings.sources["VAANI_API_KEY"] == "app.config"
    assert settings.sources["VAANI_WIDGET_SITES"] == "default"


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
def test_an_unknown_key_stops_in_app_config_and_warns_in_the_environment(name, nearest):
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


@pytest.mark.parametrize("letter", ["x", "ü"])
def test_a_key_has_thirty_two_bytes(letter):
    fits = letter * (32 // len(letter.encode()))
    short = fits[:-1]
    for key in (fits, fits.encode()):
        settings = load(app_config={**LEAST, "VAANI_WIDGET_SECRET_KEY": key}, environ={})
        assert settings.secret_keys == (fits.encode(),)
    error = refused(app_config={**LEAST, "VAANI_WIDGET_SECRET_KEY": short})
    assert f"not {len(short.encode())}" in error.remedy
    assert "python -c" in error.remedy
    for config in ({"SECRET_KEY": short}, {"SECRET_KEY": fits}):
        expected = () if config["SECRET_KEY"] is short else (fits.encode(),)
        assert load(app_config={**LEAST, **config}, environ={}).secret_keys == expected


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
def test_a_mistake_in_a_file_names_key_and_file(toml, text, key, remedy):
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
def test_a_file_that_is_no_toml_is_refused_with_the_place(toml, text, remedy):
    path = toml(text)
    error = refused(config_file=path)
    assert error.key == "--config"
    assert remedy in error.remedy
    assert str(path) in error.remedy
    assert refused(environ={"VAANI_WIDGET_CONFIG": str(path)}).key == "VAANI_WIDGET_CONFIG"


def test_a_missing_file_and_a_folder(tmp_path):
    error = refused(config_file=tmp_path / "none.toml")
    assert "none.toml can't be read (No such file" in error.remedy
    assert "can't be read" in refused(config_file=tmp_path).remedy
    assert "path" in refused(app_config={**LEAST, "VAANI_WIDGET_CONFIG": 5}).remedy
    assert "path" in refused(app_config={**LEAST, "VAANI_WIDGET_CONFIG": "a\0b"}).remedy


# Wrong values


WRONG = [
    # (key, value in app.config, part of the remedy)
    ("VAANI_API_KEY", "", "Copy it again"),
    ("VAANI_API_KEY", "hush hush", "Copy it again"),
    ("VAANI_API_KEY", "hush\n", "Copy it again"),
    ("VAANI_API_KEY", "hush\x00", "Copy it again"),
    ("VAANI_API_KEY", "h\u00fcsh-hush", "Copy it again"),
    ("VAANI_API_KEY", b"hush", "not a bytes"),
    ("VAANI_API_KEY", ["hush"], "not a list"),
    ("VAANI_API_URL", "http://api.vaanivoice.ai", "https"),
    ("VAANI_API_URL", "http://localhost.hush.example", "https"),
    ("VAANI_API_URL", "ftp://127.0.0.1", "https"),
    ("VAANI_API_URL", "api.vaanivoice.ai", "https"),
    ("VAANI_API_URL", "https://", "https"),
    ("VAANI_API_URL", "https://user:hush@api.example", "https"),
    ("VAANI_API_URL", "https://api.example?key=hush", "https"),
    ("VAANI_API_URL", "https://api.example/#hush", "https"),
    ("VAANI_API_URL", "https://api.example:99999", "https"),
    ("VAANI_API_URL", "https://[hush", "https"),
    ("VAANI_API_URL", "https://a b", "https"),
    ("VAANI_API_URL", 5, "text in quotes"),
    ("VAANI_AGENT", "", "empty"),
    ("VAANI_AGENT", "hush\nhush", "line breaks"),
    ("VAANI_AGENT", ["a1"], "not a list"),
    ("VAANI_WIDGET_SITES", [], "table"),
    ("VAANI_WIDGET_SITES", {}, "No site"),
    ("VAANI_WIDGET_SITES", '{"acme": {}}', "table"),
    ("VAANI_WIDGET_SECRET_KEY", "hush", "32 bytes"),
    ("VAANI_WIDGET_SECRET_KEY", "", "32 bytes"),
    ("VAANI_WIDGET_SECRET_KEY", b"hush", "32 bytes"),
    ("VAANI_WIDGET_SECRET_KEY", [LONG, "hush"], "32 bytes"),
    ("VAANI_WIDGET_SECRET_KEY", [], "empty"),
    ("VAANI_WIDGET_SECRET_KEY", [None], "text"),
    ("VAANI_WIDGET_SECRET_KEY", 5, "text"),
    ("VAANI_WIDGET_DATABASE_URL", "", "sqlite:"),
    ("VAANI_WIDGET_DATABASE_URL", "/var/lib/hush.sqlite3", "sqlite:"),
    ("VAANI_WIDGET_DATABASE_URL", "mysql://user:hush@db/x", "postgresql:"),
    ("VAANI_WIDGET_DATABASE_URL", "postgresql://user:hush@db/x\n", "postgresql:"),
    ("VAANI_WIDGET_DATABASE_URL", 5, "postgresql:"),
    ("VAANI_WIDGET_TRUSTED_PROXIES", -1, "whole number from 0"),
    ("VAANI_WIDGET_TRUSTED_PROXIES", 11, "to 10"),
    ("VAANI_WIDGET_TRUSTED_PROXIES", 1.0, "whole number"),
    ("VAANI_WIDGET_TRUSTED_PROXIES", True, "whole number"),
    ("VAANI_WIDGET_TRUSTED_PROXIES", "1", "without quotes"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", 0, "above 0"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", 121, "120"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", float("nan"), "above 0"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", float("inf"), "above 0"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", 10**400, "above 0"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", True, "above 0"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", "10", "without quotes"),
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", date(2026, 1, 1), "above 0"),
    ("VAANI_WIDGET_METRICS_TOKEN", "", "Copy it again"),
    ("VAANI_WIDGET_METRICS_TOKEN", "hush hush", "Copy it again"),
    ("VAANI_WIDGET_METRICS_TOKEN", 5, "not a number"),
]


@pytest.mark.parametrize(("name", "value", "remedy"), WRONG)
def test_a_wrong_value_is_one_line_that_names_its_key(name, value, remedy):
    error = refused(app_config={**LEAST, name: value})
    assert error.key == name
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("VAANI_WIDGET_SITES", '{"acme": {"secret": "hush"', "breaks at line 1, column"),
        ("VAANI_WIDGET_SITES", "[" * 100_000, "JSON"),
        ("VAANI_WIDGET_SITES", "9" * 5000, "JSON"),
        ("VAANI_WIDGET_SITES", "acme", "JSON"),
        ("VAANI_WIDGET_SITES", "[]", "table"),
        ("VAANI_WIDGET_TRUSTED_PROXIES", "two", "whole number"),
        ("VAANI_WIDGET_TRUSTED_PROXIES", "1.0", "whole number"),
        ("VAANI_WIDGET_TRUSTED_PROXIES", "٣", "whole number"),
        ("VAANI_WIDGET_UPSTREAM_TIMEOUT", "nan", "above 0"),
        ("VAANI_WIDGET_UPSTREAM_TIMEOUT", "1e1", "above 0"),
        ("VAANI_WIDGET_UPSTREAM_TIMEOUT", "0", "above 0"),
        ("VAANI_WIDGET_SECRET_KEY", "hush", "32 bytes"),
        ("VAANI_WIDGET_SECRET_KEY", '["hush-hush-hush-hush-hush-hush-hush', "JSON list"),
        ("VAANI_WIDGET_SECRET_KEY", '["hush"]', "32 bytes"),
        ("VAANI_API_KEY", " hush", "Copy it again"),
    ],
)
def test_a_wrong_text_in_the_environment_likewise(name, text, remedy):
    base = {key: value for key, value in LEAST.items() if key != name}
    error = refused(app_config=base, environ={name: text})
    assert error.key == name
    assert remedy in error.remedy
    assert "without quotes" not in error.remedy


@pytest.mark.parametrize(
    "url",
    [
        "https://api.vaanivoice.ai/",
        "https://api.example:8443/v2/",
        "http://localhost:9",
        "http://127.8.8.8:9",
        "http://[::1]:9",
    ],
)
def test_addresses_of_vaani(url):
    assert load(app_config={**LEAST, "VAANI_API_URL": url}, environ={}).api_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:////var/x.db", "postgres://u:p@h/d", "postgresql+psycopg://h/d"]
)
def test_databases(url):
    assert load(app_config={**LEAST, "VAANI_WIDGET_DATABASE_URL": url}, environ={}).database_url == url


# What has to be there


def test_a_missing_key_and_a_missing_agent_stop_the_start():
    error = refused(app_config={"VAANI_AGENT": "a1"})
    assert error.key == "VAANI_API_KEY"
    error = refused(app_config={"VAANI_API_KEY": "k"})
    assert error.key == "VAANI_AGENT"
    assert load(app_config={"VAANI_API_KEY": "k", "VAANI_WIDGET_SITES": SITES}, environ={}).agent is None


def test_a_site_written_down_does_not_take_the_agent_of_the_default_one():
    site = {"origins": ["self"]}
    error = refused(app_config={**LEAST, "VAANI_WIDGET_SITES": {"acme": site}})
    assert error.key == "VAANI_WIDGET_SITES.acme.agents"


def test_under_test_vaanis_own_address_is_refused():
    error = refused(app_config=LEAST, testing=True)
    assert error.key == "VAANI_API_URL"
    assert "cost money" in error.remedy


@pytest.mark.parametrize(
    "arguments",
    [
        {"testing": True, "transport_given": True},
        {"testing": False, "transport_given": True},
        {"testing": True, "environ": {"VAANI_API_URL": "http://127.0.0.1:9"}},
    ],
)
def test_a_test_needs_no_key(arguments):
    settings = load(**{"app_config": {"VAANI_AGENT": "a1"}, "environ": {}, **arguments})
    assert settings.api_key == ""
    assert load(**{"app_config": LEAST, "environ": {}, **arguments}).api_key == KEY


# Secret keys of the host


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ({}, ()),
        ({"SECRET_KEY": None}, ()),
        ({"SECRET_KEY": "dev"}, ()),
        ({"SECRET_KEY": LONG}, (LONG,)),
        ({"SECRET_KEY": LONG.encode()}, (LONG,)),
        ({"SECRET_KEY": LONG, "SECRET_KEY_FALLBACKS": [OTHER, "short", None, 5]}, (LONG, OTHER)),
        ({"SECRET_KEY": "dev", "SECRET_KEY_FALLBACKS": [OTHER]}, ()),
        ({"SECRET_KEY": None, "SECRET_KEY_FALLBACKS": [OTHER]}, ()),
        ({"SECRET_KEY": "ü" * 16}, ("ü" * 16,)),
        ({"SECRET_KEY": 5}, ()),
        ({"SECRET_KEY": LONG, "SECRET_KEY_FALLBACKS": "x" * 40}, (LONG,)),
    ],
)
def test_the_hosts_keys_are_used_where_they_are_long_enough(config, keys):
    settings = load(app_config={**LEAST, **config}, environ={})
    assert settings.secret_keys == tuple(key.encode() for key in keys)
    source = "app.config SECRET_KEY" if keys else "default"
    assert settings.sources["VAANI_WIDGET_SECRET_KEY"] == source


def test_the_hosts_keys_may_be_handed_in_and_our_own_are_stronger():
    settings = load(app_config=LEAST, environ={}, host_secret_keys=[LONG, OTHER])
    assert settings.secret_keys == (LONG.encode(), OTHER.encode())
    own = {"VAANI_WIDGET_SECRET_KEY": OTHER}
    settings = load(app_config={**LEAST, "SECRET_KEY": LONG}, environ=own, host_secret_keys=[LONG])
    assert settings.secret_keys == (OTHER.encode(),)
    assert settings.sources["VAANI_WIDGET_SECRET_KEY"] == "environment"


# Nothing secret is shown


def test_no_secret_is_in_a_repr():
    settings = load(
        app_config={
            **LEAST,
            "VAANI_WIDGET_SECRET_KEY": [LONG, OTHER],
            "VAANI_WIDGET_METRICS_TOKEN": "hush-metrics",
            "VAANI_WIDGET_DATABASE_URL": "postgresql://me:hush-word@db/widget",
            "VAANI_WIDGET_SITES": {"acme": {**SITES["acme"], "secret": LONG}},
        },
        environ={},
    )
    shown = [
        repr(settings),
        f"{settings!r}",
        repr((settings.api_key, settings.secret_keys, settings.metrics_token, settings.database_url)),
        repr(settings.sites["acme"].secrets),
        repr(vars(settings)),
    ]
    for text in shown:
        assert "hush" not in text
    assert str(settings.api_key) == KEY
    assert f"{settings.metrics_token}" == "hush-metrics"


def test_settings_can_not_be_changed():
    settings = load(app_config=LEAST, environ={})
    assert isinstance(settings, Settings)
    with pytest.raises(AttributeError):
        settings.api_url = "https://other.example"
    with pytest.raises(TypeError):
        settings.sites["x"] = None


def test_nothing_but_the_file_is_opened(monkeypatch, toml):
    opened = []
    path = toml("agent = 'a1'")
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: opened.append(self) or read(self))
    load(app_config={"VAANI_API_KEY": "k", "VAANI_WIDGET_CONFIG": str(path)}, environ={})
    assert opened == [path]
