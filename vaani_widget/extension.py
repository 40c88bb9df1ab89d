"""Wiring only: what registering the blueprint does to an application, and the class that registers it.

Settings are read and checked, and nothing else happens: no socket, no file, no thread. ::

    app.config["VAANI_API_KEY"] = ...
    app.register_blueprint(vaani_widget.blueprint)      # or VaaniWidget(app)

The keys are those of :data:`vaani_widget.settings.KEYS`, in ``app.config`` or in the environment.
"""

from __future__ import annotations

import inspect
import logging
import os
from pathlib import Path
from typing import Any, TypeVar

import httpx
from flask import Flask, request_finished
from flask.blueprints import BlueprintSetupState
from sqlalchemy import URL

from .challenges import Challenge
from .embedding import vaani_widget
from .ledger import Ledger
from .logs import fields
from .own_grants import GrantLoader
from .services import Services
from .settings import Settings, load
from .web import blueprint, manners
from .web.state import EXTENSION, State

__all__ = ["VaaniWidget", "blueprint"]

_log = logging.getLogger("vaani_widget")
_Loader = TypeVar("_Loader", bound=GrantLoader)


class VaaniWidget:
    """The same as ``app.register_blueprint(vaani_widget.blueprint)``, for those who like it better.

    :param url_prefix: where the blueprint is mounted; ``/vaani`` where absent.
    :param transport: stands in for the network between this server and Vaani, in tests.
    :param settings: read elsewhere already; of the app's config and the environment where absent.
    :param challenge: asked of anonymous visitors in place of the one of the extra ``[challenge]``.
    :raises SettingError: naming the key and what to write.
    :raises AlreadyRegistered: where the app has it already.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        url_prefix: str | None = None,
        transport: httpx.BaseTransport | None = None,
        settings: Settings | None = None,
        challenge: Challenge | None = None,
    ) -> None:
        self._grant_loader: GrantLoader | None = None
        self._options: dict[str, Any] = {
            "url_prefix": url_prefix,
            "vaani_transport": transport,
            "vaani_settings": settings,
            "vaani_challenge": challenge,
            "vaani_grant_loader": lambda: self._grant_loader,
        }
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Registers the blueprint on the app. Keeps nothing of it: one object serves many apps."""
        app.register_blueprint(blueprint, **self._options)

    def grant_loader(self, loader: _Loader) -> _Loader:
        """Decorates the function that says who a visitor is; ``GET /v1/sites/{site}/grant`` asks it. ::

            @vaani.grant_loader
            def visitor(site):
                if current_user.is_authenticated:
                    return {"visitor": current_user.id, "metadata": {"plan": current_user.plan}}

        It gets the site's key and runs inside the visitor's request, so that the app's own session counts.
        It returns None for a visitor who is not known, else what ``{{ vaani_widget() }}`` takes, too, as a
        dict: ``visitor``, ``locked``, ``metadata`` (:class:`vaani_widget.Visitor`).

        Before or after ``init_app``; for every app of this object. Used twice, the last one counts.

        :raises TypeError: for a function that does not take one argument.
        """
        try:
            inspect.signature(loader).bind("site")
        except TypeError:
            raise TypeError(
                "grant_loader decorates a function of one argument, the site's key: def visitor(site): ..."
            ) from None
        self._grant_loader = loader
        return loader


def _wire(state: BlueprintSetupState) -> None:
    app = state.app
    assert isinstance(app, Flask)
    transport = state.options.get("vaani_transport")
    settings = state.options.get("vaani_settings") or load(
        app_config=app.config,
        environ=os.environ,
        testing=app.testing,
        # Not every test suite makes calls. Services refuses the first one that would cost money.
        transport_given=app.testing or transport is not None,
    )
    services = Services(
        settings=settings,
        database_url=settings.database_url or _in_instance_folder(app),
        sender=app,
        transport=transport,
        own_challenge=state.options.get("vaani_challenge"),
        testing=lambda: app.testing,
    )
    Ledger(services.database_url)  # checks the address and opens nothing
    endpoints = f"{state.name_prefix}.{state.name}".lstrip(".")
    app.extensions[EXTENSION] = State(settings, services, endpoints)
    if "vaani_grant_loader" in state.options:
        app.extensions[EXTENSION].grant_loader = state.options["vaani_grant_loader"]
    app.add_template_global(vaani_widget, "vaani_widget")
    request_finished.connect(manners.last_word, app)
    for warning in settings.warnings:
        _log.warning("%s", warning, extra=fields("setting_doubtful"))


def _in_instance_folder(app: Flask) -> str:
    path = Path(app.instance_path) / "vaani_widget.sqlite3"
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


blueprint.record_once(_wire)
