"""Site token, call, progress: the whole way through the blueprint, with something in Vaani's place."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from tests.attack import canaries
from tests.parts.reservations import reservation
from tests.server.conftest import AGENT, ORIGIN, SECRET, SITES, Kit, MakeKit, is_problem, post
from vaani_widget.errors import StoreUnavailable
from vaani_widget.ledger_schema import calls
from vaani_widget.tokens import sign_grant


def outcomes(kit: Kit) -> list[str]:
    with kit.state.services.ledger.engine.connect() as connection:
        return list(connection.scalars(select(calls.c.outcome)))


def grant(kit: Kit, site: str = "acme", secret: str = SECRET, **what: object) -> str:
    return sign_grant(site=site, secret=secret.encode(), now=kit.clock.now, **what)  # type: ignore[arg-type]


def test_a_call_begins(kit: Kit) -> None:
    minted = kit.mint()
    assert minted.status_code == 201
    assert minted.headers["Cache-Control"] == "no-store"
    assert minted.json is not None
    assert minted.json["expires_in"] == 120
    assert set(minted.json["site"]) == {"key", "name", "look", "text", "consent", "page_may_set"}
    started = kit.call(minted.json["site_token"], settings={"voice_gender": "male"}, metadata={"page": "/a"})
    assert started.status_code == 201, started.text
    assert started.headers["Cache-Control"] == "no-store"
    assert started.json is not None
    assert set(started.json) == {
        "call_id",
        "token",
        "room_name",
        "agent_name",
        "connection_url",
        "live_captions_url",
        "call_token",
        "max_seconds",
        "ignored",
    }
    assert started.json["max_seconds"] == 600
    assert started.json["ignored"] == []
    assert started.json["live_captions_url"] is None
    assert kit.vaani.bodies == [{"agent_id": AGENT, "voice_gender": "male", "metadata": {"page": "/a"}}]
    assert outcomes(kit) == ["committed"]


def test_the_page_may_choose_among_the_sites_agents(kit: Kit) -> None:
    kit.call(kit.token(agent="second"))
    assert kit.vaani.bodies[0]["agent_id"] == "second"
    is_problem(kit.mint(agent="third"), "agent_not_allowed", 403)


def test_what_a_page_may_not_set_is_left_out_and_named(kit: Kit) -> None:
    answer = kit.call(
        kit.token(),
        settings={"welcome_message": 7, "websocket_url": "wss://evil", "agent_id": "x", "voice_speed": 1.2},
        metadata={"plan": "free", "page": "/"},
    )
    assert answer.json is not None
    assert answer.json["ignored"] == ["welcome_message", "websocket_url", "agent_id", "metadata.plan"]
    assert kit.vaani.bodies == [{"agent_id": AGENT, "voice_speed": 1.2, "metadata": {"page": "/"}}]


def test_a_wrong_value_is_refused_by_name_and_spends_nothing(kit: Kit) -> None:
    token = kit.token()
    problem = is_problem(kit.call(token, settings={"voice_speed": 9}), "settings_invalid", 422)
    assert problem["field"] == "voice_speed"
    assert problem["spent"] == "no"
    assert kit.vaani.bodies == []
    assert kit.call(token).status_code == 201


def test_a_token_starts_one_call(kit: Kit) -> None:
    token = kit.token()
    assert kit.call(token).status_code == 201
    for _ in range(2):
        is_problem(kit.call(token), "token_spent", 409)
    assert len(kit.vaani.bodies) == 1


def test_old_and_spent_are_told_apart(kit: Kit) -> None:
    token, unspent = kit.token(), kit.token()
    assert kit.call(token).status_code == 201
    kit.clock.now += 120 + 30 + 1
    problem = is_problem(kit.call(unspent), "token_expired", 401)
    assert problem["retryable"]
    is_problem(kit.call(token), "token_expired", 401)
    kit.clock.now -= 2
    is_problem(kit.call(token), "token_spent", 409)
    assert kit.call(unspent).status_code == 201


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "\x00", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_of_ours(kit: Kit, token: str) -> None:
    is_problem(kit.call(token), "token_invalid", 401)


def test_a_call_token_is_no_site_token(kit: Kit) -> None:
    started = kit.call(kit.token())
    assert started.json is not None
    is_problem(kit.call(started.json["call_token"]), "token_invalid", 401)


def test_a_token_of_another_origin_of_the_same_site(kit: Kit) -> None:
    token = kit.token(origin="https://a.acme.dev")
    is_problem(kit.call(token, origin="https://b.acme.dev"), "origin_not_allowed", 403)
    assert kit.call(token, origin="https://a.acme.dev").status_code == 201


HOSTILE = [
    None,
    "",
    "null",
    "https://evil.test",
    "https://www.acme.com.evil.test",
    "https://evil.test/https://www.acme.com",
    "https://www.acme.com:443",
    "https://www.acme.com/",
    "https://www.acme.com.",
    "http://www.acme.com",
    "HTTPS://WWW.ACME.COM",
    "https://WWW.acme.com",
    "https://acme.com",
    " https://www.acme.com x",
    "https://www.acme.com, https://evil.test",
    "https://www.acme.com https://evil.test",
    "https://www.acme.com@evil.test",
    "https://acme.dev",
    "https://a.b.acme.dev",
    "https://.acme.dev",
    "https://evilacme.dev",
    "https://*.acme.dev",
    "https://a.acme.dev:8443",
    "https://a/.acme.dev",
    "https://a?.acme.dev",
    "https://localhost",
    "http://localhost",
    "file://",
    "chrome-extension://abc",
]


@pytest.mark.parametrize("origin", HOSTILE)
def test_a_hostile_origin_gets_no_token_and_starts_no_call(kit: Kit, origin: str | None) -> None:
    is_problem(kit.mint(origin=origin), "origin_not_allowed", 403)
    is_problem(kit.call(kit.token(), origin=origin), "origin_not_allowed", 403)
    assert kit.vaani.bodies == []


SAME = [
    ("http://localhost", "localhost"),
    ("https://localhost", "localhost:443"),
    ("https://localhost", "localhost:80"),
    ("http://localhost:5000", "localhost:5000"),
    ("https://shop.test", "shop.test"),
]


@pytest.mark.parametrize(("origin", "host"), SAME)
def test_same_origin_is_enough_where_no_site_is_written(make_kit: MakeKit, origin: str, host: str) -> None:
    kit = make_kit(VAANI_AGENT="demo")
    answer = kit.client.post(
        "/vaani/v1/sites/default/token", json={}, headers={"Origin": origin, "Host": host}
    )
    assert answer.status_code == 201, answer.text
    body = {"site_token": answer.json["site_token"]}  # type: ignore[index]
    answer = kit.client.post("/vaani/v1/calls", json=body, headers={"Origin": origin, "Host": host})
    assert answer.status_code == 201, answer.text


def test_same_origin_means_the_port_too(make_kit: MakeKit) -> None:
    kit = make_kit(VAANI_AGENT="demo")
    headers = {"Origin": "http://localhost:5001", "Host": "localhost:5000"}
    answer = kit.client.post("/vaani/v1/sites/default/token", json={}, headers=headers)
    is_problem(answer, "origin_not_allowed", 403)


def test_a_site_that_changes_while_a_token_is_out(kit: Kit) -> None:
    tokens = {change: kit.token() for change in ("origins", "agents", "require", "enabled")}
    original = kit.state.settings.sites["acme"]

    def restored(**changes: object) -> None:
        kit.change_site(**{name: getattr(original, name) for name in tokens})
        kit.change_site(**changes)

    restored(origins=("https://new.acme.com",))
    is_problem(kit.call(tokens["origins"]), "origin_not_allowed", 403)
    restored(agents=("second",))
    is_problem(kit.call(tokens["agents"]), "agent_not_allowed", 403)
    restored(require="signed")
    is_problem(kit.call(tokens["require"]), "signed_visitors_only", 403)
    restored(enabled=False)
    is_problem(kit.call(tokens["enabled"]), "site_disabled", 503)
    assert kit.vaani.bodies == []
    restored()
    assert all(kit.call(token).status_code == 201 for token in tokens.values())


def test_unknown_sites(kit: Kit) -> None:
    is_problem(kit.mint("nobody"), "site_not_found", 404)
    token = kit.token("other", "https://other.test")
    sites = {key: site for key, site in kit.state.settings.sites.items() if key != "other"}
    object.__setattr__(kit.state.settings, "sites", sites)
    is_problem(kit.call(token, origin="https://other.test"), "site_not_found", 404)


class TestGrants:
    def test_locks_and_metadata_reach_vaani(self, kit: Kit) -> None:
        given = grant(kit, visitor=7, locked={"voice_gender": "male"}, metadata={"plan": "gold"})
        answer = kit.call(kit.token(grant=given), settings={"voice_gender": "female"}, metadata={"page": "/"})
        assert answer.json is not None
        assert answer.json["ignored"] == ["voice_gender"]
        assert kit.vaani.bodies == [
            {"agent_id": AGENT, "voice_gender": "male", "metadata": {"plan": "gold", "page": "/"}}
        ]

    def test_an_agent_that_it_locks_must_be_the_sites(self, kit: Kit) -> None:
        kit.call(kit.token(agent=AGENT, grant=grant(kit, locked={"agent_id": "second"})))
        assert kit.vaani.bodies[0]["agent_id"] == "second"
        is_problem(kit.mint(grant=grant(kit, locked={"agent_id": "third"})), "agent_not_allowed", 403)

    def test_forged_foreign_and_old_ones(self, kit: Kit) -> None:
        is_problem(kit.mint(grant=grant(kit, secret="y" * 32)), "grant_invalid", 403)
        is_problem(kit.mint(grant=grant(kit, site="other")), "grant_invalid", 403)
        is_problem(kit.mint(grant="nonsense"), "grant_invalid", 403)
        old = grant(kit, lifetime=60)
        kit.clock.now += 91
        assert is_problem(kit.mint(grant=old), "grant_expired", 403)["retryable"]

    def test_a_site_that_requires_them(self, make_kit: MakeKit) -> None:
        kit = make_kit(VAANI_WIDGET_SITES={"acme": {**SITES["acme"], "require": "signed"}})
        is_problem(kit.mint(), "signed_visitors_only", 403)
        is_problem(kit.mint(grant=grant(kit, locked={"voice_gender": "male"})), "signed_visitors_only", 403)
        assert kit.call(kit.token(grant=grant(kit, visitor="u1"))).status_code == 201

    def test_a_site_without_a_secret_takes_only_this_apps(self, kit: Kit) -> None:
        derived = kit.state.services.keyring.grant_secret("other")
        made = sign_grant(site="other", secret=derived, visitor="u1", now=kit.clock.now)
        assert kit.mint("other", "https://other.test", grant=made).status_code == 201
        forged = sign_grant(
            site="other", secret=canaries.SERVER_SECRET.encode(), visitor="u1", now=kit.clock.now
        )
        is_problem(kit.mint("other", "https://other.test", grant=forged), "grant_invalid", 403)

    def test_one_that_can_never_start_a_call_is_refused_at_once(self, kit: Kit) -> None:
        big = {f"k{number}": "v" * 100 for number in range(32)}
        kit.change_site(locked={"metadata": {"also": "x" * 1000}})
        answer = kit.mint(grant=grant(kit, metadata=big))
        assert answer.status_code in (403, 422)
        assert kit.vaani.bodies == []


def test_the_first_check_that_fails_names_the_refusal(kit: Kit) -> None:
    """Each request is wrong in two neighbouring ways of the list; undoing the first shows the second."""
    token = kit.token()
    spent = kit.token()
    assert kit.call(spent).status_code == 201
    large = {"site_token": "x", "junk": "x" * 17000}
    wrong_shape = {"settings": []}
    is_problem(post(kit.client, "/vaani/v1/calls", large), "body_too_large", 413)
    is_problem(post(kit.client, "/vaani/v1/calls", wrong_shape, origin=None), "bad_request", 400)
    is_problem(kit.call("forged", origin="https://evil.test"), "token_invalid", 401)
    kit.change_site(agents=("second",), enabled=False)
    is_problem(kit.call(token, origin="https://evil.test"), "origin_not_allowed", 403)
    is_problem(kit.call(token), "agent_not_allowed", 403)
    kit.change_site(agents=(AGENT,), require="signed")
    is_problem(kit.call(token), "signed_visitors_only", 403)
    kit.change_site(require="any")
    is_problem(kit.call(spent), "site_disabled", 503)
    kit.change_site(enabled=True)
    is_problem(kit.call(spent, settings={"voice_speed": 9}), "token_spent", 409)
    is_problem(kit.call(token, settings={"voice_speed": 9}), "settings_invalid", 422)
    assert kit.call(token).status_code == 201


UPSTREAM = [
    (401, "upstream_auth", 502, "no", "released"),
    (402, "upstream_balance", 503, "no", "released"),
    (403, "upstream_auth", 502, "no", "released"),
    (404, "agent_not_found", 502, "no", "released"),
    (422, "upstream_rejected", 502, "no", "released"),
    (429, "upstream_limited", 503, "no", "released"),
    (500, "upstream_unavailable", 503, "unknown", "unknown"),
    (httpx.ConnectError("refused"), "upstream_unavailable", 503, "no", "released"),
    (httpx.ReadError("reset"), "upstream_unavailable", 503, "unknown", "unknown"),
    (httpx.ReadTimeout("slow"), "upstream_timeout", 504, "unknown", "unknown"),
]


@pytest.mark.parametrize(("failure", "code", "status", "spent", "outcome"), UPSTREAM)
def test_a_failure_of_vaani_is_settled_by_what_it_spent(
    kit: Kit, failure: int | Exception, code: str, status: int, spent: str, outcome: str
) -> None:
    kit.vaani.fail_next(failure)
    token = kit.token()
    assert is_problem(kit.call(token), code, status)["spent"] == spent
    assert outcomes(kit) == [outcome]
    assert len(kit.vaani.bodies) == 1, "asked once, never again by itself"
    is_problem(kit.call(token), "token_spent", 409)


def test_nothing_is_asked_of_vaani_while_the_ledger_is_away(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = kit.token()

    def away(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(kit.state.services.ledger, "reserve", away)
    assert is_problem(kit.call(token), "store_unavailable", 503)["spent"] == "no"
    assert kit.vaani.bodies == []


@pytest.mark.parametrize("failure", [None, 500, 402])
def test_a_ledger_lost_after_vaani_answered_changes_nothing_for_the_visitor(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: int | None
) -> None:
    ledger = kit.state.services.ledger

    def away(*_: object) -> None:
        raise StoreUnavailable

    for name in ("commit", "release", "leave_unknown"):
        monkeypatch.setattr(ledger, name, away)
    token = kit.token()
    if failure is None:
        assert kit.call(token).status_code == 201
    else:
        kit.vaani.fail_next(failure)
        assert kit.call(token).json["code"].startswith("upstream_")  # type: ignore[index]
    assert "stays reserved" in caplog.text
    assert outcomes(kit) == ["reserved"]
    is_problem(kit.call(token), "token_spent", 409)


def test_no_transaction_is_open_while_vaani_is_asked(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    services = kit.state.services
    client = services.vaani
    start, seen = client.start_call, []

    def asked(body: object) -> object:
        seen.append(outcomes(kit))
        services.ledger.reserve(reservation("another", "another", "acme", 60))  # takes the writer's lock
        return start(body)  # type: ignore[arg-type]

    monkeypatch.setattr(client, "start_call", asked)
    assert kit.call(kit.token()).status_code == 201
    assert seen == [["reserved"]]


def test_an_accident_between_reservation_and_answer_counts_as_unknown(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> object:
        raise RuntimeError("boom")

    monkeypatch.setattr(kit.state.services.vaani, "start_call", broken)
    problem = is_problem(kit.call(kit.token()), "internal_error", 500)
    assert problem["spent"] == "unknown"
    assert outcomes(kit) == ["unknown"]


class TestProgress:
    @pytest.fixture
    def call(self, kit: Kit) -> dict[str, str]:
        answer = kit.call(kit.token())
        assert answer.json is not None
        return answer.json

    def tell(self, kit: Kit, call: dict[str, str], origin: str | None = None, **body: object) -> int:
        path = f"/vaani/v1/calls/{call['call_id']}/progress"
        return post(kit.client, path, {"call_token": call["call_token"], **body}, origin).status_code

    def test_is_taken_from_any_origin_and_twice(self, kit: Kit, call: dict[str, str]) -> None:
        for origin in (None, "null", ORIGIN, "https://evil.test"):
            assert self.tell(kit, call, origin, event="connected") == 204
            assert self.tell(kit, call, origin, event="ended", reason="visitor") == 204
        assert (
            self.tell(kit, call, event="feedback", rating=5, text="Kind, and 3 minutes only. शुक्रिया") == 204
        )
        with kit.state.services.ledger.engine.connect() as connection:
            row = connection.execute(select(calls)).mappings().one()
        assert row["connected_at"]
        assert row["ended_at"]
        assert row["end_reason"] == "visitor"
        assert row["rating"] == 5

    def test_only_with_the_calls_own_token_while_it_lives(self, kit: Kit, call: dict[str, str]) -> None:
        path = f"/vaani/v1/calls/{call['call_id']}/progress"
        other = kit.call(kit.token()).json
        assert other is not None
        body = {"call_token": other["call_token"], "event": "ended"}
        is_problem(post(kit.client, path, body), "token_invalid", 401)
        is_problem(post(kit.client, path, {**body, "call_token": kit.token()}), "token_invalid", 401)
        kit.clock.now += 600 + 60 + 31
        body["call_token"] = call["call_token"]
        is_problem(post(kit.client, path, body), "token_expired", 401)

    def test_a_call_the_ledger_has_forgotten(self, kit: Kit, call: dict[str, str]) -> None:
        with kit.state.services.ledger.engine.begin() as connection:
            connection.execute(calls.delete())
        path = f"/vaani/v1/calls/{call['call_id']}/progress"
        answer = post(kit.client, path, {"call_token": call["call_token"], "event": "ended"})
        is_problem(answer, "call_not_found", 404)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"event": "exploded"},
            {"event": ["ended"]},
            {"event": "ended", "reason": 7},
            {"event": "ended", "reason": "x" * 33},
            {"event": "ended", "reason": "<script>"},
            {"event": "feedback", "rating": 6},
            {"event": "feedback", "rating": True},
            {"event": "feedback", "rating": 4.5},
            {"event": "feedback", "text": "x" * 2001},
            {"event": "feedback", "text": "\x00"},
        ],
    )
    def test_other_shapes(self, kit: Kit, call: dict[str, str], body: dict[str, object]) -> None:
        path = f"/vaani/v1/calls/{call['call_id']}/progress"
        is_problem(post(kit.client, path, {"call_token": call["call_token"], **body}), "bad_request", 400)
