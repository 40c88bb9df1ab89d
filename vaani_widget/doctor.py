"""Looks at one application's settings and surroundings, and says what to do about what is wrong.

Starts no call and spends nothing. Says where each setting came from, but no secret's value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Flask

from .doctor_checks import ALL, AT_START, Check
from .errors import ConfigurationError, SettingError
from .findings import Finding, problem
from .web.state import EXTENSION, State


def examine(load: Callable[[], Flask]) -> list[Finding]:
    """Every finding about the application that ``load`` makes or finds.

    An application that can't be made for a setting's sake is a finding, too, and the only one.
    """
    try:
        app = load()
    except SettingError as error:
        return [problem("settings", f"The start stops at {error.key}.", error.remedy)]
    except ConfigurationError as error:
        return [problem("settings", "The start stops.", str(error))]
    return _findings(app, ALL)


def warn_at_start(app: Flask, say: Callable[[str], object]) -> None:
    """Says in a line each what an operator has to know whenever a server starts."""
    for finding in _findings(app, AT_START):
        if finding.level != "ok":
            say(f"{finding.level.capitalize()}: {finding.what} {finding.remedy}")


def _findings(app: Flask, checks: Sequence[Check]) -> list[Finding]:
    state = app.extensions.get(EXTENSION)
    if not isinstance(state, State):
        remedy = "Write app.register_blueprint(vaani_widget.blueprint)."
        return [problem("settings", "vaani_widget is not registered on this app.", remedy)]
    with app.app_context():
        return [finding for check in checks for finding in check(app, state)]
