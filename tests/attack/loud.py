"""``vaani-widget serve`` where somebody has turned every logger up, and where things break that should not.

What the page says under ``break`` in its metadata tells where.
"""

from __future__ import annotations

import logging
import os
from traceback import TracebackException
from typing import Any

from blinker import ANY

from vaani_widget import call_checks, call_started, ledger, upstream
from vaani_widget.cli import main as command
from vaani_widget.logs import FORMATTERS, TextLines


class WithVariables(TextLines):
    """As services do that collect errors: every frame with the variables in it."""

    def formatException(self, ei: Any) -> str:
        return "".join(TracebackException(*ei, capture_locals=True).format())


def main() -> None:
    form = os.environ["LOUD"]
    handler = logging.StreamHandler()
    handler.setFormatter(WithVariables() if form == "variables" else FORMATTERS[form]())  # type: ignore[index]
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
    call_started.connect(receiver, ANY)
    call_checks.merge = breaking("merge", call_checks.merge)  # type: ignore[attr-defined]
    ledger.spend = breaking("ledger", ledger.spend)  # type: ignore[attr-defined]
    upstream.judge = breaking("upstream", upstream.judge)  # type: ignore[attr-defined]
    command()


def receiver(_sender: object, **_told: object) -> None:
    raise RuntimeError("a receiver of the host's")


_where = ""


def breaking(name: str, whole: Any) -> Any:
    """The same function, that raises after it has done its work where the page has asked for it."""

    def broken(*args: Any, **more: Any) -> Any:
        global _where
        if name == "merge":
            _where = more["page_metadata"].get("break", "")
        result = whole(*args, **more)
        if _where == name:
            _where = ""
            raise ZeroDivisionError(name)
        return result

    return broken
