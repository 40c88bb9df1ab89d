"""The tables, the verdict and the chart of what ``calls`` has measured. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "performance.md"
CHART = DOCS / "images" / "calls.svg"
BEGIN, END = "<!-- calls: made by python -m bench calls --draw -->", "<!-- end -->"

RATE_AT_LEAST = 0.9
"""Of the bare view's calls a second."""
P99_AT_MOST = 1.0
"""Of the bare view's."""
GROWTH_AT_MOST = 1.1
"""Of the same server with one site and an empty ledger: slower by rate, and by p99."""

NAMES = {"bare": "bare Flask view", "sqlite": "SQLite", "postgres": "PostgreSQL"}
COLOURS = {"bare": "#8b95a1", "sqlite": "#0b5fff", "postgres": "#e07a1f"}

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """One aim."""

    what: str
    value: float
    aim: float
    at_least: bool = False

    @property
    def held(self) -> bool:
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def find(results: Iterable[Result], **wanted: object) -> list[Result]:
    return [one for one in results if all(one[name] == value for name, value in wanted.items())]


def judged(measured: Mapping[str, Any]) -> list[Judged]:
    """Each against what stood beside it in its own group."""
    found: list[Judged] = []
    for one in measured["results"]:
        results = measured["results"]
        beside = _beside(results, one)
        if beside is None:
            continue
        plain = beside["database"] == "bare"
        rate_aim = RATE_AT_LEAST if plain else 1 / GROWTH_AT_MOST
        p99_aim = P99_AT_MOST if plain else GROWTH_AT_MOST
        what = f"{NAMES[one['database']]}, {_setting(one)}"
        of = "the bare view's" if plain else "an empty ledger's, one site"
        if one["loop"] == "closed":
            found.append(Judged(f"{what}: calls/s, of {of}", one["rate"] / beside["rate"], rate_aim, True))
        if one["refused"]:
            found.append(Judged(f"{what}: calls refused", one["refused"], 0))
        found.append(Judged(f"{what}: p99, of {of}", one["p99"] / beside["p99"], p99_aim))
    return found


def verdict(judgements: Sequence[Judged]) -> str:
    return "\n".join(
        f"{one.what:<84}{one.value:6.2f}   at {'least' if one.at_least else 'most'} {one.aim:.2f}"
        f"{'' if one.held else '   MISSED'}"
        for one in judgements
    )


def tables(measured: Mapping[str, Any]) -> str:
    """In Markdown: as fast as it goes, then at a visitors' rate."""
    return "\n".join([*_closed(measured), "", *_open(measured)])


def _closed(measured: Mapping[str, Any]) -> list[str]:
    plan = measured["plan"]
    lines = [
        f"As fast as they are answered, {plan['connections']} connections, {plan['threads']} threads each. "
        "In brackets the ratio to what stood beside it: the bare view; where there are many sites or calls, "
        "the same server with one site and an empty ledger.",
        "",
        "| | calls/s | p50 ms | p99 ms |",
        "| --- | --: | --: | --: |",
    ]
    for one in find(measured["results"], loop="closed"):
        beside = _beside(measured["results"], one)
        cells = [
            f"{one[name]:.{digits}f}" + (f" ({one[name] / beside[name]:.2f})" if beside else "")
            for name, digits in (("rate", 0), ("p50", 1), ("p99", 1))
        ]
        lines.append(f"| {NAMES[one['database']]}, {_setting(one)} | {' | '.join(cells)} |")
    return lines


def _open(measured: Mapping[str, Any]) -> list[str]:
    lines = [
        f"At {measured['plan']['open_per_second']:g} calls a second, which come when they like:",
        "",
        "| | p50 ms | p99 ms |",
        "| --- | --: | --: |",
    ]
    for one in find(measured["results"], loop="open"):
        lines.append(f"| {NAMES[one['database']]}, {_setting(one)} | {one['p50']:.1f} | {one['p99']:.1f} |")
    return lines


