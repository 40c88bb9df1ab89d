"""What a grant says holds against everything that a page, another site or an old secret can send."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from tests.server.conftest import AGENT, SECRET, SITES, Kit, MakeKit, is_problem
from vaani_widget.call_settings import PARAMETERS
from vaani_widget.hidden import SecretBytes
from vaani_widget.tokens import sign_grant

LOCKED: dict[str, tuple[Any, Any]] = {
    "voice_gender": ("male", "female"),
    "primary_language": ("ta", "en"),
    "secondary_language": ("hi", "en"),
    "welcome_message": ("नमस्ते", "Free tea for all"),
    "welcome_interruptible": (False, True),
    "bg_noise_enabled": (True, False),
    "bg_noise_volume": (0, 100),
    "voice_speed": (0.6, 1.4),
}
"""What a grant may lock: its value, and the page's."""

OPEN = {"acme": {**SITES["acme"], "page_may_set": list(LOCKED), "metadata_keys": ["plan", "page"]}}
OLD = "o" * 32


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    """The site lets its pages set whatever a page may set at all."""
    return make_kit(VAANI_WIDGET_SITES=OPEN)


def signed(kit: Kit, secret: str = SECRET, site: str = "acme", **what: Any) -> str:
    return sign_grant(site=site, secret=secret.encode(), now=kit.clock.now, **what)


def forged(kit: Kit, **claims: object) -> str:
    """By somebody who holds the secret, and does not use our function."""
    body = {"iss": "acme", "aud": "vaani-widget", "exp": int(kit.clock.now) + 600, **claims}
    headers = {"typ": "vaani-grant+jwt"}
    return jwt.PyJWS().encode(json.dumps(body).encode(), SECRET.encode(), algorithm="HS256", headers=headers)


def test_every_setting_is_looked_at() -> None:
    never = {"agent_id", "agent_name", "websocket_url", "env_flag", "metadata"}
    assert set(LOCKED) | never == set(PARAMETERS)


@pytest.mark.parametrize("name", LOCKED)
def test_the_page_sets_it_only_where_the_grant_does_not(kit: Kit, name: str) -> None:
    ours, theirs = LOCKED[name]
    kit.call(kit.token(), settings={name: theirs})
    answer = kit.call(kit.token(grant=signed(kit, locked={name: ours})), settings={name: theirs})
    assert [body[name] for body in kit.vaani.bodies] == [theirs, ours]
    assert answer.get_json()["ignored"] == [name]


@pytest.mark.parametrize("nonsense", [None, [], {}, "", 10**400, "x" * 900, {"locked": {}}])
def test_not_even_nonsense_moves_a_lock(kit: Kit, nonsense: object) -> None:
    locked = {name: ours for name, (ours, _) in LOCKED.items()}
    answer = kit.call(
        kit.token(grant=signed(kit, locked=locked, metadata={"plan": "gold"})),
        settings=dict.fromkeys(LOCKED, nonsense),
        metadata={"plan": nonsense},
    )
    assert answer.status_code == 201, answer.text
    assert kit.vaani.bodies == [{"agent_id": AGENT, **locked, "metadata": {"plan": "gold"}}]
    assert set(answer.get_json()["ignored"]) == {*LOCKED, "metadata.plan"}


def test_all_at_once_beside_what_the_page_may_add(kit: Kit) -> None:
    locked = {name: ours for name, (ours, _) in LOCKED.items()}
    everything = {name: theirs for name, (_, theirs) in LOCKED.items()}
    advanced = {
        "websocket_url": "wss://evil.test",
        "env_flag": "evil",
        "agent_id": "second",
        "agent_name": "x",
    }
    answer = kit.call(
        kit.token(grant=signed(kit, visitor="v", locked=locked, metadata={"plan": "gold"})),
        settings={**everything, **advanced, "metadata": {"plan": "evil"}, "locked": {}, "grant": "x"},
        metadata={"plan": "evil", "page": "/", "other": "evil"},
    )
    assert answer.status_code == 201, answer.text
    assert kit.vaani.bodies == [
        {"agent_id": AGENT, **locked, "metadata": {"plan": "gold", "page": "/"}},
    ]
    assert "evil" not in json.dumps(kit.vaani.bodies)


