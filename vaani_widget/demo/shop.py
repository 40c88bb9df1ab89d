"""The page of a shop that somebody else could have written, on another origin than the widget's server."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Final, Literal, NamedTuple

from flask import Flask, Response, jsonify, render_template_string

SITE: Final = "mela-tea"
ACCENT: Final = "#386641"


class Status(NamedTuple):
    """How far the voice is, in a line for a person."""

    state: Literal["waiting", "ready", "failed"]
    text: str


class Tea(NamedTuple):
    name: str
    words: str
    price: int
    tin: str
    label: str


TEAS: Final = (
    Tea("Assam breakfast", "Malt and honey, stands up to milk.", 420, "#7a2e1d", "#f3e3c3"),
    Tea("Nilgiri frost", "Picked on the coldest mornings. Bright as a bell.", 560, "#2f5d62", "#e6efe4"),
    Tea(
        "Darjeeling first flush", "The first leaves of the year: muscatel, meadow.", 890, "#4d6b2c", "#f6edcf"
    ),
)


def create_shop(widget: str, status: Callable[[], Status]) -> Flask:
    """The shop's own application.

    :param widget: the address of the widget's server, such as ``http://127.0.0.1:8001``.
    """
    app = Flask("mela_tea", static_folder=None, template_folder=None)
    here = files("vaani_widget.demo")

    @app.get("/")
    def home() -> str:
        return render_template_string(
            (here / "shop.html").read_text(encoding="utf-8"),
            teas=TEAS, widget=widget, site=SITE, accent=ACCENT, status=status().text,
        )  # fmt: skip

    @app.get("/shop.css")
    def style() -> Response:
        return Response((here / "shop.css").read_text(encoding="utf-8"), mimetype="text/css")

    @app.get("/shop.js")
    def script() -> Response:
        return Response((here / "shop.js").read_text(encoding="utf-8"), mimetype="text/javascript")

    @app.get("/status")
    def how_far() -> Response:
        now = status()
        return jsonify(state=now.state, text=now.text)

    return app
