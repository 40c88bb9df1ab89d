"""What a reservation is refused for, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from tests.parts.reservations import WIDE, reservation
from tests.store.spending import TOGETHER, in_processes, in_threads, spend_budget
from vaani_widget.errors import BudgetSpent, RateLimited, Refusal, SiteBusy, TokenSpent
from vaani_widget.lanes import Bounds, bounds, lane
from vaani_widget.ledger import Ledger, Reserved
from vaani_widget.ledger_schema import calls, days
from vaani_widget.site_limits import Limits, Window
from vaani_widget.sites import Site

pytestmark = pytest.mark.usefixtures("patience")

HOUR = 3600


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    made = Ledger(url)
    yield made
    made.dispose()


class Site1:
    """Reserves calls of one site, each with a token of its own."""

    def __init__(self, ledger: Ledger, **limits: Any) -> None:
        self.ledger = ledger
        self.bounds = replace(WIDE, **limits)
        self.number = 0

    def call(self, *, visitor: str | None = None, signed: bool = False, **more: Any) -> str:
        """:return: the call's id. Without a visitor named, it is one who was never here."""
        self.number += 1
        call = f"call-{self.number}"
        fields = {
            "bounds": self.bounds,
            "visitors": (visitor or call,),
            "lane": "signed" if signed else "anonymous",
            **more,
        }
        self.ledger.reserve(reservation(call, f"token-{self.number}", **fields))
        return call


def rows(ledger: Ledger, table: Table) -> list[dict[str, Any]]:
    with ledger.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def move_back(ledger: Ledger, seconds: float) -> None:
    """As if everything so far had happened that much earlier; the day stays."""
    moved = update(calls).values(
        reserved_at=calls.c.reserved_at - seconds, lease_until=calls.c.lease_until - seconds
    )
    with ledger.engine.begin() as connection:
        connection.execute(moved)


class TestDay:
    def test_holds(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=3)
        for _ in range(3):
            site.call()
        with pytest.raises(BudgetSpent) as refused:
            site.call()
        midnight = 86_400 - datetime.now(UTC).timestamp() % 86_400
        assert refused.value.retry_after == pytest.approx(midnight, abs=5)
        assert len(rows(ledger, calls)) == 3

    def test_begins_anew(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=1)
        site.call()
        with ledger.engine.begin() as connection:
            connection.execute(update(days).values(day=datetime(2020, 1, 1, tzinfo=UTC).date()))
        site.call()
        assert [row["calls"] for row in rows(ledger, days)] == [1, 1]

    def test_is_each_sites_own(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=1)
        site.call()
        ledger.reserve(reservation("elsewhere", "elsewhere", "other", bounds=site.bounds))
        assert {row["site"]: row["calls"] for row in rows(ledger, days)} == {"acme": 1, "other": 1}

    def test_what_cost_nothing_is_given_back_but_for_the_token(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=1, running=1, visitor=(Window(1, HOUR),))
        ledger.release(site.call(visitor="v"))
        ledger.release(site.call(visitor="v"))
        site.call(visitor="v")
        with pytest.raises(TokenSpent):
            ledger.reserve(reservation("again", "token-1", bounds=WIDE))
        assert rows(ledger, days)[0] | {"day": None} == {
            "site": "acme", "day": None, "calls": 1, "anonymous": 1, "unknown": 0, "released": 2,
        }  # fmt: skip

    def test_what_is_not_known_stays_spent(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=1)
        call = site.call()
        for _ in range(2):
            ledger.leave_unknown(call)
            ledger.release(call)
        with pytest.raises(BudgetSpent):
            site.call()
        assert (rows(ledger, days)[0]["calls"], rows(ledger, days)[0]["unknown"]) == (1, 1)

    def test_an_end_gives_nothing_back(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=2)
        for _ in range(2):
            ledger.progress(site.call(), "ended")
        with pytest.raises(BudgetSpent):
            site.call()

    def test_of_many_threads_no_more_than_the_day_has(self, ledger: Ledger) -> None:
        site = replace(WIDE, per_day=10)
        results = in_threads(
            40,
            lambda index: ledger.reserve(
                reservation(f"call-{index}", f"token-{index}", bounds=site, visitors=(f"v{index}",))
            ),
        )
        assert Counter(type(result) for result in results) == {Reserved: 10, BudgetSpent: 30}

    def test_of_many_processes_no_more_than_the_day_has(self, url: str) -> None:
        results = in_processes(
            6, spend_budget, lambda _: url, lambda _: 30, lambda _: 30, lambda i: i, TOGETHER, lambda _: True
        )
        assert sum(results, Counter())["won"] == 30


