"""What a host hears of calls, and that hearing it can't hurt them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.conftest import AGENT, SECRET, Kit, MakeKit, post
from vaani_widget import call_ended, call_refused, call_started
from vaani_widget.tokens import sign_grant

Heard = list[tuple[str, object, dict[str, Any]]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard: Heard = []
    receivers = []
    for name, signal in (("started", call_started), ("refused", call_refused), ("ended", call_ended)):

        def receive(sender: object, _name: str = name, **told: Any) -> None:
            heard.append((_name, sender, told))

        signal.connect(receive)
        receivers.append((signal, receive))
    yield heard
    for signal, receive in receivers:
        signal.disconnect(receive)


def test_a_calls_life(kit: Kit, heard: Heard) -> None:
    grant = sign_grant(
        site="acme", secret=SECRET.encode(), visitor="u1", metadata={"m": "x"}, now=kit.clock.now
    )
    started = kit.call(kit.token(grant=grant)).get_json()
    path = f"/vaani/v1/calls/{started['call_id']}/progress"
    body = {"call_token": started["call_token"], "event": "connected"}
    assert post(kit.client, path, body).status_code == 204
    assert post(kit.client, path, {**body, "event": "ended", "reason": "agent"}).status_code == 204
    # A browser that repeats itself, or whoever got hold of its token, ends nothing twice.
    assert post(kit.client, path, {**body, "event": "ended", "reason": "network"}).status_code == 204
    call = {"call_id": started["call_id"], "site": "acme"}
    assert heard == [
        ("started", kit.app, {**call, "agent": AGENT, "visitor": "u1"}),
        ("ended", kit.app, {**call, "reason": "agent"}),
    ]


def test_refusals(kit: Kit, heard: Heard) -> None:
    token = kit.token()
    kit.mint("nobody")
    kit.mint(origin="https://evil.test")
    kit.call("forged")
    kit.vaani.fail_next(500)
    kit.call(token)
    kit.call(token)
    reserved = heard[3][2]["call_id"]
    assert reserved
    assert [told for _, _, told in heard] == [
        {"code": "site_not_found", "site": None, "call_id": None, "spent": "no"},
        {"code": "origin_not_allowed", "site": "acme", "call_id": None, "spent": "no"},
        {"code": "token_invalid", "site": None, "call_id": None, "spent": "no"},
        {"code": "upstream_unavailable", "site": "acme", "call_id": reserved, "spent": "unknown"},
        {"code": "token_spent", "site": "acme", "call_id": None, "spent": "no"},
    ]


def test_a_host_may_listen_to_its_own_app_only(make_kit: MakeKit) -> None:
    one, two = make_kit(), make_kit()
    calls: list[object] = []

    def note(sender: object, **_: object) -> None:
        calls.append(sender)

    with call_started.connected_to(note, sender=one.app):
        assert one.call(one.token()).status_code == 201
        assert two.call(two.token()).status_code == 201
    assert calls == [one.app]


def test_a_receiver_that_fails_costs_nobody_a_call(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    def broken(sender: object, **_: object) -> None:
        raise RuntimeError("the host's own")

    with call_started.connected_to(broken), call_refused.connected_to(broken):
        token = kit.token()
        assert kit.call(token).status_code == 201
        assert kit.call(token).status_code == 409
    assert "the host's own" in caplog.text
