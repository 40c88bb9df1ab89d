"""A hundred addresses post at eight processes, as fast as they can. The owner allowed 50 calls a day."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.attack import canaries
from tests.attack.books import books, keep_to_one_day
from tests.attack.conftest import Ceiling
from tests.attack.served import serving, site
from tests.attack.wire import Answer, Wire
from tests.parts.hostile_upstream import HostileUpstream, credentials
from vaani_widget.tokens import sign_grant

BUDGET, KEPT = 50, 15
ANONYMOUS = BUDGET - KEPT
ADDRESSES = 100
SITE = site(limits={"site": f"{BUDGET}/day", "running": 5, "visitor": "3/day"})

EXPECTED = {
    "",
    "token_spent",
    "token_invalid",
    "token_expired",
    "budget_spent",
    "rate_limited",
    "site_busy",
    "store_unavailable",
}
"""What a call may be answered: nothing breaks. (A ledger that is too busy for a second says so.)"""


def grant(visitor: str | None, secret: str = canaries.SITE_SECRET) -> str:
    """As the site's backend makes one. What it says of ``who`` reaches Vaani."""
    who = {"who": visitor or "nobody"}
    key = secret.encode()
    return sign_grant(site="acme", secret=key, visitor=visitor, metadata=who, now=time.time())


@dataclass
class Flood:
    """All that the attackers share: whoever gets a token hands it to the others."""

    base: str
    posts: int
    tokens: list[str] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    seen: int = 0
    half: asyncio.Event = field(default_factory=asyncio.Event)

    async def attack(self, number: int) -> None:
        """One address: mints what it can, posts good tokens, spent ones, others' and forged ones."""
        dice = random.Random(number)
        async with Wire(self.base, f"198.51.100.{number}") as wire:
            await self._attack(wire, dice)

    async def _attack(self, wire: Wire, dice: random.Random) -> None:
        for post in range(self.posts):
            if post % 100 == 99:
                await wire.close()  # to get to another process, which counts the rate for itself
            if post % 4 == 0:
                await self._mint(wire, dice)
            answer = await wire.call(self._choose(dice), metadata={"who": "signed"})
            self.codes[answer.code] += 1
            self.seen += 1
            if self.seen * 2 >= self.posts * ADDRESSES:
                self.half.set()
            if answer.status == 201:
                await hang_up(wire, answer)  # frees the line at once, for the next one

    async def _mint(self, wire: Wire, dice: random.Random) -> None:
        # Most without a grant; some with one that names nobody, a forged one, or the one customer's own.
        kind = dice.random()
        if kind < 0.8:
            answer = await wire.mint()
        elif kind < 0.9:
            answer = await wire.mint(grant=grant(None))
        elif kind < 0.95:
            answer = await wire.mint(grant=grant("forged", "another secret of thirty-two byte"))
            assert answer.code in ("grant_invalid", "rate_limited")
        else:
            answer = await wire.mint(grant=grant("mallory"))
        if answer.status == 201:
            self.tokens.append(answer.json["site_token"])

    def _choose(self, dice: random.Random) -> str:
        if not self.tokens or dice.random() < 0.1:
            return "a.b.c"
        kind = dice.random()
        token = self.tokens[-1 - dice.randrange(min(20, len(self.tokens)))] if kind < 0.6 else ""
        token = token or dice.choice(self.tokens)
        return signed_by_oneself(token) if kind > 0.9 else token


async def hang_up(wire: Wire, call: Answer) -> None:
    while (ended := await wire.progress(call.json, "ended", reason="visitor")).status != 204:
        assert ended.code == "store_unavailable"


def signed_by_oneself(token: str) -> str:
    """The same token, with a visitor written into it."""
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims |= {"sub": "a customer", "jti": "0" * 32}
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.{signature}"


async def get_through(base: str, visitor: str) -> tuple[Answer, int]:
    """A visitor that the site vouches for: tries again where it is told to, as the widget lets one do."""
    async with Wire(base, "203.0.113.7") as wire:
        for tries in range(1, 100):
            minted = await wire.mint(grant=grant(visitor))
            if minted.status != 201:
                continue
            answer = await wire.call(minted.json["site_token"])
            if answer.status == 201:
                await hang_up(wire, answer)
            if answer.code not in ("store_unavailable", "site_busy"):
                return answer, tries
    raise AssertionError("no way through")


def test_a_hundred_addresses(heavy_url: str, tmp_path: Path, ceiling: Ceiling, long: bool) -> None:
    posts, processes = (1000, 8) if long else (20, 4)
    keep_to_one_day(900 if long else 60)

    async def attack(base: str) -> tuple[Flood, int]:
        flood = Flood(base, posts)

        async def customer() -> int:
            await flood.half.wait()
            answer, tries = await get_through(base, "alice")
            assert answer.status == 201, answer.body
            return tries

        async with asyncio.TaskGroup() as group:
            for number in range(ADDRESSES):
                group.create_task(flood.attack(number))
            tries = group.create_task(customer())
        return flood, tries.result()

    async def fill(base: str) -> list[str]:
        """More customers than there is room for."""
        return [(await get_through(base, f"customer {number}"))[0].code for number in range(KEPT + 5)]

    with (
        HostileUpstream(credentials()) as vaani,
        serving(
            tmp_path, vaani=vaani.url, database=heavy_url, sites={"acme": SITE}, workers=processes
        ) as server,
        books(heavy_url) as kept,
    ):
        began = time.monotonic()
        flood, tries = asyncio.run(attack(server.base))
        took = time.monotonic() - began

        def asked(*names: str | None) -> int:
            bodies = [request.json for request in vaani.requests]
            return sum(body.get("metadata", {}).get("who") in names for body in bodies)  # type: ignore[attr-defined]

        engine = heavy_url.partition(":")[0]
        total = sum(flood.codes.values())
        name = f"{ADDRESSES} addresses, {processes} processes, {engine}"
        ceiling(f"{name}: anonymous", total, asked(None, "nobody"), ANONYMOUS)
        print(f"{total} posts in {took:.1f} s; {dict(flood.codes)}; the customer got through at try {tries}")
        assert total == ADDRESSES * posts
        assert set(flood.codes) <= EXPECTED, flood.codes
        assert asked(None, "nobody") == ANONYMOUS, "what was not kept was not reached, or overspent"
        assert asked("mallory") <= 3, "a customer's windows hold from however many addresses it calls"
        assert asked("alice") == 1

        codes = asyncio.run(fill(server.base))
        ceiling(f"{name}: all", total + len(codes), len(vaani.requests), BUDGET)
        assert len(vaani.requests) == BUDGET
        assert codes.count("budget_spent") == len(codes) - codes.count("")
        assert asked("signed", "forged", "a customer") == 0, "a page was believed who its visitor is"
        day = kept.day()
        assert (day.calls, day.anonymous) == (BUDGET, ANONYMOUS)
        # What a busy ledger could not settle in time stays reserved, and counts.
        outcomes = kept.outcomes()
        assert set(outcomes) <= {"committed", "reserved"}
        assert sum(outcomes.values()) == BUDGET
