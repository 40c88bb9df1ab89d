"""What is drawn of the voices, and when nobody looks."""

from __future__ import annotations

import pytest

from .conftest import ROOT, Site

AWAY = """(away) => {
  // a tab behind another, as far as the page can tell: no such tab is hidden while a test drives it
  Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
COUNTED = """() => {
  globalThis.measured = 0;
  let levels = { visitor: 0.2, agent: 0 };
  Object.defineProperty(room, "levels", { get: () => (measured++, levels), set: (now) => (levels = now) });
}"""


@pytest.mark.parametrize("variant", ["compact", "button"])
def test_a_tab_that_nobody_sees_measures_no_levels(site: Site, variant: str) -> None:
    site.page.clock.install()
    site.show(variant=variant)
    site.call()
    site.page.evaluate(COUNTED)
    drawn = f"{ROOT}.querySelector('[part=panel], [part=bar]').style.getPropertyValue('--visitor')"
    site.page.wait_for_function(f"measured && {drawn} === '0.20'")

    site.page.evaluate(AWAY, True)
    site.page.evaluate("() => { measured = 0; room.levels = { visitor: 0.9, agent: 0 }; }")
    site.page.clock.run_for(2_000)
    assert site.page.evaluate(f"[measured, {drawn}]") == [0, "0.20"]

    site.page.evaluate(AWAY, False)
    site.page.wait_for_function(f"measured && {drawn} === '0.90'")
