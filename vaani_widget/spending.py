"""What the command ``ledger`` tells: each site's days, to hold against the vendor's bill."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url

from .errors import VaaniWidgetError
from .ledger_reports import SiteDay, site_days
from .services import Services

Format = Literal["table", "csv", "json"]

COUNTS = ("spent", "running", "unknown", "released", "counted")
"""The columns behind day and site. They keep their names and their meaning; new ones come behind them."""


class NotAsked(VaaniWidgetError):
    """The report can't be what was asked for; the message says what to ask instead."""


@dataclass(frozen=True)
class Span:
    """UTC days, both of them included."""

    since: date
    until: date


@dataclass(frozen=True)
class Report:
    """:param words: what these numbers say of the bill, or why there are none."""

    span: Span
    days: Sequence[SiteDay]
    words: str

    @property
    def total(self) -> Mapping[str, int]:
        return _total(self.days)


def span(since: date | None, until: date | None, days: int | None, *, today: date | None = None) -> Span:
    """The days that are meant: without ``since``, as many as ``days`` says, ``until`` being the last.

    :param today: the UTC day, where it is not this one.
    :raises NotAsked: they contradict each other.
    """
    until = until or today or datetime.now(UTC).date()
    if since is None:
        try:
            return Span(until - timedelta(days=(days or 7) - 1), until)
        except OverflowError:
            raise NotAsked("So many days ago there was no calendar; write a smaller --days.") from None
    if days is not None:
        raise NotAsked("Write --since or --days, not both.")
    if since > until:
        raise NotAsked(f"--since {since} is after {until}, the last day; write an earlier one.")
    return Span(since, until)


def read(services: Services, asked: Span, sites: Sequence[str] = ()) -> Report:
    """What the ledger has of these days. Makes no ledger where there is none.

    :param sites: keys; all sites where empty.
    :raises NotAsked: neither settings nor ledger know one of the sites.
    :raises StoreUnavailable: the ledger can't be read.
    """
    missing = _missing_file(services.database_url)
    days = [] if missing else list(site_days(services.ledger, asked.since, asked.until, sites))
    known = {*services.settings.sites, *(day.site for day in days)}
    for key in sites:
        if key not in known:
            raise NotAsked(f"No site has the key {key!r}. There are: {', '.join(sorted(known))}.")
    if missing:
        return Report(asked, days, f"There is no ledger at {missing} yet: nothing was spent from here.")
    return Report(asked, days, _in_words(asked, days))


def write(report: Report, form: Format) -> str:
    """The report for people or for machines. Machines get no words."""
    return _WRITERS[form](report)


def _missing_file(database_url: str) -> Path | None:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    path = Path(url.database or "").absolute()
    return None if path.exists() else path


def _total(days: Sequence[SiteDay]) -> Mapping[str, int]:
    return {name: sum(getattr(day, name) for day in days) for name in COUNTS}


def _in_words(asked: Span, days: Sequence[SiteDay]) -> str:
    total = _total(days)
    when = f"on {asked.since}" if asked.since == asked.until else f"from {asked.since} to {asked.until}"
    if not days:
        return f"No call was reserved {when} (UTC)."
    least, most = total["spent"], total["spent"] + total["unknown"]
    words = [f"The bill for calls that began {when} (UTC) should have "]
    words.append(_calls(least) if least == most else f"between {least} and {_calls(most)}")
    if total["unknown"]:
        words.append(f": of {total['unknown']} nobody here can tell whether they were charged")
    if total["running"]:
        words.append(f"; and {total['running']} more that {_are(total['running'])} not over yet")
    return "".join(words) + "."


def _calls(number: int) -> str:
    return f"{number} call{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _as_table(report: Report) -> str:
    if not report.days:
        return report.words
    rows = [
        ["DAY (UTC)", "SITE", *(name.upper() for name in COUNTS)],
        *(_cells(day) for day in report.days),
        ["total", "", *(str(number) for number in report.total.values())],
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", report.words])


def _as_csv(report: Report) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["day", "site", *COUNTS])
    writer.writerows(_cells(day) for day in report.days)
    return text.getvalue().rstrip("\n")


def _as_json(report: Report) -> str:
    whole = {
        "since": report.span.since.isoformat(),
        "until": report.span.until.isoformat(),
        "days": [{**asdict(day), "day": day.day.isoformat(), "counted": day.counted} for day in report.days],
        "total": dict(report.total),
    }
    return json.dumps(whole, indent=2)


def _cells(day: SiteDay) -> list[str]:
    return [day.day.isoformat(), day.site, *(str(getattr(day, name)) for name in COUNTS)]


_WRITERS: dict[Format, Callable[[Report], str]] = {"table": _as_table, "csv": _as_csv, "json": _as_json}
