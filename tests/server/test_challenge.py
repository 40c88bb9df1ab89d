"""When a challenge is due, what solves it, and that asking for one costs a visitor nothing but work."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import altcha
import pytest

from tests.server.conftest import ORIGIN, SECRET, SITES, Kit, MakeKit, is_problem
from vaani_widget import VaaniWidget, challenges, challenges_altcha
from vaani_widget.challenges_altcha import Altcha
from vaani_widget.sites import Site
from vaani_widget.testing import VaaniTransport
from vaani_widget.tokens import LEEWAY, Keyring, SiteToken, sign_grant

NOW = int(time.time())
OLD, NEW = b"o" * 32, b"n" * 32


def site(**changes: Any) -> dict[str, Any]:
    limits = {"visitor": "9000/day", "site": "4/day", "running": 9000}
    return {"acme": {**SITES["acme"], "secret": None, "limits": limits, **changes}}


def without_secret(**changes: Any) -> dict[str, Any]:
    sites = site(**changes)
    del sites["acme"]["secret"]
    return sites


@pytest.fixture(autouse=True)
def short_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few attempts; the one test of the real number undoes it."""
    monkeypatch.setattr(challenges_altcha, "ATTEMPTS", 4)


@pytest.fixture
def make(make_kit: MakeKit) -> Callable[..., Kit]:
    """A site of four calls a day, in the present: altcha looks at the machine's own clock."""

    def make_(**changes: Any) -> Kit:
        kit = make_kit(VAANI_WIDGET_SITES=changes.pop("sites", None) or without_secret(**changes))
        kit.clock.now = time.time()
        return kit

    return make_


def solve(challenge: dict[str, Any]) -> str:
    """As the widget does."""
    assert challenge["kind"] == "altcha"
    asked = altcha.Challenge.from_dict(challenge)
    answer = altcha.solve_challenge(asked, counter_start=1)
    assert answer is not None
    return altcha.Payload(asked, answer).to_base64()


def solved(kit: Kit) -> dict[str, Any]:
    """A token where a challenge is due, and its solution, as a body's members."""
    minted = kit.mint().json
    assert minted is not None
    return {"token": minted["site_token"], "challenge_solution": solve(minted["challenge"])}


def spend_half(kit: Kit) -> None:
    for _ in range(2):
        assert kit.call(kit.token()).status_code == 201


def test_one_is_due_from_half_of_the_share_on_and_not_before(make: Callable[..., Kit]) -> None:
    kit = make()
    early = [kit.mint().json for _ in range(4)]
    assert all(minted is not None and "challenge" not in minted for minted in early)
    assert kit.call(early[0]["site_token"]).status_code == 201  # type: ignore[index]
    assert "challenge" not in kit.mint().json  # type: ignore[operator]
    assert kit.call(early[1]["site_token"]).status_code == 201  # type: ignore[index]

    # Half is spent: whoever comes from now on, and whoever has a token from before.
    assert kit.mint().json["challenge"]["kind"] == "altcha"  # type: ignore[index]
    token = early[2]["site_token"]  # type: ignore[index]
    problem = is_problem(kit.call(token), "challenge_required", 403)
    assert problem["spent"] == "no"
    assert problem["challenge"]["kind"] == "altcha"
    assert kit.call(token, challenge_solution=solve(problem["challenge"])).status_code == 201
    assert len(kit.vaani.bodies) == 3


def test_half_is_that_of_the_anonymous_share(make: Callable[..., Kit]) -> None:
    """Of ten a day, seven are for anonymous visitors where a site signs grants: the fifth is challenged."""
    limits = {"visitor": "9000/day", "site": "10/day", "running": 9000}
    kit = make(sites=site(secret=SECRET, limits=limits))
    for number in range(4):
        assert "challenge" not in kit.mint().json, number  # type: ignore[operator]
        assert kit.call(kit.token()).status_code == 201
    assert "challenge" in kit.mint().json  # type: ignore[operator]


def test_never_for_a_visitor_whom_the_site_vouches_for(make: Callable[..., Kit]) -> None:
    kit = make(sites=site(secret=SECRET))
    spend_half(kit)
    assert "challenge" in kit.mint().json  # type: ignore[operator]
    named = sign_grant(site="acme", secret=SECRET.encode(), now=kit.clock.now, visitor=7)
    minted = kit.mint(grant=named).json
    assert minted is not None
    assert "challenge" not in minted
    assert kit.call(minted["site_token"]).status_code == 201
    # One that names nobody vouches for nobody.
    nameless = sign_grant(site="acme", secret=SECRET.encode(), now=kit.clock.now, locked={})
    assert "challenge" in kit.mint(grant=nameless).json  # type: ignore[operator]


def test_a_site_that_wants_none_asks_for_none(make: Callable[..., Kit]) -> None:
    kit = make(challenge="off")
    for _ in range(4):
        minted = kit.mint().json
        assert minted is not None
        assert "challenge" not in minted
        assert kit.call(minted["site_token"], challenge_solution="whatever").status_code == 201
    is_problem(kit.call(kit.token()), "budget_spent", 429)


