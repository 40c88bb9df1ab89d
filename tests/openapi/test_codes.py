"""Every refusal that an operation is said to have, had for real; so none is said that can't be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import jsonschema_rs
import pytest
from werkzeug.test import TestResponse

from tests.server.conftest import ORIGIN, SECRET, SITES, Kit, post
from vaani_widget import calls
from vaani_widget.errors import REFUSALS
from vaani_widget.mint_rate import MintRate
from vaani_widget.site_limits import Limits, Window
from vaani_widget.sites import Consent
from vaani_widget.tokens import CallToken, SiteToken, sign_grant
from vaani_widget.web.openapi_operations import OPERATIONS
from vaani_widget.web.openapi_schemas import problem_of, schemas

Provoke = Callable[[Kit], TestResponse]

TOKEN_PATH = "/vaani/v1/sites/acme/token"
CALLS_PATH = "/vaani/v1/calls"
PROGRESS_PATH = "/vaani/v1/calls/x/progress"
SLASH = "a%2Fb"
"""In a path it is a slash to every WSGI server, so the path is another one."""


def get(path: str, **headers: str) -> Provoke:
    return lambda kit: kit.client.get(f"/vaani{path}", headers=headers)


def raw(path: str, data: bytes, kind: str = "text/plain") -> Provoke:
    return lambda kit: kit.client.post(path, data=data, content_type=kind, headers={"Origin": ORIGIN})


def bodies(path: str) -> dict[str, Provoke]:
    return {
        "bad_request": raw(path, b"[]"),
        "body_too_large": raw(path, b"x" * 20_000),
        "unsupported_media_type": raw(path, b"{}", "text/html"),
    }


def changed(then: Provoke, **changes: Any) -> Provoke:
    """As it is while the site has these changes."""

    def provoke(kit: Kit) -> TestResponse:
        kit.change_site(**changes)
        return then(kit)

    return provoke


def changed_in_between(**changes: Any) -> Provoke:
    """A call with a token from before the change."""

    def provoke(kit: Kit) -> TestResponse:
        token = kit.token()
        kit.change_site(**changes)
        return kit.call(token)

    return provoke


def without_a_ledger(provoke: Provoke) -> Provoke:
    """The database is where none can be, from now on."""

    def without(kit: Kit) -> TestResponse:
        services = replace(kit.state.services, database_url="sqlite:////dev/null/ledger")
        kit.app.extensions["vaani_widget"] = replace(kit.state, services=services)
        return provoke(kit)

    return without


def keyless(provoke: Provoke) -> Provoke:
    """The key that signs lies in the ledger."""

    def without(kit: Kit) -> TestResponse:
        settings = replace(kit.state.settings, secret_keys=())
        services = replace(kit.state.services, settings=settings)
        kit.app.extensions["vaani_widget"] = replace(kit.state, settings=settings, services=services)
        return provoke(kit)

    return without


def signed(kit: Kit, **changes: Any) -> TestResponse:
    """A call with a token that this server has signed, and would not sign today."""
    now = int(kit.clock.now)
    token = SiteToken(
        jti="j",
        site="acme",
        origin=ORIGIN,
        agent=SITES["acme"]["agents"][0],
        issued_at=now,
        expires_at=now + 9,
    )
    return kit.call(kit.state.services.keyring.sign_site_token(replace(token, **changes)))


def told(kit: Kit, **changes: Any) -> TestResponse:
    """Progress of a call that there may not be."""
    token = CallToken(call_id="x", site="acme", expires_at=int(kit.clock.now) + 9)
    signed = kit.state.services.keyring.sign_call_token(replace(token, **changes))
    return post(kit.client, PROGRESS_PATH, {"call_token": signed, "event": "ended"})


def grant(kit: Kit, *, now: float = 0, secret: str = SECRET, **what: Any) -> str:
    return sign_grant(site="acme", secret=secret.encode(), now=kit.clock.now + now, **what)


def spent(kit: Kit) -> TestResponse:
    token = kit.token()
    assert kit.call(token).status_code == 201
    return kit.call(token)


def again(limits: Limits) -> Provoke:
    """A second call where one was all there was."""

    def provoke(kit: Kit) -> TestResponse:
        kit.change_site(limits=limits, challenge="off")
        assert kit.call(kit.token()).status_code == 201
        return kit.call(kit.token())

    return provoke


class Riddle:
    """A challenge that nobody solves."""

    def issue(self, token: SiteToken) -> Mapping[str, object]:
        return {"kind": "riddle", "question": "?"}

    def solved(self, token: SiteToken, solution: str) -> bool:
        return False


def riddled(**body: Any) -> Provoke:
    def provoke(kit: Kit) -> TestResponse:
        kit.change_site(limits=Limits(per_day=2))
        kit.state.services.__dict__["challenge"] = Riddle()
        assert kit.call(kit.token()).status_code == 201
        return kit.call(kit.token(), **body)

    return provoke


def upstream(failure: int | Exception) -> Provoke:
    def provoke(kit: Kit) -> TestResponse:
        kit.vaani.fail_next(failure)
        return kit.call(kit.token())

    return provoke


def hurried(kit: Kit) -> TestResponse:
    kit.state.services.__dict__["mint_rate"] = MintRate(1)
    kit.token()
    return kit.mint()


BIG = {"a": "x" * 3000}

PROVOKED: dict[str, dict[str, Provoke]] = {
    "widget_js": {},
    "site_widget_js": {
        "site_not_found": get("/sites/nobody/widget.js"),
        "not_found": get(f"/sites/{SLASH}/widget.js"),
    },
    "asset": {"not_found": get("/assets/nothing.js")},
    "site_token": {
        **bodies(TOKEN_PATH),
        "not_found": lambda kit: post(kit.client, f"/vaani/v1/sites/{SLASH}/token", {}),
        "site_not_found": lambda kit: kit.mint("nobody"),
        "origin_not_allowed": lambda kit: kit.mint(origin="https://evil.test"),
        "rate_limited": hurried,
        "agent_not_allowed": lambda kit: kit.mint(agent="another"),
        "grant_invalid": lambda kit: kit.mint(grant=grant(kit, secret="y" * 32)),
        "grant_expired": lambda kit: kit.mint(grant=grant(kit, now=-7200)),
        "signed_visitors_only": changed(lambda kit: kit.mint(), require="signed"),
        "site_disabled": changed(lambda kit: kit.mint(), enabled=False),
        "settings_invalid": changed(
            lambda kit: kit.mint(grant=grant(kit, metadata={"b": "y" * 3000})), call={"metadata": BIG}
        ),
        "store_unavailable": keyless(without_a_ledger(lambda kit: kit.mint())),
    },
    "calls": {
        **bodies(CALLS_PATH),
        "token_invalid": lambda kit: kit.call("x.y.z"),
        "token_expired": lambda kit: signed(kit, expires_at=int(kit.clock.now) - 31),
        "site_not_found": lambda kit: signed(kit, site="gone"),
        "origin_not_allowed": lambda kit: kit.call(kit.token(), origin="https://a.acme.dev"),
        "agent_not_allowed": changed_in_between(agents=("another",)),
        "signed_visitors_only": changed_in_between(require="signed"),
        "site_disabled": changed_in_between(enabled=False),
        "consent_required": changed_in_between(consent=Consent("1", "Yes?")),
        "token_spent": spent,
        "challenge_required": riddled(),
        "challenge_failed": riddled(challenge_solution="42"),
        "settings_invalid": lambda kit: kit.call(kit.token(), settings={"voice_speed": 9}),
        "grant_invalid": lambda kit: signed(kit, locked={"env_flag": "x"}),
        "budget_spent": again(Limits(visitor=(), per_day=1)),
        "rate_limited": again(Limits(visitor=(Window(1, 60),))),
        "site_busy": again(Limits(visitor=(), running=1)),
        "store_unavailable": without_a_ledger(signed),
        "agent_not_found": upstream(404),
        "upstream_auth": upstream(401),
        "upstream_rejected": upstream(422),
        "upstream_invalid": upstream(302),
        "upstream_balance": upstream(402),
        "upstream_limited": upstream(429),
        "upstream_unavailable": upstream(503),
        "upstream_timeout": upstream(httpx.ReadTimeout("slow")),
    },
    "progress": {
        **bodies(PROGRESS_PATH),
        "not_found": lambda kit: post(kit.client, f"/vaani/v1/calls/{SLASH}/progress", {}),
        "token_invalid": lambda kit: told(kit, call_id="another"),
        "token_expired": lambda kit: told(kit, expires_at=int(kit.clock.now) - 31),
        "call_not_found": told,
        "store_unavailable": without_a_ledger(told),
    },
    "grant": {
        "not_found": get("/v1/sites/acme/grant"),
    },
    "call_page": {"not_found": get("/call/acme")},
    "healthz": {},
    "readyz": {"store_unavailable": without_a_ledger(get("/readyz"))},
    "metrics": {"not_found": get("/metrics")},
    "openapi": {},
}
"""By operation and code. ``internal_error`` is nobody's plan."""


