"""A request in which everything is wrong at once: the checks are made in the order that is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.server.conftest import AGENT, ORIGIN, Kit, kit, make_kit
from vaani_widget.site_limits import Limits, Window
from vaani_widget.sites import Consent
from vaani_widget.tokens import SiteToken

__all__ = ["kit", "make_kit"]


class Riddle:
    """A challenge whose answer everybody knows."""

    def issue(self, token: SiteToken) -> Mapping[str, object]:
        return {"kind": "riddle"}

    def solved(self, token: SiteToken, solution: str) -> bool:
        return solution == "42"


@dataclass
class Request:
    """A call as it is asked for; every default is wrong."""

    kit: Kit
    padding: str = "x" * 20_000
    media_type: str = "text/html"
    settings: Any = "loud"
    token: str | None = "a.b.c"
    claims: dict[str, str] = field(
        default_factory=lambda: {
            "jti": "spent", "site": "gone", "origin": "https://elsewhere.test", "agent": "nobody"
        }
    )  # fmt: skip
    more: dict[str, Any] = field(default_factory=dict)

    def send(self) -> str:
        """Ask, and get the code; empty where a call has begun."""
        body = {"site_token": self._token(), "settings": self.settings, "padding": self.padding, **self.more}
        answer = self.kit.client.post(
            "/vaani/v1/calls",
            data=json.dumps(body),
            content_type=self.media_type,
            headers={"Origin": "https://evil.test" if self.claims["origin"] != ORIGIN else ORIGIN},
        )
        return "" if answer.status_code == 201 else str(json.loads(answer.data)["code"])

    def _token(self) -> str:
        now = int(self.kit.clock.now)
        token = SiteToken(**self.claims, issued_at=now, expires_at=now + 60)
        return self.token or self.kit.state.services.keyring.sign_site_token(token)


def test_the_first_that_is_wrong_names_the_refusal(kit: Kit) -> None:
    request = Request(kit)
    limits = Limits(visitor=(Window(2, 60),), per_day=2, running=2)

    def site(**changes: Any) -> Callable[[], None]:
        def change() -> None:
            kit.change_site(**changes)
            kit.state.services.__dict__["challenge"] = Riddle()

        return change

    def asks(**changes: Any) -> Callable[[], None]:
        return lambda: request.__dict__.update(changes)

    def says(**changes: str) -> Callable[[], None]:
        return lambda: request.claims.update(changes)

    def adds(**changes: Any) -> Callable[[], None]:
        return lambda: request.more.update(changes)

    # As it should be, twice: the day, the visitor's window and the lines are used up then, and a token spent.
    kit.change_site(limits=limits, challenge="off")
    for jti in ("spent", "another"):
        right = {"jti": jti, "site": "acme", "origin": ORIGIN, "agent": AGENT}
        usual = replace(request, padding="", media_type="text/plain", settings={}, token=None, claims=right)
        assert usual.send() == ""
    site(
        origins=("https://new.test",),
        agents=("new",),
        require="signed",
        enabled=False,
        challenge="auto",
        consent=Consent("2", "Yes?"),
    )()
    kit.vaani.fail_next(402)

    everything: list[tuple[str, Callable[[], None]]] = [
        ("body_too_large", asks(padding="")),
        ("unsupported_media_type", asks(media_type="text/plain")),
        ("bad_request", asks(settings={"voice_speed": 9})),
        ("token_invalid", asks(token=None)),
        ("site_not_found", says(site="acme")),
        ("origin_not_allowed", says(origin=ORIGIN)),
        ("origin_not_allowed", site(origins=(ORIGIN,))),
        ("agent_not_allowed", site(agents=("nobody",))),
        ("signed_visitors_only", site(require="any")),
        ("site_disabled", site(enabled=True)),
        ("consent_required", adds(consent={"version": "2"})),
        ("token_spent", says(jti="fresh")),
        ("challenge_required", adds(challenge_solution="41")),
        ("challenge_failed", adds(challenge_solution="42")),
        ("settings_invalid", asks(settings={"voice_speed": 1})),
        ("budget_spent", site(limits=replace(limits, per_day=9))),
        ("rate_limited", site(limits=replace(limits, per_day=9, visitor=(Window(9, 60),)))),
        ("site_busy", site(limits=Limits())),
        ("upstream_balance", says(jti="fresher")),
        ("", lambda: None),
    ]
    for code, put_right in everything:
        assert request.send() == code
        put_right()
    assert len(kit.vaani.bodies) == 4
