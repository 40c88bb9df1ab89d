"""What docs/security.md promises is what the code does, and the tests that it names are there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from vaani_widget.grants import GRANT_SECONDS, LEEWAY, LONGEST_GRANT_SECONDS
from vaani_widget.lanes import KEPT_PERCENT
from vaani_widget.ledger_schema import calls
from vaani_widget.mint_rate import PER_MINUTE
from vaani_widget.site_limits import Limits
from vaani_widget.tokens import SITE_TOKEN_SECONDS
from vaani_widget.web.openapi_operations import OPERATIONS

ROOT = Path(__file__).resolve().parents[1]
SECURITY = (ROOT / "docs" / "security.md").read_text("utf-8")
TABLES = runpy.run_path(str(ROOT / "docs" / "tables.py"))


def test_the_order_of_checks_has_every_code_of_a_call() -> None:
    listed = {code for name in TABLES["checks"]() for code in TABLES["WHAT_IS_CHECKED"][name][1]}
    assert listed == set(OPERATIONS["calls"].codes)


def test_no_check_is_described_that_is_not_made() -> None:
    assert set(TABLES["checks"]()) == set(TABLES["WHAT_IS_CHECKED"])


def test_what_proves_it_is_there() -> None:
    named = re.findall(r"`(tests/\S+\.py)`", SECURITY)
    assert len(named) >= 13
    assert [name for name in named if not (ROOT / name).is_file()] == []
    attacks = {f"tests/attack/{path.name}" for path in (ROOT / "tests" / "attack").glob("test_*.py")}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    target = makefile.partition("\nattack:")[2].partition("\n\n")[0]
    attacks |= set(re.findall(r"tests/\S+\.py", target))
    assert len(attacks) > 15
    assert attacks <= set(named), "an attack that nobody reads of"


def test_numbers_are_those_of_the_code() -> None:
    limits = Limits()
    for said in (
        f"{limits.per_day} where you write none",
        f"{PER_MINUTE} site tokens a minute",
        f"keeps {KEPT_PERCENT} % of `site` and of `running`",
        f"{LONGEST_GRANT_SECONDS // 3600} hours at most",
        f"{(SITE_TOKEN_SECONDS + LEEWAY) / 60:g} minutes",
    ):
        assert said in SECURITY, said
    assert (SITE_TOKEN_SECONDS, GRANT_SECONDS) == (120, 3600)
    assert max(window.seconds for window in limits.visitor) == 86_400


def test_nothing_is_kept_that_is_not_said() -> None:
    said = SECURITY.partition("## What is kept about visitors")[2].partition("## Headers")[0]
    words = {
        "call_id": "for each call", "token_id": "for each call", "site": "site", "day": "day", "lane": "lane",
        "visitor": "HMAC", "reserved_at": "time", "lease_until": "time", "outcome": "what came of it",
        "room_name": "room name", "consent_version": "version", "consent_at": "time of the consent",
        "connected_at": "connected", "ended_at": "ended", "end_reason": "why", "rating": "rating",
        "feedback": "words",
    }  # fmt: skip
    assert {column.name for column in calls.columns} == set(words)
    assert {word for word in words.values() if word not in said} == set()
