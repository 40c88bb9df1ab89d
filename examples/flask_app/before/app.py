"""A tea shop: a Flask app as there are many."""

from flask import Flask, abort, render_template

app = Flask(__name__)

TEAS = {
    "assam": {"name": "Assam", "price": 240, "words": "Strong and malty, from Upper Assam's river plains."},
    "darjeeling": {"name": "Darjeeling", "price": 380, "words": "First flush, light, with a note of muscat."},
    "nilgiri": {"name": "Nilgiri", "price": 210, "words": "Bright and round, from the Blue Mountains."},
}


@app.get("/")
def index() -> str:
    return render_template("index.html", teas=TEAS)


@app.get("/tea/<key>")
def tea(key: str) -> str:
    if key not in TEAS:
        abort(404)
    return render_template("tea.html", tea=TEAS[key])
