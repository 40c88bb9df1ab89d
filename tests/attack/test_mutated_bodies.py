"""Whatever is made of a body: no locked setting changes, and nothing breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import json
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.attack.conftest import Ceiling
from tests.attack.mutations import mutated
from tests.parts.unhurried import unhurried
from tests.server.conftest import AGENT, ORIGIN, SECRET, Kit, MakeKit, make_kit
from vaani_widget.call_parameters import PARAMETERS, check
from vaani_widget.ledger_schema import days
from vaani_widget.tokens import CallToken, SiteToken, sign_grant

__all__ = ["make_kit"]

SHORT, LONG = 600, 10_000
SITE_LOCKS = {"voice_gender": "female", "welcome_message": "Namaste"}
SITE_METADATA = {"plan": "gold"}
GRANT_LOCKS = {"primary_language": "hi", "voice_speed": 0.8, "agent_id": AGENT}
GRANT_METADATA = {"customer": "c-7"}
SITE = {
    "origins": [ORIGIN],
    "agents": [AGENT, "second"],
    "require": "signed",  # or a visitor would leave the grant out, which is no attack
    "challenge": "off",
    "secret": SECRET,
    "page_may_set": [
        "primary_language", "secondary_language", "voice_gender", "voice_speed", "welcome_message",
        "welcome_interruptible", "bg_noise_enabled", "bg_noise_volume",
    ],
    "metadata_keys": ["page", "plan", "customer"],
    "call": {"secondary_language": "en"},
    "locked": {**SITE_LOCKS, "metadata": SITE_METADATA},
    "limits": {"visitor": "9000000/day", "site": "9000000/day", "running": 100_000},
}  # fmt: skip
WISHES: dict[str, Any] = {
    "voice_gender": "male",
    "welcome_message": "You have won!",
    "primary_language": "en",
    "voice_speed": 1.4,
    "bg_noise_volume": 3,
}
"""What a page would like; it has a say in the last one only."""

PAGE_METADATA = {"page": "/a", "plan": "free", "customer": "c-8"}


class Attack:
    """One application under it."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.statuses: dict[str, Counter[int]] = {
            "token": Counter(),
            "calls": Counter(),
            "progress": Counter(),
        }
        self.grant = sign_grant(
            site="acme",
            secret=SECRET.encode(),
            visitor="v-1",
            locked=GRANT_LOCKS,
            metadata=GRANT_METADATA,
            now=kit.clock.now,
        )
        self._made = 0

    def token(self, data: st.DataObject) -> None:
        body = data.draw(mutated({"agent": AGENT, "grant": self.grant}))
        answer = self.post("token", "/vaani/v1/sites/acme/token", body)
        if answer.status_code == 201:
            wishes = {"site_token": answer.json["site_token"], "settings": WISHES, "metadata": PAGE_METADATA}
            started = self.post("calls", "/vaani/v1/calls", json.dumps(wishes).encode())
            assert started.status_code == 201, started.text

    def calls(self, data: st.DataObject) -> None:
        valid = {
            "site_token": self.site_token(),
            "settings": WISHES,
            "metadata": PAGE_METADATA,
            "consent": {"version": "1"},
            "challenge_solution": "x",
        }
        self.post("calls", "/vaani/v1/calls", data.draw(mutated(valid)))

    def progress(self, data: st.DataObject) -> None:
        token = CallToken(call_id=self.call, site="acme", expires_at=int(self.kit.clock.now) + 600)
        valid = {
            "call_token": self.kit.state.services.keyring.sign_call_token(token),
            "event": "feedback",
            "reason": "visitor",
            "rating": 4,
            "text": "Fine",
        }
        self.post("progress", f"/vaani/v1/calls/{self.call}/progress", data.draw(mutated(valid)))

    def begin(self) -> None:
        """One call that is as it should be, to tell of."""
        body = json.dumps({"site_token": self.site_token()}).encode()
        answer = self.post("calls", "/vaani/v1/calls", body)
        assert answer.status_code == 201, answer.text
        self.call: str = answer.json["call_id"]

    def site_token(self) -> str:
        self._made += 1
        now = int(self.kit.clock.now)
        token = SiteToken(
            jti=f"j{self._made:031}",
            site="acme",
            origin=ORIGIN,
            agent=AGENT,
            issued_at=now,
            expires_at=now + 120,
            sub="v-1",
            locked=GRANT_LOCKS,
            metadata=GRANT_METADATA,
        )
        return self.kit.state.services.keyring.sign_site_token(token)

    def post(self, kind: str, path: str, body: bytes) -> TestResponse:
        asked_before = len(self.kit.vaani.bodies)
        answer = self.kit.client.post(path, data=body, content_type="text/plain", headers={"Origin": ORIGIN})
        self.statuses[kind][answer.status_code] += 1
        asked = self.kit.vaani.bodies[asked_before:]
        if answer.status_code < 300:
            assert len(asked) == (1 if kind == "calls" else 0)
        else:
            assert 400 <= answer.status_code < 500, answer.text
            assert answer.content_type == "application/problem+json"
            assert answer.json["spent"] == "no"
            assert asked == []
        for sent in asked:
            assert_as_the_owner_said(sent)
        return answer


