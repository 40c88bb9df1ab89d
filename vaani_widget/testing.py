"""For the tests of apps that carry the widget: calls that cost nothing and reach nobody.

A test of a host's own, with pytest and a fixture ``app`` that gives the Flask application::

    # conftest.py
    pytest_plugins = ["vaani_widget.testing"]

    # test_shop.py
    def test_button_calls_the_right_agent(app, vaani):
        client = app.test_client()
        page = {"Origin": "http://localhost"}

        answer = client.post("/vaani/v1/sites/default/token", json={}, headers=page)
        body = {"site_token": answer.json["site_token"]}
        answer = client.post("/vaani/v1/calls", json=body, headers=page)

        assert answer.status_code == 201
        assert vaani.bodies == [{"agent_id": "shop-assistant"}]

    def test_shop_survives_vaani_being_down(app, vaani):
        vaani.fail_next(503)
        ...

Without the fixture an app under test refuses to start a call, so that no test spends money by accident.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from .hidden import Secret
from .web.state import EXTENSION, State

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["VaaniTransport", "install", "vaani"]

PATH = "/api/webrtc/token"


class VaaniTransport(httpx.BaseTransport):
    """Stands where the network would be, and answers as Vaani does.

    ``bodies`` has the JSON of every request that came, in order.
    """

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._failures: deque[int | Exception] = deque()

    def fail_next(self, failure: int | Exception = 503) -> None:
        """The next call fails; told twice, the next two do.

        :param failure: a status such as 401, 402, 404, 422, 429 or 503, or what the network would raise,
            such as ``httpx.ConnectError("refused")``.
        """
        self._failures.append(failure)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers one request."""
        body = json.loads(request.read())
        if request.method != "POST" or request.url.path != PATH:
            return _answer(404, {"detail": "Not Found"})
        self.bodies.append(body)
        failure = self._failures.popleft() if self._failures else None
        if isinstance(failure, Exception):
            raise failure
        if failure is not None:
            return _answer(failure, {"detail": "as the test asked for"})
        answer = {
            "token": f"livekit.{secrets.token_hex(8)}.token",
            "room_name": f"room_test_{secrets.token_hex(8)}",
            "agent_name": "00000000-0000-4000-8000-000000000000",
            "connection_url": "wss://livekit.example.test",
        }
        return _answer(200, answer)


def _answer(status: int, members: dict[str, str]) -> httpx.Response:
    """As from the network: not read yet."""
    stream = httpx.ByteStream(json.dumps(members).encode())
    return httpx.Response(status, headers={"Content-Type": "application/json"}, stream=stream)


def install(app: Flask, folder: Path, transport: VaaniTransport | None = None) -> VaaniTransport:
    """Puts a :class:`VaaniTransport` between the app and Vaani, and a ledger of the test's own.

    :param folder: an empty one, such as pytest's ``tmp_path``, for the ledger.
    :raises KeyError: where the widget's blueprint is not registered on the app yet.
    """
    state: State = app.extensions[EXTENSION]
    transport = transport or VaaniTransport()
    settings = replace(state.settings, api_key=state.settings.api_key or Secret("vaani_test"))
    services = replace(
        state.services,
        settings=settings,
        transport=transport,
        database_url=f"sqlite:///{folder / 'vaani_widget.sqlite3'}",
    )
    app.extensions[EXTENSION] = replace(state, settings=settings, services=services)
    return transport


try:
    import pytest
except ImportError:  # only the fixture needs it
    pass
else:

    @pytest.fixture
    def vaani(app: Flask) -> Iterator[VaaniTransport]:
        """Calls cost nothing for the length of this test. Needs a fixture ``app``: the Flask application."""
        before = app.extensions[EXTENSION]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            transport = install(app, Path(folder))
            try:
                yield transport
            finally:
                app.extensions[EXTENSION].services.close()
                app.extensions[EXTENSION] = before
