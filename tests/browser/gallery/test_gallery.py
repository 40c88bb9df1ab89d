"""Every shape in every state, without a call: axe finds nothing, and each looks as it was approved.

``APPROVE=1`` writes the pictures anew. Look at each before you commit it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.parts.serving import serve
from vaani_widget.demo import gallery

APPROVED = Path(__file__).parent / "approved"
AXE = Path(__file__).parents[3] / "widget_static/node_modules/axe-core/axe.min.js"

SIZES = {"button": (400, 190), "compact": (540, 620), "phone": (400, 620)}
ACROSS = 6
"""Cells in a row of a picture."""
DIFFERENT = 40
"""Of 255: letters drawn a little otherwise stay below, once a picture is half as large."""
MOST = 0.02
"""Share of a cell's pixels that may be different."""


@pytest.fixture(scope="session")
def cells_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gallery")
    gallery.build(folder)
    with serve(gallery.create_gallery(folder)) as server:
        yield server


def walk(chrome: Browser, server: str, shape: str, scheme: str, lang: str) -> Iterator[tuple[str, Page]]:
    """Each state of a shape, drawn."""
    width, height = SIZES[shape]
    context = chrome.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    try:
        variant = "compact" if shape == "phone" else shape
        for state, address in gallery.cells(variant, scheme=scheme, lang=lang).items():
            page.goto(server + address)
            page.wait_for_selector("html[data-drawn]", state="attached")
            yield state, page
    finally:
        context.close()


@pytest.mark.parametrize("lang", ["en", "ur"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape", SIZES)
def test_axe(chrome: Browser, cells_server: str, shape: str, scheme: str, lang: str) -> None:
    found = {}
    for state, page in walk(chrome, cells_server, shape, scheme, lang):
        page.evaluate(AXE.read_text())
        result: dict[str, Any] = page.evaluate("axe.run({ include: [['vaani-widget']] })")
        if result["violations"]:
            nodes = [
                (rule["id"], [node["target"] for node in rule["nodes"]]) for rule in result["violations"]
            ]
            found[state] = nodes
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape", ["button", "phone"])
def test_it_looks_as_approved(chrome: Browser, cells_server: str, shape: str, scheme: str) -> None:
    width, height = (side // 2 for side in SIZES[shape])
    drawn = {}
    for state, page in walk(chrome, cells_server, shape, scheme, "en"):
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        drawn[state] = picture.resize((width, height), Image.Resampling.BOX)
    path = APPROVED / f"{shape}-{scheme}.png"
    if os.environ.get("APPROVE"):
        rows = -(-len(drawn) // ACROSS)
        sheet = Image.new("RGB", (width * ACROSS, height * rows))
        for number, picture in enumerate(drawn.values()):
            sheet.paste(picture, (number % ACROSS * width, number // ACROSS * height))
        sheet.save(path, optimize=True)
    approved = Image.open(path).convert("RGB")
    otherwise = {}
    for number, (state, picture) in enumerate(drawn.items()):
        left, top = number % ACROSS * width, number // ACROSS * height
        before = approved.crop((left, top, left + width, top + height))
        apart = numpy.abs(numpy.asarray(before, dtype=int) - numpy.asarray(picture, dtype=int)).max(axis=2)
        share = float((apart > DIFFERENT).mean())
        if share > MOST:
            otherwise[state] = round(share, 3)
    assert otherwise == {}
