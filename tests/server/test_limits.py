"""What an owner allows, as a visitor's browser meets it."""

from __future__ import annotations

import json
import logging
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from tests.server.conftest import AGENT, ORIGIN, SECRET, Kit, MakeKit, is_problem
from vaani_widget.ledger_schema import calls
from vaani_widget.tokens import sign_grant

SITE: dict[str, Any] = {"origins": [ORIGIN], "agents": [AGENT]}


class Shop:
    """A site with these limits, and visitors of it."""

    def __init__(self, make_kit: MakeKit, limits: dict[str, Any] | None = None, **site: Any) -> None:
        limits = {"visitor": "9000/day", "site": "9000/day", "running": 9000, **(limits or {})}
        self.kit = make_kit(
            VAANI_WIDGET_SITES={"acme": {**SITE, "limits": limits, "challenge": "off", **site}}
        )

    def post(self, path: str, body: dict[str, Any], address: str) -> TestResponse:
        return self.kit.client.post(
            f"/vaani{path}",
            data=json.dumps(body),
            content_type="text/plain",
            headers={"Origin": ORIGIN},
            environ_base={"REMOTE_ADDR": address},
        )

    def mint(self, address: str = "192.0.2.1", sub: str | None = None) -> TestResponse:
        body = {} if sub is None else {"grant": self.grant(sub)}
        return self.post("/v1/sites/acme/token", body, address)

    def call(self, address: str = "192.0.2.1", sub: str | None = None, **body: Any) -> TestResponse:
        minted = self.mint(address, sub)
        assert minted.status_code == 201, minted.text
        return self.post("/v1/calls", {"site_token": minted.json["site_token"], **body}, address)  # type: ignore[index]

    def end(self, call: TestResponse) -> None:
        started: dict[str, str] = call.json  # type: ignore[assignment]
        body = {"call_token": started["call_token"], "event": "ended", "reason": "visitor"}
        answer = self.post(f"/v1/calls/{started['call_id']}/progress", body, "192.0.2.1")
        assert answer.status_code == 204

    def grant(self, sub: str) -> str:
        now = self.kit.clock()
        return sign_grant(site="acme", secret=SECRET.encode(), visitor=sub, now=now)

    def record(self) -> list[dict[str, Any]]:
        with self.kit.state.services.ledger.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(select(calls))]


def test_the_day(make_kit: MakeKit) -> None:
    shop = Shop(make_kit, {"site": "2/day"})
    for number in range(2):
        assert shop.call(f"192.0.2.{number}").status_code == 201
    problem = is_problem(shop.call("192.0.2.9"), "budget_spent", 429)
    assert problem["retryable"]
    assert 0 < problem["retry_after"] <= 86_400
    assert problem["spent"] == "no"
    assert len(shop.kit.vaani.bodies) == 2
    shop.kit.clock.now += 86_400
    assert shop.call("192.0.2.9").status_code == 201


def test_retry_after_is_a_header_too(make_kit: MakeKit) -> None:
    shop = Shop(make_kit, {"running": 1})
    shop.call()
    refused = shop.call()
    assert refused.headers["Retry-After"] == str(is_problem(refused, "site_busy", 429)["retry_after"])


def test_a_visitors_window_counts_the_address_and_ends(make_kit: MakeKit) -> None:
    shop = Shop(make_kit, {"visitor": "2/10minutes"})
    assert shop.call("2001:db8::1").status_code == 201
    assert shop.call("2001:db8::2").status_code == 201
    assert is_problem(shop.call("2001:db8::3"), "rate_limited", 429)["retry_after"] == 600
    assert shop.call("2001:db8:0:1::1").status_code == 201
    shop.kit.clock.now += 601
    assert shop.call("2001:db8::3").status_code == 201


def test_a_signed_visitors_window_counts_who_it_is(make_kit: MakeKit) -> None:
    shop = Shop(make_kit, {"visitor": "1/day"}, secret=SECRET)
    assert shop.call("192.0.2.1", sub="7").status_code == 201
    is_problem(shop.call("192.0.2.2", sub="7"), "rate_limited", 429)
    assert shop.call("192.0.2.1", sub="8").status_code == 201
    assert shop.call("192.0.2.1").status_code == 201


def test_who_ends_at_once_gets_the_line_back_and_nothing_else(make_kit: MakeKit) -> None:
    shop = Shop(make_kit, {"site": "3/day", "running": 1})
    for number in range(3):
        shop.end(shop.call(f"192.0.2.{number}"))
    is_problem(shop.call("192.0.2.9"), "budget_spent", 429)
    assert len(shop.kit.vaani.bodies) == 3


@pytest.mark.parametrize("status", [401, 402, 403, 404, 422, 429])
def test_what_certainly_cost_nothing_uses_nothing_up(make_kit: MakeKit, status: int) -> None:
    shop = Shop(make_kit, {"site": "1/day", "visitor": "1/day", "running": 1})
    shop.kit.vaani.fail_next(status)
    assert shop.call().status_code >= 500
    assert shop.call().status_code == 201


def test_what_may_have_cost_something_stays_spent(make_kit: MakeKit) -> None:
    shop = Shop(make_kit, {"site": "1/day"})
    shop.kit.vaani.fail_next(503)
    assert is_problem(shop.call(), "upstream_unavailable", 503)["spent"] == "unknown"
    is_problem(shop.call(), "budget_spent", 429)


