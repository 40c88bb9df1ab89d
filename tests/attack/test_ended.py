"""A client that says ``ended`` at once and calls again. It gets its line back, and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from tests.attack.books import Books, books, keep_to_one_day
from tests.attack.conftest import Ceiling
from tests.attack.served import serving, site
from tests.attack.wire import Wire
from tests.parts.hostile_upstream import HostileUpstream, credentials

BUDGET, RUNNING, CLIENTS = 12, 2, 4


async def hang_up_at_once(base: str, kept: Books, number: int, tries: int, codes: Counter[str]) -> None:
    """Every end is told twice, with whatever else a browser may tell around it."""
    async with Wire(base) as wire:
        for attempt in range(tries):
            wire.address = f"10.0.{number}.{attempt}"
            answer = await wire.call(await wire.token())
            codes[answer.code] += 1
            if answer.status != 201:
                continue
            before = kept.day()
            for event in ("ended", "connected", "ended", "feedback", "ended"):
                assert (await wire.progress(answer.json, event)).code in ("", "store_unavailable")
            # Others call meanwhile: the count grows or stays, and never gives anything back.
            after = kept.day()
            assert after.calls >= before.calls
            assert after.released == 0


def test_ended_at_once_gives_the_line_back_and_no_call(
    url: str, tmp_path: Path, ceiling: Ceiling, long: bool
) -> None:
    tries = 250 if long else 15
    keep_to_one_day(120)
    codes: Counter[str] = Counter()
    acme = site(secret_env=None, limits={"site": f"{BUDGET}/day", "running": RUNNING})

    async def everybody(base: str, kept: Books) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(hang_up_at_once(base, kept, number, tries, codes))

    with (
        HostileUpstream(credentials()) as vaani,
        serving(tmp_path, vaani=vaani.url, database=url, sites={"acme": acme}) as server,
        books(url) as kept,
    ):
        asyncio.run(everybody(server.base, kept))
        print(dict(codes))
        ceiling(f"ended at once, {url.partition(':')[0]}", codes.total(), len(vaani.requests), BUDGET)
        assert set(codes) <= {"", "budget_spent", "site_busy", "store_unavailable"}, codes
        assert len(vaani.requests) == codes[""] == BUDGET, "more than the lines, for they were given back"
        assert kept.day().calls == BUDGET


def test_ended_gives_no_visitor_its_window_back(sqlite_url: str, tmp_path: Path, ceiling: Ceiling) -> None:
    async def visit(base: str) -> list[str]:
        codes: list[str] = []
        async with Wire(base) as wire:
            while len(codes) < 10:
                answer = await wire.call(await wire.token())
                if answer.code == "store_unavailable":
                    continue
                codes.append(answer.code)
                if answer.status == 201:
                    await wire.progress(answer.json, "ended")
        return codes

    keep_to_one_day(60)
    with (
        HostileUpstream(credentials()) as vaani,
        serving(
            tmp_path,
            vaani=vaani.url,
            database=sqlite_url,
            sites={"acme": site(limits={"visitor": "3/10minutes", "running": 9})},
        ) as server,
        books(sqlite_url),
    ):
        codes = asyncio.run(visit(server.base))
        ceiling("one visitor, ended at once", len(codes), len(vaani.requests), 3)
        assert codes == [""] * 3 + ["rate_limited"] * 7
