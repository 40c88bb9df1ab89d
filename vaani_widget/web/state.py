"""What this package keeps for one application, and what it keeps for one request."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import current_app, has_request_context, request

from ..errors import ConfigurationError
from ..own_grants import GrantLoader
from ..services import Services
from ..settings import Settings

EXTENSION = "vaani_widget"


def _no_loader() -> None:
    return None


@dataclass
class State:
    """``app.extensions["vaani_widget"]``.

    :param endpoints: prefix of our endpoints; longer than ``vaani_widget`` where a blueprint nests ours.
    :param grant_loader: gives the function that says who a visitor is, or None. Asked at each request: a
        ``VaaniWidget`` may get one after it was registered.
    """

    settings: Settings
    services: Services
    endpoints: str
    grant_loader: Callable[[], GrantLoader | None] = _no_loader


def current_state() -> State:
    """:raises ConfigurationError: where the application in context has no blueprint of ours."""
    state = current_app.extensions.get(EXTENSION)
    if not isinstance(state, State):
        raise ConfigurationError(
            "vaani_widget is not registered on this app; "
            "write app.register_blueprint(vaani_widget.blueprint)."
        )
    return state


@dataclass
class _Kept:
    """What is kept for one request.

    On the request itself and not in ``flask.g``, which belongs to the app context: where a host has pushed
    one of its own, all later requests share that one's ``g``.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    headers: dict[str, str | None] = field(default_factory=dict)


_ATTRIBUTE = "vaani_widget_kept"


def _kept() -> _Kept:
    kept = getattr(request, _ATTRIBUTE, None)
    if not isinstance(kept, _Kept):
        kept = _Kept()
        setattr(request, _ATTRIBUTE, kept)
    return kept


def request_id() -> str:
    """Names this request in the log and in a problem; made here, so nobody outside can forge log lines."""
    return _kept().id


def insist_on(headers: Mapping[str, str | None]) -> None:
    """These headers are ours to the end, whatever an ``after_request`` of the host makes of them.

    A template that is rendered outside a request has no answer to put them on.

    :param headers: None where there must be none.
    """
    if has_request_context():
        _kept().headers.update(headers)


def insisted_on() -> Mapping[str, str | None]:
    """What :func:`insist_on` was told during this request."""
    return _kept().headers