def test_a_refusal_leaves_the_token_unspent(make: Callable[..., Kit]) -> None:
    kit = make()
    spend_half(kit)
    good = solved(kit)
    is_problem(kit.call(good["token"]), "challenge_required", 403)
    assert (
        is_problem(kit.call(good["token"], challenge_solution="x"), "challenge_failed", 403)["spent"] == "no"
    )
    is_problem(kit.call(good["token"]), "challenge_required", 403)
    assert len(kit.vaani.bodies) == 2
    assert kit.call(**good).status_code == 201
    is_problem(kit.call(**good), "token_spent", 409)
    assert len(kit.vaani.bodies) == 3


def test_another_tokens_solution_is_refused(make: Callable[..., Kit]) -> None:
    kit = make()
    spend_half(kit)
    mine, other = solved(kit), solved(kit)
    crossed = {"token": mine["token"], "challenge_solution": other["challenge_solution"]}
    is_problem(kit.call(**crossed), "challenge_failed", 403)
    assert kit.call(**mine).status_code == 201
    # Nor is it good once more, with another token, after its own has been spent.
    again = {"token": kit.token(), "challenge_solution": mine["challenge_solution"]}
    is_problem(kit.call(**again), "challenge_failed", 403)


def test_it_is_named_in_the_log_once_where_none_can_be_asked(
    make: Callable[..., Kit], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(challenges, "find_spec", lambda name: None)
    kit = make()
    for _ in range(4):
        assert kit.call(kit.token()).status_code == 201
    (said,) = [record.getMessage() for record in caplog.records if "[challenge]" in record.getMessage()]
    assert said.startswith("The challenge of acme is off: the extra [challenge] is not installed.")
    assert "pip install 'vaani-widget[challenge]'" in said


class Riddle:
    """An owner's own."""

    def issue(self, token: SiteToken) -> dict[str, object]:
        return {"kind": "riddle", "of": token.jti}

    def solved(self, token: SiteToken, solution: str) -> bool:
        return solution == f"answer to {token.jti}"


def test_an_owners_own_takes_its_place(make_kit: MakeKit, tmp_path: Any) -> None:
    from flask import Flask

    app = Flask("host", instance_path=str(tmp_path))
    app.config.update(
        VAANI_API_KEY="vaani_0", SECRET_KEY="h" * 32, VAANI_WIDGET_SITES=without_secret(),
        VAANI_WIDGET_DATABASE_URL=f"sqlite:///{tmp_path}/riddle.sqlite3",
    )  # fmt: skip
    from tests.server.conftest import Clock

    vaani = VaaniTransport()
    VaaniWidget(app, challenge=Riddle(), transport=vaani)
    kit = Kit(app, vaani, Clock())
    try:
        spend_half(kit)
        minted = kit.mint().json
        assert minted is not None
        challenge = minted["challenge"]
        assert challenge["kind"] == "riddle"
        token = minted["site_token"]
        assert is_problem(kit.call(token), "challenge_required", 403)["challenge"] == challenge
        is_problem(kit.call(token, challenge_solution="?"), "challenge_failed", 403)
        assert kit.call(token, challenge_solution=f"answer to {challenge['of']}").status_code == 201
    finally:
        kit.state.services.close()


def token(**changes: Any) -> SiteToken:
    """Good for a day: the other tests may take an hour before these come to it."""
    made = SiteToken(
        jti="ab" * 16, site="acme", origin=ORIGIN, agent="a", issued_at=NOW, expires_at=NOW + 86_400
    )  # fmt: skip
    return replace(made, **changes)


def made_with(*secrets: bytes) -> Altcha:
    ring = Keyring(secrets)
    return Altcha(ring.challenge_keys)


@pytest.fixture(scope="module")
def one() -> tuple[dict[str, Any], str]:
    """A challenge of ``token()`` and its solution."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenges_altcha, "ATTEMPTS", 4)
        issued = dict(made_with(OLD).issue(token()))
    return issued, solve(issued)


def test_what_is_issued(one: tuple[dict[str, Any], str]) -> None:
    issued, solution = one
    parameters = issued["parameters"]
    assert parameters["expiresAt"] == token().expires_at + LEEWAY
    assert parameters["data"] == {"jti": token().jti}
    assert len(solution) < challenges_altcha.LONGEST
    assert made_with(OLD).solved(token(), solution)
    # Half of the key is told, to know the solution by; the other half takes the work.
    assert len(bytes.fromhex(parameters["keyPrefix"])) == 16


def test_no_two_are_alike() -> None:
    proof = made_with(OLD)
    issued = [json.dumps(dict(proof.issue(token()))) for _ in range(20)]
    assert len(set(issued)) == 20


def test_the_work_is_what_was_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somewhere between one attempt and all of them, wherever one begins."""
    monkeypatch.undo()
    given: list[int] = []

    def create(*_: object, counter: int, **__: object) -> altcha.Challenge:
        given.append(counter)
        return altcha.Challenge(altcha.ChallengeParameters("", "", "", 1))

    monkeypatch.setattr(challenges_altcha, "create_challenge", create)
    proof = made_with(OLD)
    for _ in range(5_000):
        proof.issue(token())
    assert 1 <= min(given) < 20
    assert challenges_altcha.ATTEMPTS - 20 < max(given) <= challenges_altcha.ATTEMPTS
    assert 0.9 < sum(given) / len(given) / (challenges_altcha.ATTEMPTS / 2) < 1.1


def test_a_rotation_refuses_nobody(one: tuple[dict[str, Any], str]) -> None:
    _, solution = one
    assert made_with(NEW, OLD).solved(token(), solution)
    assert not made_with(NEW).solved(token(), solution)
    assert made_with(NEW).solved(token(), solve(dict(made_with(NEW, OLD).issue(token()))))


def test_expired() -> None:
    old = token(expires_at=NOW - LEEWAY - 5)
    proof = made_with(OLD)
    assert not proof.solved(old, solve(dict(proof.issue(old))))


def changed(solution: str, *path: str, value: Any) -> str:
    payload = json.loads(base64.b64decode(solution))
    at = payload
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("challenge", "parameters", "data"), {"jti": "cd" * 16}),
        pytest.param(
            ("challenge", "parameters", "expiresAt"), NOW + 100_000, id="later"
        ),  # one id in all processes
        (("challenge", "parameters", "cost"), 1),
        (("challenge", "parameters", "keyPrefix"), ""),
        (("challenge", "parameters", "keySignature"), "00" * 32),
        (("challenge", "parameters", "keySignature"), None),
        (("challenge", "parameters", "algorithm"), "SHA-256"),
        (("challenge", "parameters", "nonce"), "00" * 16),
        (("challenge", "signature"), None),
        (("challenge", "signature"), "00" * 32),
        (("solution", "derivedKey"), "00" * 32),
        (("solution", "derivedKey"), ""),
    ],
)
def test_tampered(one: tuple[dict[str, Any], str], path: tuple[str, ...], value: Any) -> None:
    solution = changed(one[1], *path, value=value)
    moved = token(jti="cd" * 16) if path[-1] == "data" else token()
    assert made_with(OLD).solved(moved, solution) is False