def test_the_owners_own_lock_is_stronger_than_a_grant(kit: Kit) -> None:
    kit.change_site(locked={"voice_gender": "female", "metadata": {"plan": "house"}})
    kit.call(kit.token(grant=signed(kit, locked={"voice_gender": "male"}, metadata={"plan": "gold"})))
    assert kit.vaani.bodies == [
        {"agent_id": AGENT, "voice_gender": "female", "metadata": {"plan": "house"}},
    ]


def test_the_pages_agent_does_not_replace_the_grants(kit: Kit) -> None:
    kit.call(kit.token(agent=AGENT, grant=signed(kit, locked={"agent_name": "second"})))
    assert kit.vaani.bodies == [{"agent_id": "second"}]


@pytest.mark.parametrize(
    ("locked", "code", "field"),
    [
        ({"websocket_url": "wss://evil.test"}, "grant_invalid", "websocket_url"),
        ({"env_flag": "evil"}, "grant_invalid", "env_flag"),
        ({"voice_speed": 1.5}, "grant_invalid", "voice_speed"),
        ({"metadata": {"plan": "gold"}}, "grant_invalid", "metadata"),
        ({"agent_id": AGENT, "agent_name": "second"}, "grant_invalid", "agent_name"),
        ({"agent_id": "third"}, "agent_not_allowed", None),
        ({"agent_name": "third"}, "agent_not_allowed", None),
    ],
)
def test_what_no_grant_may_set_even_with_the_sites_secret(
    kit: Kit, locked: dict[str, object], code: str, field: str | None
) -> None:
    problem = is_problem(kit.mint(grant=forged(kit, sub="v", locked=locked)), code, 403)
    assert problem.get("field") == field
    assert "evil" not in json.dumps(problem)
    assert kit.vaani.bodies == []


def test_an_agent_that_the_site_gave_up_since(kit: Kit) -> None:
    token = kit.token(grant=signed(kit, locked={"agent_id": "second"}))
    kit.change_site(agents=(AGENT,))
    is_problem(kit.call(token), "agent_not_allowed", 403)
    assert kit.vaani.bodies == []


def test_a_grant_of_another_site_even_where_both_have_one_secret(make_kit: MakeKit) -> None:
    kit = make_kit(VAANI_WIDGET_SITES={**OPEN, "twin": OPEN["acme"]})
    grant = signed(kit, site="twin", visitor="v")
    assert kit.mint("twin", grant=grant).status_code == 201
    assert is_problem(kit.mint("acme", grant=grant), "grant_invalid", 403)["field"] == "iss"


def test_a_secret_that_is_listed_second_is_good_and_one_that_has_left_is_not(kit: Kit) -> None:
    old, new = signed(kit, OLD, visitor="v"), signed(kit, SECRET, visitor="v")

    def list_secrets(*secrets: str) -> None:
        kit.change_site(secrets=tuple(SecretBytes(secret.encode()) for secret in secrets))

    list_secrets(OLD)
    assert kit.mint(grant=old).status_code == 201
    list_secrets(SECRET, OLD)
    assert [kit.mint(grant=grant).status_code for grant in (old, new)] == [201, 201]
    list_secrets(SECRET)
    is_problem(kit.mint(grant=old), "grant_invalid", 403)
    assert kit.call(kit.token(grant=new)).status_code == 201


def test_the_apps_own_grants_are_signed_with_the_newest(kit: Kit) -> None:
    kit.change_site(secrets=tuple(SecretBytes(secret.encode()) for secret in (SECRET, OLD)))
    kit.state.grant_loader = lambda: lambda site: {"visitor": "v"}
    given = kit.client.get("/vaani/v1/sites/acme/grant").get_json()["grant"]
    kit.change_site(secrets=(SecretBytes(SECRET.encode()),))
    assert kit.mint(grant=given).status_code == 201