def is_as_the_owner_said(sent: dict[str, Any]) -> bool:
    try:
        assert_as_the_owner_said(sent)
    except AssertionError:
        return False
    return True


def assert_as_the_owner_said(sent: dict[str, Any]) -> None:
    """What Vaani is asked for has every lock on it."""
    assert sent.get("agent_id") == AGENT
    assert sent.keys() <= PARAMETERS.keys() - {"agent_name", "websocket_url", "env_flag"}
    locked = {**SITE_LOCKS, **{name: value for name, value in GRANT_LOCKS.items() if name != "agent_id"}}
    assert {name: sent.get(name) for name in locked} == locked
    metadata = sent.get("metadata", {})
    assert metadata.items() >= {**SITE_METADATA, **GRANT_METADATA}.items()
    assert metadata.keys() <= {"page", "plan", "customer"}
    for name, value in sent.items():
        check(name, value)


def test_no_body_changes_what_is_locked(make_kit: MakeKit, ceiling: Ceiling, long: bool) -> None:
    kit = make_kit(VAANI_WIDGET_SITES={"acme": SITE})
    unhurried(kit.app)
    attack = Attack(kit)
    attack.begin()
    kinds: list[Callable[[st.DataObject], None]] = [attack.calls] * 3 + [attack.token, attack.progress]
    examples = LONG if long else SHORT
    many = settings(
        max_examples=examples,
        derandomize=not long,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @many
    @given(data=st.data(), kind=st.sampled_from(kinds))
    def run(data: st.DataObject, kind: Callable[[st.DataObject], None]) -> None:
        kind(data)

    try:
        run()
    finally:
        tries = sum(count.total() for count in attack.statuses.values())
        opened = sum(not is_as_the_owner_said(sent) for sent in kit.vaani.bodies)
        broke = sum(count[status] for count in attack.statuses.values() for status in count if status >= 500)
        ceiling("mutated bodies: locks opened", tries, opened, 0)
        ceiling("mutated bodies: answers 500", tries, broke, 0)
    calls, token, progress = (attack.statuses[kind] for kind in ("calls", "token", "progress"))
    # Too many bodies that are refused at sight would prove little.
    assert calls[201] > examples / 20
    assert token[201] > examples / 100
    assert progress[204] > examples / 100
    with kit.state.services.ledger.engine.connect() as connection:
        assert connection.scalar(select(days.c.calls)) == len(kit.vaani.bodies) == calls[201]


@pytest.mark.parametrize("name", [*[*WISHES][:4], "websocket_url", "env_flag", "agent_name"])
def test_a_lock_that_is_missing_is_seen(name: str) -> None:
    sent = {**SITE_LOCKS, **GRANT_LOCKS, "metadata": {**SITE_METADATA, **GRANT_METADATA}}
    assert is_as_the_owner_said(sent)
    assert not is_as_the_owner_said({**sent, name: WISHES.get(name, "wss://evil.test")})