class TestLanes:
    def test_a_flood_leaves_the_kept_part_of_the_day(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=10, per_day_anonymous=7)
        for _ in range(7):
            site.call()
        with pytest.raises(BudgetSpent, match="kept for signed visitors"):
            site.call()
        for _ in range(3):
            site.call(signed=True)
        with pytest.raises(BudgetSpent):
            site.call(signed=True)

    def test_what_signed_visitors_leave_is_no_more_than_the_day(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=10, per_day_anonymous=7)
        for _ in range(9):
            site.call(signed=True)
        site.call()
        with pytest.raises(BudgetSpent):
            site.call()

    def test_a_flood_leaves_lines(self, ledger: Ledger) -> None:
        site = Site1(ledger, running=4, running_anonymous=3)
        for _ in range(3):
            site.call()
        with pytest.raises(SiteBusy):
            site.call()
        site.call(signed=True)
        with pytest.raises(SiteBusy):
            site.call(signed=True)

    def test_a_released_anonymous_call_is_given_back_to_its_lane(self, ledger: Ledger) -> None:
        site = Site1(ledger, per_day=10, per_day_anonymous=1)
        ledger.release(site.call())
        site.call()
        with pytest.raises(BudgetSpent):
            site.call()

    def test_thirty_percent_rounded_down_where_a_secret_is_written(self) -> None:
        limits = Limits(per_day=50, running=5)
        secret = Site(key="acme", agents=("a",), limits=limits, secrets=(b"x" * 32,))
        assert bounds(secret) == Bounds(50, 35, 5, 4, limits.visitor)
        assert bounds(replace(secret, secrets=())) == Bounds(50, 50, 5, 5, limits.visitor)
        least = replace(secret, limits=Limits(per_day=1, running=3))
        assert (bounds(least).per_day_anonymous, bounds(least).running_anonymous) == (1, 3)

    def test_a_lane_follows_from_what_was_verified(self) -> None:
        secret = Site(key="acme", agents=("a",), secrets=(b"x" * 32,))
        assert lane(secret, "visitor 7") == "signed"
        assert lane(secret, None) == "anonymous"
        assert lane(replace(secret, secrets=()), "visitor 7") == "anonymous"


class TestVisitor:
    def test_windows_hold_and_end(self, ledger: Ledger) -> None:
        site = Site1(ledger, visitor=(Window(2, 600), Window(3, HOUR)))
        site.call(visitor="v")
        move_back(ledger, 100)
        site.call(visitor="v")
        with pytest.raises(RateLimited) as refused:
            site.call(visitor="v")
        assert refused.value.retry_after == pytest.approx(500, abs=5)
        move_back(ledger, 501)
        site.call(visitor="v")
        with pytest.raises(RateLimited) as refused:
            site.call(visitor="v")
        assert refused.value.retry_after == pytest.approx(HOUR - 601, abs=5), "the window that ends last"
        move_back(ledger, HOUR)
        site.call(visitor="v")

    def test_is_one_visitors_own(self, ledger: Ledger) -> None:
        site = Site1(ledger, visitor=(Window(1, HOUR),))
        site.call(visitor="v")
        site.call(visitor="w")
        with pytest.raises(RateLimited):
            site.call(visitor="w")

    def test_is_known_by_any_of_its_names(self, ledger: Ledger) -> None:
        """A rotation of keys gives every visitor a new name; calls under the old one still count."""
        site = Site1(ledger, visitor=(Window(2, HOUR),))
        site.call(visitor="old name")
        site.call(visitors=("new name", "old name"))
        for names in (("new name", "old name"), ("newest name", "new name", "old name")):
            with pytest.raises(RateLimited):
                site.call(visitors=names)
        assert [row["visitor"] for row in rows(ledger, calls)] == ["old name", "new name"]


class TestRunning:
    def test_an_end_frees_the_line(self, ledger: Ledger) -> None:
        site = Site1(ledger, running=1)
        call = site.call()
        with pytest.raises(SiteBusy) as refused:
            site.call()
        assert refused.value.retry_after == 30
        ledger.progress(call, "connected")
        with pytest.raises(SiteBusy):
            site.call()
        ledger.progress(call, "ended")
        site.call()

    def test_a_lease_that_is_over_frees_the_line(self, ledger: Ledger) -> None:
        site = Site1(ledger, running=1)
        site.call(lease_seconds=660)
        move_back(ledger, 640)
        with pytest.raises(SiteBusy) as refused:
            site.call()
        assert 15 <= (refused.value.retry_after or 0) <= 20
        move_back(ledger, 21)
        site.call()


def test_the_first_in_order_names_the_refusal(ledger: Ledger) -> None:
    """Token, day, visitor, lines: each bound is reached already, and one after the other is lifted."""
    tight = Bounds(1, 1, 1, 1, (Window(1, HOUR),))
    ledger.reserve(reservation("call-1", "token-1", bounds=tight, visitors=("v",)))

    def refusal(token: str, bounds: Bounds) -> type[Refusal]:
        with pytest.raises(Refusal) as refused:
            ledger.reserve(reservation("call-2", token, bounds=bounds, visitors=("v",)))
        return type(refused.value)

    without_day = replace(tight, per_day=9, per_day_anonymous=9)
    without_window = replace(without_day, visitor=())
    assert refusal("token-1", tight) is TokenSpent
    assert refusal("token-2", tight) is BudgetSpent
    assert refusal("token-2", without_day) is RateLimited
    assert refusal("token-2", without_window) is SiteBusy
    assert not ledger.token_spent("token-2"), "a refusal spends no token"
    ledger.reserve(
        reservation("call-2", "token-2", bounds=replace(without_window, running=2, running_anonymous=2))
    )


def test_consent_is_in_the_record_with_its_time(ledger: Ledger) -> None:
    site = Site1(ledger)
    site.call()
    site.call(consent_version="2026-11")
    asked_none, agreed = rows(ledger, calls)
    assert (asked_none["consent_version"], asked_none["consent_at"]) == (None, None)
    assert agreed["consent_version"] == "2026-11"
    assert agreed["consent_at"] == agreed["reserved_at"]


def test_how_much_of_today_is_anonymous(ledger: Ledger) -> None:
    site = Site1(ledger)
    today = datetime.now(UTC).date()
    assert ledger.anonymous_today("acme", today) == 0
    site.call()
    site.call(signed=True)
    assert ledger.anonymous_today("acme", today) == 1
