"""The gallery's cells, served, and a walk through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.parts.serving import serve
from vaani_widget.demo import gallery

Walk = Callable[..., Iterator[tuple[str, Page]]]

WIDE, NARROW = (1280, 720), (320, 620)
"""Of a window."""


@pytest.fixture(scope="session")
def cells_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gallery")
    gallery.build(folder)
    with serve(gallery.create_gallery(folder)) as server:
        yield server


@pytest.fixture
def walk(whole_chrome: Browser, cells_server: str) -> Walk:
    """Goes through states of a shape: gives each one's name and the page where it is drawn.

    Its ``script`` is one that each page has from the beginning.
    """

    def walk_(
        shape: str,
        states: Sequence[str],
        window: tuple[int, int] = WIDE,
        script: Path | None = None,
        **look: str,
    ) -> Iterator[tuple[str, Page]]:
        width, height = window
        viewport: Any = {"width": width, "height": height}
        context = whole_chrome.new_context(viewport=viewport, reduced_motion="reduce")
        if script:
            context.add_init_script(path=script)
        page = context.new_page()
        try:
            addresses = gallery.cells(shape, **look)
            for state in states:
                page.goto(cells_server + addresses[state])
                page.wait_for_selector("html[data-drawn]", state="attached")
                yield state, page
        finally:
            context.close()

    return walk_