class TestLanes:
    def test_a_flood_leaves_room_for_those_whom_the_site_knows(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit, {"site": "10/day"}, secret=SECRET)
        for number in range(7):
            assert shop.call(f"192.0.2.{number}").status_code == 201
        is_problem(shop.call("192.0.2.9"), "budget_spent", 429)
        assert shop.call("192.0.2.9", sub="7").status_code == 201

    def test_a_grant_without_a_visitor_is_anonymous(self, make_kit: MakeKit) -> None:
        """A cached page would hand it to everybody."""
        shop = Shop(make_kit, {"site": "2/day"}, secret=SECRET)
        grant = sign_grant(
            site="acme", secret=SECRET.encode(), locked={"voice_speed": 1.2}, now=shop.kit.clock()
        )
        minted = shop.post("/v1/sites/acme/token", {"grant": grant}, "192.0.2.1").json
        assert shop.post("/v1/calls", {"site_token": minted["site_token"]}, "192.0.2.1").status_code == 201  # type: ignore[index]
        assert [row["lane"] for row in shop.record()] == ["anonymous"]

    def test_a_claim_is_no_lane(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit, secret=SECRET)
        assert shop.call(sub=None, lane="signed", grant=shop.grant("7")).status_code == 201
        assert [row["lane"] for row in shop.record()] == ["anonymous"]


class TestMinting:
    def test_thirty_a_minute_for_one_address(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit)
        assert {shop.mint("192.0.2.1").status_code for _ in range(30)} == {201}
        problem = is_problem(shop.mint("192.0.2.1"), "rate_limited", 429)
        assert 1 <= problem["retry_after"] <= 60
        assert shop.mint("192.0.2.2").status_code == 201
        assert shop.mint("::ffff:192.0.2.2").status_code == 201

    def test_one_network_of_ipv6_is_one_address(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit)
        answers = [shop.mint(f"2001:db8::{number:x}").status_code for number in range(31)]
        assert answers == [201] * 30 + [429]

    def test_no_one_can_use_up_a_sites_minting(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit)
        flood = {shop.mint(f"192.0.2.{n % 250}").status_code for n in range(1000)}
        assert flood == {201}
        assert shop.mint("198.51.100.1").status_code == 201

    def test_starting_has_no_rate(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit)
        token = shop.mint().json["site_token"]  # type: ignore[index]
        answers = [shop.post("/v1/calls", {"site_token": token}, "192.0.2.1") for _ in range(40)]
        assert {answer.json["code"] for answer in answers[1:]} == {"token_spent"}  # type: ignore[index]


class TestConsent:
    consent = MappingProxyType({"version": "2026-11", "text": "We record calls."})

    def test_is_asked_for_by_the_server(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit, consent=dict(self.consent))
        assert shop.mint().json["site"]["consent"] == dict(self.consent)  # type: ignore[index]
        for body in ({}, {"consent": None}, {"consent": {"version": "2025-01"}}):
            problem = is_problem(shop.call(**body), "consent_required", 403)
            assert (problem["field"], problem["spent"]) == ("consent.version", "no")
        assert shop.kit.vaani.bodies == []

    def test_is_kept_with_the_call(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit, consent=dict(self.consent))
        assert shop.call(consent={"version": "2026-11"}).status_code == 201
        (row,) = shop.record()
        assert (row["consent_version"], row["consent_at"]) == ("2026-11", shop.kit.clock.now)

    def test_a_refusal_leaves_the_token(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit, consent=dict(self.consent))
        token = shop.mint().json["site_token"]  # type: ignore[index]
        is_problem(shop.post("/v1/calls", {"site_token": token}, "192.0.2.1"), "consent_required", 403)
        body = {"site_token": token, "consent": {"version": "2026-11"}}
        assert shop.post("/v1/calls", body, "192.0.2.1").status_code == 201

    def test_what_nobody_asked_for_is_not_kept(self, make_kit: MakeKit) -> None:
        shop = Shop(make_kit)
        assert shop.call(consent={"version": "x" * 100}).status_code == 201
        assert shop.record()[0]["consent_version"] is None


def test_nobody_can_read_who_called(make_kit: MakeKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop = Shop(make_kit, secret=SECRET)
    shop.call("203.0.113.77", sub="canary-visitor")
    shop.call("203.0.113.77")
    with shop.kit.state.services.ledger.engine.connect() as connection:
        dump = str(connection.execute(text("SELECT * FROM vaani_widget_calls")).all())
    for secret in ("203.0.113.77", "canary-visitor"):
        assert secret not in dump
        assert secret not in caplog.text


def test_without_the_ledger_nothing_is_spent(kit: Kit, tmp_path: Any) -> None:
    token = kit.token()
    ledger = next(tmp_path.glob("ledger-*.sqlite3"))
    kit.state.services.ledger.dispose()
    for file in tmp_path.glob("ledger-*"):
        file.unlink()
    ledger.mkdir()
    assert is_problem(kit.call(token), "store_unavailable", 503)["spent"] == "no"
    assert kit.vaani.bodies == []
