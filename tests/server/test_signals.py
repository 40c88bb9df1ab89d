"""What a host hears of calls, and that hearing it can't hurt them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.conftest import AGENT, SECRET, Kit, MakeKit, post
from vaani_widget import call_ended, call_refused, call_started
from vaani_widget.site_limits import Limits, Window
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


@pytest.mark.parametrize(
    ("status", "code", "spent"),
    [
        (401, "upstream_auth", "no"),
        (402, "upstream_balance", "no"),
        (404, "agent_not_found", "no"),
        (429, "upstream_limited", "no"),
        (503, "upstream_unavailable", "unknown"),
    ],
)
def test_what_a_failure_of_vaanis_cost(kit: Kit, heard: Heard, status: int, code: str, spent: str) -> None:
    kit.vaani.fail_next(status)
    kit.call(kit.token())
    ((name, sender, told),) = heard
    assert (name, sender) == ("refused", kit.app)
    assert told.pop("call_id"), "it was reserved, and the ledger knows it by this name"
    assert told == {"code": code, "site": "acme", "spent": spent}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(per_day=1), "budget_spent"),
        (Limits(running=1), "site_busy"),
        (Limits(visitor=(Window(1, 60),)), "rate_limited"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bound_that_holds(kit: Kit, heard: Heard, limits: Limits, code: str) -> None:
    kit.change_site(limits=limits, secrets=(), challenge="off")
    kit.call(kit.token())
    kit.call(kit.token())
    started, refused = heard
    assert started[0] == "started"
    assert refused == ("refused", kit.app, {"code": code, "site": "acme", "call_id": None, "spent": "no"})


def test_a_ledger_that_is_gone(kit: Kit, heard: Heard) -> None:
    token = kit.token()
    kit.state.services.ledger.own_secret()
    with kit.state.services.ledger.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE vaani_widget_days")
    kit.call(token)
    assert heard == [
        ("refused", kit.app, {"code": "store_unavailable", "site": "acme", "call_id": None, "spent": "no"})
    ]


def test_nothing_secret_is_told(kit: Kit, heard: Heard) -> None:
    grant = sign_grant(
        site="acme", secret=SECRET.encode(), visitor="u1", metadata={"m": "canary-m"}, now=kit.clock.now
    )
    token = kit.token(grant=grant)
    call = kit.call(token, metadata={"page": "canary-page"}).get_json()
    kit.call(token)
    body = {"call_token": call["call_token"], "event": "ended", "text": "canary-text"}
    post(kit.client, f"/vaani/v1/calls/{call['call_id']}/progress", body)
    assert [name for name, _, _ in heard] == ["started", "refused", "ended"]
    secrets = (token, grant, call["token"], call["call_token"], SECRET, "vaani_canary", "127.0.0.1", "canary")
    assert not [secret for secret in secrets if secret in repr(heard)]


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
