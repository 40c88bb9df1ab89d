"""The class of the one blueprint: where its templates lie, and that an app takes it once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flask import Blueprint
from flask.sansio.app import App
from jinja2 import BaseLoader, PackageLoader

from ..errors import AlreadyRegistered
from .state import EXTENSION


class WidgetBlueprint(Blueprint):
    """A blueprint that one application takes once; any number of applications may take it."""

    def register(self, app: App, options: dict[str, Any]) -> None:
        """:raises AlreadyRegistered: where the app has it, under whatever name or prefix."""
        if EXTENSION in app.extensions:
            raise AlreadyRegistered(
                "vaani_widget is registered on this app already. Register it once: either "
                "app.register_blueprint(vaani_widget.blueprint) or VaaniWidget(app)."
            )
        super().register(app, options)

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The package's templates; the host's own of the same path come first."""
        return PackageLoader("vaani_widget.templates", ".")