def test_the_prefix_that_is_told_is_no_solution(one: tuple[dict[str, Any], str]) -> None:
    issued, solution = one
    prefix = issued["parameters"]["keyPrefix"]
    for guess in (prefix, prefix + "00" * 16, issued["parameters"]["keySignature"]):
        assert (
            made_with(OLD).solved(token(), changed(solution, "solution", "derivedKey", value=guess)) is False
        )


def packed(value: Any) -> str:
    return base64.b64encode((value if isinstance(value, str) else json.dumps(value)).encode()).decode()


HOSTILE = [
    "", " ", "x", "=", "====", "é", "\x00", "\ud800", "null", "A" * 5_000, "[]", "{}",
    packed("null"), packed("[]"), packed("{}"), packed("1"), packed('"x"'), packed("NaN"), packed("{"),
    packed("[" * 2_000), packed('{"challenge":' * 200), packed("1" * 4_000 ),
    packed({"challenge": None, "solution": None}), packed({"challenge": [], "solution": []}),
    packed({"challenge": {"parameters": []}, "solution": {"counter": 1, "derivedKey": "00"}}),
    packed({"challenge": {"parameters": {}}, "solution": {}}),
    base64.b64encode(b"\xff\xfe\x00").decode(),
]  # fmt: skip


@pytest.mark.parametrize("solution", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_solutions(solution: str) -> None:
    assert made_with(OLD).solved(token(), solution) is False


STRANGE = [None, True, -1, 1e400, 10**30, "", "x", "é", "\ud800", [], [[]], {}, {"__proto__": 1}, {"jti": []}]


@pytest.mark.parametrize("value", STRANGE, ids=range(len(STRANGE)))
def test_hostile_members_everywhere(one: tuple[dict[str, Any], str], value: Any) -> None:
    issued, solution = one
    proof = made_with(OLD)
    names = [("challenge",), ("solution",), ("challenge", "parameters"), ("challenge", "signature")]
    names += [("challenge", "parameters", name) for name in issued["parameters"]]
    names += [("solution", "derivedKey")]
    for path in names:
        assert proof.solved(token(), changed(solution, *path, value=value)) is False, path


def test_hostile_solutions_over_the_wire(make: Callable[..., Kit]) -> None:
    kit = make()
    spend_half(kit)
    site_token = kit.token()
    for solution in HOSTILE:
        answer = kit.call(site_token, challenge_solution=solution)
        assert answer.status_code in (400, 403), solution
    assert len(kit.vaani.bodies) == 2


def test_which_sites_want_one() -> None:
    sites = [
        Site("plain", ("a",)), Site("off", ("a",), challenge="off"), Site("signed", ("a",), require="signed"),
    ]  # fmt: skip
    assert challenges.asking(sites) == "plain"
