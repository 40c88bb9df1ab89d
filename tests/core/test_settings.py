"""What settings there are, what has to be there, and that nothing secret shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaani_widget.setting_keys import IN_FILE
from vaani_widget.settings import KEYS, Settings, load

KEY = "vaani_hush-hush"
LONG = "a-hush-hush-secret-of-thirty-two-bytes"
OTHER = "another-hush-hush-secret-of-thirty-two-bytes"
LEAST = {"VAANI_API_KEY": KEY, "VAANI_AGENT": "a1"}
SITES = {"acme": {"origins": ["https://www.acme.com"], "agents": ["a1"]}}


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


# What has to be there


def test_a_missing_key_and_a_missing_agent_stop_the_start(refused):
    error = refused(app_config={"VAANI_AGENT": "a1"})
    assert error.key == "VAANI_API_KEY"
    error = refused(app_config={"VAANI_API_KEY": "k"})
    assert error.key == "VAANI_AGENT"
    assert load(app_config={"VAANI_API_KEY": "k", "VAANI_WIDGET_SITES": SITES}, environ={}).agent is None


def test_a_site_written_down_does_not_take_the_agent_of_the_default_one(refused):
    site = {"origins": ["self"]}
    error = refused(app_config={**LEAST, "VAANI_WIDGET_SITES": {"acme": site}})
    assert error.key == "VAANI_WIDGET_SITES.acme.agents"


def test_under_test_vaanis_own_address_is_refused(refused):
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


# Secret keys


@pytest.mark.parametrize("letter", ["x", "ü"])
def test_a_key_has_thirty_two_bytes(refused, letter):
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
