"""Keys change on running servers whose clocks differ: nobody is turned away for it, and what an old key has
signed is worth nothing once the key is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.attack import canaries
from tests.attack.conftest import Ceiling
from tests.attack.rotating import MINUTE, Server, Visits, World
from tests.attack.wire import ORIGIN
from vaani_widget.errors import GrantInvalid, RateLimited, Refusal, TokenInvalid
from vaani_widget.tokens import CallToken, Keyring, SiteToken, sign_grant

OLD, NEW = f"{canaries.SERVER_SECRET}, the old one", f"{canaries.SERVER_SECRET}, the new one"
SITE_OLD, SITE_NEW = f"{canaries.SITE_SECRET}, the old one", f"{canaries.SITE_SECRET}, the new one"
WIDE = {"visitor": "90000/day", "site": "90000/day", "running": 90000}

MakeWorld = Callable[..., World]

STEPS = (([OLD], [SITE_OLD]), ([OLD, NEW], [SITE_OLD, SITE_NEW]), ([NEW, OLD], [SITE_NEW, SITE_OLD]))
"""First every server learns the new key, then it signs with it. The last step is below: the old one goes."""

LEARN, SWITCH, RETIRE, END = (minutes * MINUTE for minutes in (30, 60, 140, 170))
BACKEND_SWITCH = 50 * MINUTE
SLOW = 10 * MINUTE
"""From the first server's change to the last one's."""


@pytest.fixture
def make_world(sqlite_url: str) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(limits: dict[str, object] = WIDE) -> World:
        made.append(World(sqlite_url, time.time(), limits))
        return made[-1]

    yield make
    for world in made:
        world.close()


def rotate(world: World, moments: dict[float, tuple[list[str], list[str]]]) -> None:
    """Each server takes each step at another moment."""
    start = world.now
    for moment, (server_keys, site_keys) in moments.items():
        for server in world.servers:
            when = start + moment + (SLOW * server.number / len(world.servers) if moment else 0)
            world.at(when, lambda server=server, keys=(server_keys, site_keys): server.restart(*keys))  # type: ignore[misc]


def visits_through(world: World, number: int, moments: dict[float, tuple[list[str], list[str]]]) -> Visits:
    start = world.now
    rotate(world, moments)
    visits = Visits(world, lambda: SITE_OLD if world.now < start + BACKEND_SWITCH else SITE_NEW)
    visits.come(number, start + 1, start + END)
    world.run()
    return visits


def test_nobody_is_refused_for_it(make_world: MakeWorld, ceiling: Ceiling, long: bool) -> None:
    """And nothing that an old key signs is taken once the key is gone, wherever it is tried."""
    world = make_world()
    steps = dict(zip((0.0, LEARN, SWITCH), STEPS, strict=True))
    visits = visits_through(world, 3_000 if long else 150, steps | {RETIRE: ([NEW], [SITE_NEW])})
    ceiling("key rotation, clocks off by up to 30 s: refusals", visits.tries, visits.refused.total(), 0)
    assert not visits.refused
    assert len(world.vaani.bodies) * 4 == visits.tries

    tries, accepted = try_what_is_retired(world, 50 if long else 5)
    ceiling("keys that are retired: accepted", tries, accepted, 0)
    assert accepted == 0


def try_what_is_retired(world: World, each: int) -> tuple[int, int]:
    """Tokens of the old keys, fresh ones, on every server."""
    answers = [answer for server in world.servers for _ in range(each) for answer in stale(world, server)]
    return len(answers), answers.count("accepted")


def stale(world: World, server: Server) -> list[str]:
    """What comes of a site token, a call token and a grant, each of them good but for its key."""
    old, now = Keyring([OLD.encode()]), int(world.now)
    call = server.call(server.mint())
    site_token = SiteToken(
        jti=call.call_id,  # never spent
        site="acme",
        origin=ORIGIN,
        agent="agent",
        issued_at=now,
        expires_at=now + 120,
    )
    call_token = old.sign_call_token(CallToken(call.call_id, "acme", now + 600))
    grant = sign_grant(site="acme", secret=SITE_OLD.encode(), visitor="somebody", now=now)
    return [
        outcome(lambda: server.call(old.sign_site_token(site_token)), TokenInvalid),
        outcome(lambda: server.tell(replace(call, call_token=call_token), "ended"), TokenInvalid),
        outcome(lambda: server.mint(grant), GrantInvalid),
    ]


def outcome(step: Callable[[], object], refusal: type[Refusal]) -> str:
    try:
        step()
    except refusal:
        return "refused"
    return "accepted"


@pytest.mark.parametrize(
    "moments",
    [
        {0.0: STEPS[0], LEARN: STEPS[2]},
        {0.0: STEPS[0], SWITCH: ([NEW], [SITE_NEW])},
        {**dict(zip((0.0, LEARN, SWITCH), STEPS, strict=True)), SWITCH + SLOW: ([NEW], [SITE_NEW])},
    ],
    ids=["nobody had learnt the key", "the keys are exchanged", "the old one goes too early"],
)
def test_in_fewer_steps_visitors_are_turned_away(
    make_world: MakeWorld, moments: dict[float, tuple[list[str], list[str]]]
) -> None:
    """What the test above is worth: it sees what a hasty rotation does."""
    assert visits_through(make_world(), 60, moments).refused.total() > 0


@pytest.mark.parametrize("known", [False, True], ids=["by address", "by grant"])
def test_a_visitors_windows_outlive_a_rotation(make_world: MakeWorld, known: bool) -> None:
    """Calls of before count under every server's keys, for as long as the old key is there."""
    world = make_world({**WIDE, "visitor": "3/10minutes"})
    first, second, third = world.servers

    def call(number: int) -> None:
        server = world.servers[number]
        grant = None
        if known:
            # The grant's key is another matter: here it is one that all of them know.
            grant = sign_grant(site="acme", secret=SITE_OLD.encode(), visitor="one", now=world.now)
        server.call(server.mint(grant))

    def everywhere_refused() -> bool:
        for number in range(3):
            with pytest.raises(RateLimited):
                call(number)
        return True

    first.restart([OLD], [SITE_OLD])
    second.restart([OLD, NEW], [SITE_OLD])
    third.restart([OLD, NEW], [SITE_OLD])
    call(0)
    world.now += MINUTE
    call(1)
    first.restart([OLD, NEW], [SITE_OLD])
    third.restart([NEW, OLD], [SITE_OLD])
    world.now += MINUTE
    call(2)
    assert everywhere_refused()
    for server in (first, second):
        server.restart([NEW, OLD], [SITE_OLD])
    assert everywhere_refused()
    # Retired when the windows that began under it are over, the old key takes nothing along.
    world.now += 8.5 * MINUTE
    call(0)
    assert everywhere_refused()
    world.now += 1.5 * MINUTE
    for server in world.servers:
        server.restart([NEW], [SITE_OLD])
    call(1)
    assert len(world.vaani.bodies) == 5
