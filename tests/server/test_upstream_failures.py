"""Vaani fails while a visitor waits: what the browser is told, what it cost, and what nobody is told."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from flask import Flask

from tests.parts.hostile_upstream import (
    Behaviour,
    HostileUpstream,
    Request,
    answer,
    hang,
    reset,
    response,
)
from tests.parts.serving import serve
from tests.server.conftest import ORIGIN, SITES
from vaani_widget import VaaniWidget

KEY = "vaani_canary_5f0e1d2c3b4a"


def echo(_server: HostileUpstream, connection: socket.socket, request: Request) -> None:
    """Fail, and say the key wherever an answer can say something."""
    key = request.headers["x-api-key"]
    body = f'{{"detail": "no luck with {key}", "message": "{key}"}}'.encode()
    connection.sendall(response(500, body, {"X-Echo": key, "Set-Cookie": f"key={key}"}))


HTML = answer(200, f"<!doctype html><p>Who is {KEY}?".encode(), {"Content-Type": "text/html"})

FAILURES: dict[str, tuple[Behaviour, str, int]] = {
    "hangs": (hang(f"HTTP/1.1 200 OK\r\nX-Echo: {KEY}\r\n".encode()), "upstream_timeout", 504),
    "resets": (reset(f"HTTP/1.1 200 OK\r\nX-Echo: {KEY}\r\n".encode()), "upstream_unavailable", 503),
    "sends HTML": (HTML, "upstream_invalid", 502),
    "fails and echoes the key": (echo, "upstream_unavailable", 503),
}


@contextmanager
def running_app(upstream_url: str, folder: Path) -> Iterator[str]:
    """An app on a real socket, whose way to Vaani is the real one too. Yields where the widget is."""
    app = Flask("host", instance_path=str(folder))
    app.config.from_mapping(
        VAANI_API_KEY=KEY,
        VAANI_API_URL=upstream_url,
        VAANI_WIDGET_UPSTREAM_TIMEOUT=1,
        VAANI_WIDGET_SITES=SITES,
        SECRET_KEY="h" * 32,
    )
    VaaniWidget(app)
    app.logger.setLevel(logging.DEBUG)
    try:
        with serve(app) as url:
            yield f"{url}/vaani"
    finally:
        app.extensions["vaani_widget"].services.close()


@pytest.mark.parametrize("name", FAILURES)
def test_the_key_is_in_no_answer_and_no_log(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    behaviour, code, status = FAILURES[name]
    with (
        caplog.at_level(logging.DEBUG),
        HostileUpstream(behaviour) as upstream,
        running_app(upstream.url, tmp_path) as widget,
        httpx.Client(headers={"Origin": ORIGIN}, trust_env=False, timeout=30) as browser,
    ):
        token = browser.post(f"{widget}/v1/sites/acme/token", json={}).json()["site_token"]
        failed = browser.post(f"{widget}/v1/calls", json={"site_token": token})
        again = browser.post(f"{widget}/v1/calls", json={"site_token": token})
    # The key was there to be told, once.
    assert [request.headers["x-api-key"] for request in upstream.requests] == [KEY]
    assert (failed.status_code, failed.json()["code"], failed.json()["spent"]) == (status, code, "unknown")
    assert again.json()["code"] == "token_spent"
    for answered in (failed, again):
        assert "canary" not in answered.text
        assert "canary" not in str(answered.headers.raw)
    assert f"refused {code} at site acme" in caplog.text
    assert any(record.name == "vaani_widget.upstream" for record in caplog.records)
    assert "canary" not in caplog.text
    shown = (repr(vars(record)) for record in caplog.records)  # also what a formatter of one's own would show
    assert not any("canary" in record for record in shown)
