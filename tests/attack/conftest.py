"""Attacks have a short form, for `make test`, and a long one, for `make attack`, which ends by printing what
each of them came to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attack.searching import searched_log

LONG = os.environ.get("VAANI_ATTACK") == "long"
COLUMNS = ("attack", "tries", "came through", "bound")

Ceiling = Callable[[str, int, int, int], None]


@pytest.fixture(scope="session")
def long() -> bool:
    """Attack at full length?"""
    return LONG


@pytest.fixture
def ceiling(request: pytest.FixtureRequest) -> Ceiling:
    """Says what an attack came to: its name, the tries, what came through, and what may at most.

    Call it before asserting: a bound that was broken is printed, too.
    """

    def say(attack: str, tries: int, through: int, bound: int) -> None:
        request.node.user_properties.append(("ceiling", (attack, tries, through, bound)))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The ceiling found. Nobody needs it at every run of the tests."""
    if not LONG:
        return
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    found = [row for report in reports for name, row in report.user_properties if name == "ceiling"]
    if not found:
        return
    rows = [COLUMNS, *((attack, f"{tries:,}", f"{n:,}", f"{bound:,}") for attack, tries, n, bound in found)]
    held = ["", *("held" if through <= bound else "BROKEN" for _attack, _tries, through, bound in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    terminalreporter.section("The ceiling found")
    for row, verdict in zip(rows, held, strict=True):
        numbers = "  ".join(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
        terminalreporter.write_line(f"{row[0].ljust(widths[0])}  {numbers}  {verdict}".rstrip())


@pytest.fixture(autouse=True)
def no_key_in_the_log() -> Iterator[None]:
    """That of this process. Those of servers are searched where they are started."""
    with searched_log():
        yield


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.sqlite3"


@pytest.fixture(params=["sqlite", "postgres"] if LONG else ["sqlite"])
def heavy_url(request: pytest.FixtureRequest) -> str:
    """The same; on the second engine at full length only."""
    return str(request.getfixturevalue(f"{request.param}_url"))
