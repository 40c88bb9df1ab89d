"""The server of its own: one small Flask application with the blueprint and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, render_template
from werkzeug.middleware.proxy_fix import ProxyFix

from . import logs
from .extension import VaaniWidget
from .logs import LogFormat
from .settings import load
from .web.state import EXTENSION, State, current_state


def create_app(
    config: Mapping[str, Any] | Path | str | None = None, *, log_format: LogFormat = "text"
) -> Flask:
    """The application of ``vaani-widget serve`` and of ``flask --app vaani_widget run``.

    :param config: a TOML file, where ``VAANI_WIDGET_CONFIG`` does not name one; or the settings
        themselves by their long names, which then stand over the environment's.
    :param log_format: of the lines on standard error, unless logging is arranged already.
    :raises SettingError: naming the key and what to write.
    """
    logs.to_stderr(log_format)
    if isinstance(config, Mapping):
        settings = load(app_config=config, environ=os.environ)
    else:
        settings = load(app_config=None, environ=os.environ, config_file=Path(config) if config else None)
    instance = Path.cwd() / "instance"
    app = Flask("vaani_widget", static_folder=None, template_folder=None, instance_path=str(instance))
    if hops := settings.trusted_proxies:
        # Each proxy adds to X-Forwarded-For; the others have one value, or what the nearest one wrote last.
        proxied = ProxyFix(app.wsgi_app, x_for=hops, x_proto=1, x_host=1, x_port=1)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    VaaniWidget(app, settings=settings)
    app.add_url_rule("/", "root", _root)
    state: State = app.extensions[EXTENSION]
    state.services.ledger  # noqa: B018  # warns of a disk that forgets, while an operator is looking
    return app


def _root() -> str:
    return render_template("vaani_widget/root.html", endpoints=current_state().endpoints)