def loaded(provoke: Provoke) -> Provoke:
    """In an app that gives grants."""

    def provoked(kit: Kit) -> TestResponse:
        state = replace(kit.state, grant_loader=lambda: lambda site: {"visitor": "v-1"})
        kit.app.extensions["vaani_widget"] = state
        return provoke(kit)

    return provoked


PROVOKED["grant"] |= {
    "site_not_found": loaded(get("/v1/sites/nobody/grant")),
    "origin_not_allowed": loaded(get("/v1/sites/acme/grant", Origin=ORIGIN)),
    "store_unavailable": loaded(keyless(without_a_ledger(get("/v1/sites/other/grant")))),
}


def test_each_has_been_thought_of() -> None:
    assert {name: set(codes) for name, codes in PROVOKED.items()} == {
        name: set(operation.codes) | ({"not_found"} if name in WITH_A_NAME else set())
        for name, operation in OPERATIONS.items()
    }


WITH_A_NAME = {"site_widget_js", "asset", "site_token", "progress", "grant", "call_page"}
"""Their paths have a part that varies."""


@pytest.mark.parametrize(
    ("endpoint", "code"), [(name, code) for name, codes in PROVOKED.items() for code in codes]
)
def test_it_can_be_had(kit: Kit, endpoint: str, code: str) -> None:
    answer = PROVOKED[endpoint][code](kit)
    assert json.loads(answer.data)["code"] == code, answer.text
    assert answer.content_type == "application/problem+json"
    schema = {**problem_of([REFUSALS[code]]), "components": {"schemas": schemas()}}
    jsonschema_rs.validate(schema, json.loads(answer.data))
    assert answer.status_code == REFUSALS[code].status


def test_what_nobody_foresaw(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    token = kit.token()
    monkeypatch.setattr(calls, "lane", None)
    answer = kit.call(token)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")  # type: ignore[index]
