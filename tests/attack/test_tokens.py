"""A thousand tokens that are forged, too old, of another site or for another purpose: none opens its door."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.attack import canaries
from tests.attack.conftest import Ceiling
from tests.attack.forgeries import Kind, forgeries
from tests.parts.unhurried import unhurried
from tests.server.conftest import AGENT, ORIGIN, SECRET, SITES, Kit, MakeKit, make_kit, post
from vaani_widget.ledger_schema import calls
from vaani_widget.signing import derive, key_id
from vaani_widget.tokens import CallToken, sign_grant

__all__ = ["make_kit"]

SERVER = canaries.SERVER_SECRET.encode()
OTHERS = "o" * 32
SITE_TYPE, CALL_TYPE, GRANT_TYPE = "vaani-site+jwt", "vaani-call+jwt", "vaani-grant+jwt"
REFUSED = {
    "token_invalid", "token_expired", "grant_invalid", "grant_expired", "bad_request", "site_not_found",
    "origin_not_allowed", "agent_not_allowed",
}  # fmt: skip
KEYS = {
    "the server's secret itself": SERVER,
    "another server's": derive(b"another secret of thirty-two byte", SITE_TYPE),
    "the key of site tokens": derive(SERVER, SITE_TYPE),
    "the key of call tokens": derive(SERVER, CALL_TYPE),
    "the key of grants where a site has none": derive(SERVER, "grant:acme"),
    "the key of visitors": derive(SERVER, "visitor"),
    "the key of challenges": derive(SERVER, "challenge"),
    "the site's secret": SECRET.encode(),
    "another site's secret": OTHERS.encode(),
    "the API key": canaries.API_KEY.encode(),
}


@dataclass(frozen=True)
class Door:
    """A place that takes one kind of token.

    :param real: such tokens, to see that they would be let in.
    """

    kind: Kind
    knock: Callable[[str], TestResponse]


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    kit = make_kit(VAANI_WIDGET_SITES={**SITES, "other": {**SITES["other"], "secret": OTHERS}})
    unhurried(kit.app)
    return kit


def doors(kit: Kit, call_id: str) -> dict[str, Door]:
    now = int(kit.clock.now)
    times = {"iat": now, "exp": now + 120}
    ours = {"iss": "vaani-widget", "aud": "vaani-widget", **times}

    def kind(typ: str, real: bytes, claims: dict[str, object]) -> Kind:
        others = {name: key for name, key in KEYS.items() if key != real}
        kid = None if typ == GRANT_TYPE else key_id(SERVER, typ)
        return Kind(typ, real, claims, now, kid, others)

    site = {**ours, "jti": "j" * 32, "site": "acme", "origin": ORIGIN, "agent": AGENT}
    grant = {"iss": "acme", "aud": "vaani-widget", **times, "sub": "v-1"}
    progress = f"/vaani/v1/calls/{call_id}/progress"
    return {
        "site token": Door(kind(SITE_TYPE, derive(SERVER, SITE_TYPE), site), kit.call),
        "call token": Door(
            kind(CALL_TYPE, derive(SERVER, CALL_TYPE), {**ours, "call_id": call_id, "site": "acme"}),
            lambda token: post(kit.client, progress, {"call_token": token, "event": "ended"}),
        ),
        "grant": Door(kind(GRANT_TYPE, SECRET.encode(), grant), lambda token: kit.mint(grant=token)),
    }


def test_no_forgery_is_taken(kit: Kit, ceiling: Ceiling, long: bool) -> None:
    begun = kit.call(kit.token())
    assert begun.json is not None
    codes: Counter[str] = Counter()
    accepted: list[str] = []

    def knock(door: Door, why: str, token: str) -> None:
        answer = door.knock(token)
        if answer.status_code < 400:
            accepted.append(why)
        else:
            codes[answer.json["code"]] += 1  # type: ignore[index]

    everything = doors(kit, begun.json["call_id"])
    for name, door in everything.items():
        for seed in range(20 if long else 1):
            for why, token in forgeries(door.kind, random.Random(seed)):
                knock(door, f"{name}: {why}", token)
        for other, elsewhere in everything.items():
            if other != name:
                knock(door, f"{name}: a {other} in its place", elsewhere.kind.make())
                claims = {**door.kind.claims, **elsewhere.kind.claims}
                knock(door, f"{name}: a {other} with all claims", elsewhere.kind.make(**claims))
    for why, token in of_another_site(kit, everything):
        knock(everything["grant"], f"grant: {why}", token)
    for why, token in for_something_else(everything["site token"].kind):
        knock(everything["site token"], f"site token: {why}", token)
    other_call = CallToken(call_id="another", site="acme", expires_at=int(kit.clock.now) + 60)
    knock(everything["call token"], "another call's", kit.state.services.keyring.sign_call_token(other_call))

    tries = codes.total() + len(accepted)
    ceiling("forged tokens: accepted", tries, len(accepted), 0)
    ceiling("forged tokens: upstream calls", tries, len(kit.vaani.bodies) - 1, 0)
    assert accepted == []
    assert set(codes) <= REFUSED, codes
    assert tries >= 1000
    assert len(kit.vaani.bodies) == 1
    with kit.state.services.ledger.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(calls)) == 1

    # What was changed in each of them is what was wrong with it: as they are, all three are let in.
    for name, door in everything.items():
        assert door.knock(door.kind.make()).status_code in (201, 204), name


def of_another_site(kit: Kit, everything: dict[str, Door]) -> list[tuple[str, str]]:
    now, kind = kit.clock.now, everything["grant"].kind
    own, others = SECRET.encode(), OTHERS.encode()
    locks: list[object] = [
        {"websocket_url": "wss://evil.test"}, {"env_flag": "x"}, {"agent_id": "nobody's"}, [1], 1, "all",
        {"agent_id": AGENT, "agent_name": "second"}, {"voice_speed": 9}, {"nothing": 1},
    ]  # fmt: skip
    subs: list[object] = ["", "x" * 257, "a\nb", 7, [], {}, True, ["v"]]
    metadata: list[object] = [{"a": {}}, {"": 1}, {"a": "x" * 5000}, 1]
    return [
        ("another site's", sign_grant(site="other", secret=others, visitor="v", now=now)),
        ("this site's, by another's secret", sign_grant(site="acme", secret=others, visitor="v", now=now)),
        ("another site's, by this one's secret", sign_grant(site="other", secret=own, now=now)),
        *((f"over 12 hours: {ahead}", kind.make(exp=kind.now + ahead)) for ahead in (43_300, 10**5, 10**12)),
        *((f"nbf in {ahead} s", kind.make(nbf=kind.now + ahead)) for ahead in (31, 3600, 10**12)),
        *((f"sub {sub!r}", kind.make(sub=sub)) for sub in subs),
        *((f"locks {locked!r}", kind.make(locked=locked)) for locked in locks),
        *((f"metadata {bad!r}"[:40], kind.make(metadata=bad)) for bad in metadata),
    ]


def for_something_else(kind: Kind) -> list[tuple[str, str]]:
    """By the server's own key: what it would not sign today."""
    return [
        ("a site that is gone", kind.make(site="gone")),
        ("another site", kind.make(site="other")),
        ("another site and its origin", kind.make(site="other", origin="https://other.test")),
        ("another origin", kind.make(origin="https://evil.test")),
        ("another origin of the site", kind.make(origin="https://a.acme.dev")),
        ("an agent that the site has not", kind.make(agent="another")),
        *(
            (f"{name} left out", kind.make(**{name: ...}))
            for name in ("jti", "site", "origin", "agent", "iat")
        ),
        *((f"{name} empty", kind.make(**{name: ""})) for name in ("jti", "site", "origin", "agent", "iat")),
        *((f"{name} a list", kind.make(**{name: [1]})) for name in ("jti", "site", "origin", "agent", "iat")),
    ]


def test_another_spelling_of_a_token_is_the_same_token(kit: Kit) -> None:
    """Two bits of a signature's last letter mean nothing. Whoever changes them has still one call."""
    token = kit.token()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(token[-1])
    spellings = [
        token[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ bits]
        for bits in range(4)
    ]
    assert len(set(spellings)) == 4
    answers = [kit.call(spelling).status_code for spelling in [*spellings, token]]
    assert answers.count(201) == 1
    assert len(kit.vaani.bodies) == 1
