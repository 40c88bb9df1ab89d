"""What ``doctor`` found: its form, for people and for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["ok", "warning", "problem"]
_MARK = {"ok": "ok     ", "warning": "WARNING", "problem": "PROBLEM"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    :param level: ``problem`` where calls fail or cost more than they should, ``warning`` where they may.
    :param about: the part, such as ``database``.
    :param what: what was found, one sentence.
    :param remedy: what to do about it; None only where all is well.
    """

    level: Level
    about: str
    what: str
    remedy: str | None = None


def ok(about: str, what: str) -> Finding:
    return Finding("ok", about, what)


def warning(about: str, what: str, remedy: str) -> Finding:
    return Finding("warning", about, what, remedy)


def problem(about: str, what: str, remedy: str) -> Finding:
    return Finding("problem", about, what, remedy)


def as_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """``ok`` is false where there is a problem; warnings leave it true."""
    return {
        "ok": not any(finding.level == "problem" for finding in findings),
        "findings": [vars(finding) for finding in findings],
    }


def as_table(findings: Sequence[Finding], width: int = 100) -> str:
    """A line for each finding, with its remedy under it, and the sum at the end."""
    column = max((len(finding.about) for finding in findings), default=0)
    indent = " " * (len(_MARK["ok"]) + column + 4)
    lines = []
    for finding in findings:
        head = f"{_MARK[finding.level]}  {finding.about.ljust(column)}  "
        lines.append(textwrap.fill(finding.what, width, initial_indent=head, subsequent_indent=indent))
        if finding.remedy:
            lines.append(
                textwrap.fill(
                    finding.remedy, width, initial_indent=f"{indent}→ ", subsequent_indent=f"{indent}  "
                )
            )
    problems = sum(finding.level == "problem" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    lines.append(f"\n{_count(problems, 'problem')}, {_count(warnings, 'warning')}.")
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
