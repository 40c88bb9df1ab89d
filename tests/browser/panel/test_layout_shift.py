"""The widget moves nothing of the page around it, from the page's view to the end of a call."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import ROOT, Site

NOTED = """
window.shifts = [];
window.observed = new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    // what lies within the shadow root is not told
    const widget = document.querySelector("vaani-widget");
    const own = sources.flatMap(({ node }) => node ?? []).filter((node) => !widget?.contains(node));
    if (own.length) shifts.push({ value, moved: own.map(({ nodeName }) => nodeName) });
  }
});
observed.observe({ type: "layout-shift", buffered: true });
"""
SHIFTS = """
async () => {
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  return shifts;
}
"""
TEXT = "".join(
    f"<p>Tea of the mountains, number {number}, in tins and by weight.</p>" for number in range(20)
)


def shifts(site: Site) -> list[dict[str, Any]]:
    """Whatever in the page has moved so far, also shortly after a click of the visitor's."""
    moved: list[dict[str, Any]] = site.page.evaluate(SHIFTS)
    return moved


@pytest.mark.parametrize("variant", ["button", "compact"])
def test_nothing_of_the_page_moves(site: Site, variant: str) -> None:
    site.page.add_init_script(NOTED)
    site.show(TEXT, variant=variant)
    site.call()
    site.say("agent", "Hello, how can I help?")
    if variant == "button":
        site.page.get_by_role("button", name="Show the call").click()
    expect(site.panel).to_be_visible()
    site.settle()
    site.click("Make small, keep the call")
    site.settle()
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    site.click("End call")
    site.state("ended")
    site.settle()
    site.page.locator("vaani-widget").get_by_role("button", name="Close").first.click()
    site.page.wait_for_function(f"!{ROOT}.querySelector('.panel, .bar')")
    assert shifts(site) == []
    # and the page's own move is seen
    site.page.evaluate(
        "document.body.prepend(Object.assign(document.createElement('p'), { textContent: 'New' }))"
    )
    site.page.wait_for_function("shifts.length")
    assert shifts(site) != []
