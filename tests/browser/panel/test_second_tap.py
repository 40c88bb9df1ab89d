"""A second tap on the same spot is no answer to what has come there meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Site


@pytest.mark.parametrize(("locale", "width"), [("en", 320), ("es", 344), ("ur", 375)])
def test_who_taps_twice_on_the_microphone_has_not_hung_up(
    open_site: Callable[..., Site], locale: str, width: int
) -> None:
    site = open_site(viewport={"width": width, "height": 620})
    site.show(locale=locale)
    site.page.evaluate("document.querySelector('vaani-widget').start()")
    site.agent("speaking")
    expect(site.panel.get_by_role("textbox")).to_be_visible()  # the further chunk has come
    mute = site.panel.locator(".mute")
    for _ in range(2):
        box = mute.bounding_box()
        assert box
        # Where a finger rests, be it near an end.
        for across in (0.15, 0.5, 0.85):
            for _ in range(2):
                site.page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] / 2)
            assert "ended" not in site.events
        mute.click()
    site.panel.locator(".red").click()
    site.state("ended")
