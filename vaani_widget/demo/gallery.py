"""Every shape of the widget in every state, without a call: for who works on it. Needs the source."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, abort, render_template_string, request, send_from_directory

from ..errors import ConfigurationError

LAUNCHER: Final = ("launcher", "trying", "unreached")
CALL: Final = (
    "asking", "connecting", "waiting", "quiet", "listening", "thinking", "speaking", "muted", "lost",
    "silent", "reconnecting", "unheard", "interrupted", "ending", "headset",
)  # fmt: skip
HELP: Final = (
    "denied", "firefox", "safari", "ios", "android", "system", "windows", "phone", "missing", "taken",
    "policy", "insecure", "app", "old",
)  # fmt: skip
CARD: Final = (
    "idle", "consent", "elsewhere", *CALL, "writing", "settings", "anew", "window", "ended", "rate", "unsent",
    "busy", *HELP,
)  # fmt: skip
SHAPES: Final = {"button": (*LAUNCHER, *CALL), "compact": (*LAUNCHER, *CARD)}

CELL: Final = """<!doctype html>
<html lang="{{ lang }}" dir="{{ 'rtl' if lang == 'ur' else 'ltr' }}" style="color-scheme: {{ scheme }}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ state }}</title><link rel="icon" href="data:,">
<style>body { background: {{ '#0e0f12' if scheme == 'dark' else '#f4f4f1' }} }</style>
<body><h1 style="position: absolute; opacity: 0">{{ state }}</h1>
<script type="module" src="/cell-gallery.js" data-site="gallery"></script>
"""


def build(folder: Path) -> None:
    """Builds the gallery's scripts from the source.

    :raises ConfigurationError: there is no source here, or it does not build.
    """
    source = Path(str(files("vaani_widget.widget_static")))
    if not (source / "src" / "gallery").is_dir():
        raise ConfigurationError("the gallery needs a checkout of the source, with make bundle done.")
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        raise ConfigurationError("the gallery needs Node; in the checkout make setup installs it.")
    made = subprocess.run(
        [node, str(source / "build.mjs"), "--gallery", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise ConfigurationError(made.stderr.strip() or "the gallery could not be built.")


def cells(shape: str, **look: str) -> dict[str, str]:
    """The address of each state's cell of a shape, by the state's name.

    :param look: attributes of the element, besides ``scheme`` and ``lang`` of the page around it.
    """
    return {
        state: "/cell?" + urlencode({"variant": shape, "state": state, **look}) for state in SHAPES[shape]
    }


def create_gallery(folder: Path) -> Flask:
    """The gallery's own application.

    :param folder: where :func:`build` has put the scripts.
    """
    app = Flask("gallery", static_folder=None, template_folder=None)

    @app.get("/")
    def home() -> str:
        look = {name: value for name, value in request.args.items() if value}
        rows = {shape: cells(shape, **look) for shape in SHAPES}
        page = (files("vaani_widget.demo") / "gallery.html").read_text(encoding="utf-8")
        return render_template_string(page, rows=rows, chosen=look)

    @app.get("/cell")
    def cell() -> str:
        state = request.args.get("state", "")
        if state not in {*LAUNCHER, *CARD}:
            abort(404)
        return render_template_string(
            CELL, state=state, scheme=request.args.get("scheme", "light"), lang=request.args.get("lang", "en")
        )

    @app.get("/<name>.js")
    def script(name: str) -> Response:
        return send_from_directory(folder.resolve(), f"{name}.js", mimetype="text/javascript", max_age=0)

    return app
