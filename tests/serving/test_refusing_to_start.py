"""A server that would spend for strangers does not start, and says in one line what to write instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from vaani_widget import server, server_gunicorn
from vaani_widget.cli import group

SITE = '[sites.acme]\norigins = {origins}\nagents = ["a"]\n'
OK = SITE.format(origins='["https://www.acme.com"]')
SHORT = "k" * 31


@pytest.fixture(autouse=True)
def an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VAANI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VAANI_API_KEY", "vaani_canary")
    monkeypatch.setattr(server_gunicorn._Server, "run", lambda server: None)  # as far no test here comes


def refused(config: str) -> str:
    Path("widget.toml").write_text(config)
    result = CliRunner().invoke(group, ["serve", "--config", "widget.toml"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, "one line"
    for secret in ("vaani_canary", SHORT):
        assert secret not in result.stderr
    assert [path.name for path in Path().iterdir()] == ["widget.toml"], "nothing was opened"
    return result.stderr


@pytest.mark.parametrize(
    ("origins", "remedy"),
    [
        ('["*"]', 'name yours, such as "https://www.acme.com"'),
        ('["null"]', "name the websites instead"),
        ('["https://*.com"]', 'such as "https://*.acme.com"'),
        ('["https://*"]', 'such as "https://*.acme.com"'),
        ('["https://*.*.com"]', 'such as "https://*.acme.com"'),
        ('["https://www.*.com"]', 'such as "https://*.acme.com"'),
        ('["https://acme*.example.com"]', 'such as "https://*.acme.com"'),
        ('["https://*.0.0.1"]', "an IP address"),
        ('["https://www.acme.com", "*"]', "name yours"),
        ('["*.acme.com"]', 'such as "https://*.acme.com"'),
        ('["https://www.acme.com/shop"]', 'such as "https://www.acme.com"'),
        ("[]", "origins"),
        ('"*"', 'such as ["https://www.acme.com"'),
    ],
)
def test_origins_that_are_everybody_or_nobody(origins: str, remedy: str) -> None:
    line = refused(SITE.format(origins=origins))
    assert "sites.acme.origins" in line
    assert remedy in line
    assert "widget.toml" in line


def test_origins_that_are_not_written() -> None:
    assert "sites.acme.origins" in refused('[sites.acme]\nagents = ["a"]\n')


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (f'secret_key = "{SHORT}"\n{OK}', "secret_key"),
        (f'secret_key = ["{SHORT}x", "{SHORT}"]\n{OK}', "secret_key"),
        (f'{OK}secret = ["{SHORT}"]\n', "sites.acme.secret"),
        (f'{OK}secret = "{SHORT}"\n', "sites.acme.secret"),
    ],
)
def test_keys_that_are_short(config: str, key: str) -> None:
    line = refused(config)
    assert key in line
    assert "at least 32 bytes, not 31" in line
    assert "secrets.token_hex(32)" in line


def test_keys_that_are_short_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_SECRET", SHORT)
    line = refused(f'{OK}secret_env = "ACME_SECRET"\n')
    assert "sites.acme.secret_env" in line
    assert "ACME_SECRET" in line
    assert "at least 32 bytes, not 31" in line
    monkeypatch.setenv("VAANI_WIDGET_SECRET_KEY", SHORT)
    assert "VAANI_WIDGET_SECRET_KEY" in refused(OK)


def test_a_secret_that_the_environment_does_not_have() -> None:
    assert "ACME_SECRET is not set" in refused(f'{OK}secret_env = "ACME_SECRET"\n')


def test_signed_visitors_only_without_a_secret_to_sign_with() -> None:
    assert "sites.acme.require" in refused(f'{OK}require = "signed"\n')


def test_without_a_key_or_a_site(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "VAANI_AGENT" in refused("")
    monkeypatch.delenv("VAANI_API_KEY")
    assert "VAANI_API_KEY" in refused(OK)


@pytest.mark.parametrize(
    ("host", "warned"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False)]
)
def test_an_address_that_others_reach_is_warned_of(
    host: str, warned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is bound, beside the line that says where."""
    said: list[str] = []
    monkeypatch.setattr(server_gunicorn, "serve", lambda load, *, bound, **options: bound(host, 8000))
    server.run(lambda: Flask("none"), host=host, port=0, workers=1, threads=1, say=said.append)
    *warnings, line = said
    assert line.startswith("Serving on http://")
    assert len(warnings) == warned
    for warning in warnings:
        assert host in warning
        assert "proxy in front" in warning
