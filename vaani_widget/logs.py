"""The log: what a line carries beside its sentence, and how a server of its own writes it.

In an app these are ordinary records of the logger ``vaani_widget`` and its children. What happened is in
attributes that begin with ``vaani_``: ``vaani_event``, ``vaani_request_id``, ``vaani_site``,
``vaani_call_id``, ``vaani_code``, ``vaani_spent`` and so on, each only where it is known. The prefix is
there because logging refuses an attribute that a host's own record factory has set before.

None of them is a key, a token, an address or metadata.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["text", "json"]

PREFIX = "vaani_"

_log = logging.getLogger("vaani_widget")
_request: ContextVar[str | None] = ContextVar("vaani_widget_request", default=None)


@contextmanager
def during(request_id: str) -> Iterator[None]:
    """Lines written inside, by this thread, belong to this request."""
    before = _request.set(request_id)
    try:
        yield
    finally:
        _request.reset(before)


def fields(event: str, **known: str | None) -> dict[str, object]:
    """What a line says for machines: the ``extra`` of a logging call.

    :param event: what happened, as a name that stays.
    :param known: more of it; what is None is left out. Never a secret, an address or metadata.
    """
    told = {"event": event, "request_id": _request.get(), **known}
    return {f"{PREFIX}{name}": value for name, value in told.items() if value is not None}


def to_stderr(form: LogFormat, *, everything: bool = False) -> None:
    """A line for every event, unless whoever runs us has arranged logging already.

    :param everything: also what other packages say, for a process that is ours alone.
    """
    if _log.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATTERS[form]())
    (logging.getLogger() if everything else _log).addHandler(handler)
    _log.setLevel(logging.INFO)
    logging.captureWarnings(everything)


def say(text: str) -> None:
    """What a command would have printed, where only lines of the log may be."""
    level = logging.WARNING if text.startswith(("Warning", "Problem")) else logging.INFO
    _log.log(level, "%s", text, extra=fields("serving"))


class TextLines(logging.Formatter):
    """``TIME LEVEL LOGGER: sentence``, and a traceback below it, indented.

    Whatever is in a message, it is one line, and no line of a traceback can pass for one.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        request_id = _told(record).get("request_id")
        if isinstance(request_id, str) and request_id not in message:
            message = f"{message} (request {request_id})"
        head = f"{_time(record)} {record.levelname} {record.name}: {_one_line(message)}"
        return "\n".join([head, *(f"    {_one_line(line)}" for line in _traceback(self, record))])


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII: ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, what is
    known of the event by its names, and ``traceback`` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            **_told(record),
            "message": record.getMessage(),
        }
        if traceback := _traceback(self, record):
            line["traceback"] = "\n".join(traceback)
        return json.dumps(line, default=str)


FORMATTERS: dict[LogFormat, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines}


def without_the_request(record: logging.LogRecord) -> bool:
    """A filter for gunicorn's messages: some repeat what a stranger sent, and from which address."""
    message = record.getMessage()
    if message.startswith("Invalid request from"):
        record.msg, record.args = "A request that is not proper HTTP was refused", ()
    elif message.startswith("Error handling request"):
        record.msg, record.args = message.partition("?")[0], ()
    return True


def _told(record: logging.LogRecord) -> dict[str, object]:
    return {
        name.removeprefix(PREFIX): value for name, value in vars(record).items() if name.startswith(PREFIX)
    }


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    written = formatter.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
    stack = formatter.formatStack(record.stack_info) if record.stack_info else ""
    return [line for part in (written, stack) if part for line in part.split("\n")]


def _one_line(text: str) -> str:
    """Nothing in it can begin a line of its own, or move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