def _beside(results: Sequence[Result], one: Result) -> Result | None:
    if one["database"] == "bare":
        return None
    plain = one["sites"] == 1 and not one["calls"]
    database = "bare" if plain else one["database"]
    return find(results, group=one["group"], loop=one["loop"], database=database, sites=1, calls=0)[0]


def _setting(one: Result) -> str:
    words = [f"{one['workers']} worker{'s' * (one['workers'] > 1)}"]
    if one["sites"] > 1:
        words.append(f"{one['sites']:,} sites")
    if one["calls"]:
        words.append(f"{one['calls']:,} calls in the ledger")
    if one["loop"] == "open":
        words.append("at a rate")
    return ", ".join(words)


def write(measured: Mapping[str, Any]) -> None:
    """The figures' part of the documentation's page, and its chart."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{PAGE} has no place for the tables: write {BEGIN} and {END} in it.")
    machine = ", ".join(
        f"{name} {value}" for name, value in measured["machine"].items() if name != "processors"
    )
    on = f"Measured on {measured['machine']['processors']} processors, {machine}."
    picture = "![Calls a second and p99 by workers, beside the bare view](images/calls.svg)"
    PAGE.write_text(f"{before}{BEGIN}\n{picture}\n\n{on}\n\n{tables(measured)}\n{END}{after}", "utf-8")
    CHART.write_text(chart(measured), "utf-8")


def chart(measured: Mapping[str, Any]) -> str:
    """By workers, calls a second and p99 of the three, as SVG."""
    large = max(one["group"] for one in measured["results"])
    by_workers = find(measured["results"], loop="closed", sites=1, calls=0)
    results = [one for one in by_workers if one["group"] < large]
    panels = [
        _panel(results, "rate", "calls a second (more is better)", left=0),
        _panel(results, "p99", "p99 in milliseconds (less is better)", left=380),
    ]
    legend = "".join(
        f'<rect x="{20 + 150 * place}" y="14" width="12" height="12" rx="2" fill="{COLOURS[name]}"/>'
        f'<text x="{38 + 150 * place}" y="24">{NAMES[name]}</text>'
        for place, name in enumerate(NAMES)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 300" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1f2933">'
        "<title>Starting calls beside the barest Flask view, by number of workers</title>"
        f'<rect width="760" height="300" fill="#fff"/>{legend}{"".join(panels)}</svg>\n'
    )


def _panel(results: Sequence[Result], figure: str, title: str, *, left: int) -> str:
    """One set of bars: a cluster for each number of workers."""
    top, bottom, width = 70, 262, 340
    highest = max(one[figure] for one in results)
    groups = sorted({one["workers"] for one in results})
    cluster = width / len(groups)
    bar = min(26.0, cluster / 4)
    parts = [f'<text x="{left + 20}" y="52" font-weight="600">{title}</text>']
    for place, workers in enumerate(groups):
        middle = left + 20 + cluster * (place + 0.5)
        parts.append(f'<text x="{middle:.0f}" y="280" text-anchor="middle">{workers}</text>')
        for number, name in enumerate(NAMES):
            for one in find(results, workers=workers, database=name):
                height = (bottom - top) * one[figure] / highest
                x = middle + (number - 1.5) * (bar + 2)
                parts.append(
                    f'<rect x="{x:.1f}" y="{bottom - height:.1f}" width="{bar:.1f}" height="{height:.1f}" '
                    f'rx="2" fill="{COLOURS[name]}"/>'
                    f'<text x="{x + bar / 2:.1f}" y="{bottom - height - 4:.1f}" text-anchor="middle" '
                    f'font-size="10">{one[figure]:.0f}</text>'
                )
    parts.append(
        f'<path d="M{left + 20} {bottom}h{width}" stroke="#c4ccd4"/>'
        f'<text x="{left + 20 + width / 2}" y="295" text-anchor="middle" font-size="11">workers</text>'
    )
    return "".join(parts)
