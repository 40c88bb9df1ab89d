"""A "Talk to agent" button for any website: one script tag, a Flask blueprint, calls to Vaani's agents.

In an app that exists::

    import vaani_widget

    app.register_blueprint(vaani_widget.blueprint)

and ``{{ vaani_widget() }}`` in a template. As a server of its own: ``vaani-widget serve``.

Names are imported when they are first asked for: a backend that only signs grants
(:func:`vaani_widget.tokens.sign_grant`) loads neither Flask nor a database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import (
        AlreadyRegistered,
        ConfigurationError,
        Refusal,
        SettingError,
        UpstreamError,
        VaaniWidgetError,
    )
    from .extension import VaaniWidget, blueprint
    from .own_grants import Visitor
    from .signals import call_ended, call_refused, call_started
    from .standalone import create_app

__all__ = [
    "AlreadyRegistered",
    "ConfigurationError",
    "Refusal",
    "SettingError",
    "UpstreamError",
    "VaaniWidget",
    "VaaniWidgetError",
    "Visitor",
    "blueprint",
    "call_ended",
    "call_refused",
    "call_started",
    "create_app",
]

_MODULES = {
    "VaaniWidget": "extension",
    "Visitor": "own_grants",
    "blueprint": "extension",
    "call_ended": "signals",
    "call_refused": "signals",
    "call_started": "signals",
    "create_app": "standalone",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_MODULES.get(name, 'errors')}", __name__)
    value: object = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
