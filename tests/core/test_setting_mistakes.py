"""Each wrong value stops the start with one line that names its key."""

from __future__ import annotations

from datetime import date

import pytest

from vaani_widget.settings import load

KEY = "vaani_hush-hush"
LONG = "a-hush-hush-secret-of-thirty-two-bytes"
LEAST = {"VAANI_API_KEY": KEY, "VAANI_AGENT": "a1"}


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
    ("VAANI_WIDGET_UPSTREAM_TIMEOUT", 15.1, "up to 15"),
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
def test_a_wrong_value_is_one_line_that_names_its_key(refused, name, value, remedy):
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
def test_a_wrong_text_in_the_environment_likewise(refused, name, text, remedy):
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
