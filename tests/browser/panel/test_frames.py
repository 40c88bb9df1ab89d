"""What is drawn is drawn for somebody: at rest, the widget asks the page for no frame."""

from __future__ import annotations

import pytest

from tests.browser.panel.conftest import ROOT, Site

SPY = """<script>
  window.asked = 0;
  const ask = window.requestAnimationFrame;
  window.requestAnimationFrame = draw => { asked++; return ask(draw); };
  window.frames_without_us = async () => {
    const before = asked;
    for (let i = 0; i < 10; i++) await new Promise(done => ask(done));
    return asked - before;
  };
</script>"""

MOVING = f"{ROOT}.getAnimations().filter(({{ playState }}) => playState === 'running').length"


def at_rest(site: Site) -> None:
    site.settle()
    site.page.wait_for_function(
        f"async () => await frames_without_us() === 0 && {MOVING} === 0", timeout=5000
    )


@pytest.mark.parametrize("variant", ["button", "compact"])
def test_an_open_panel_without_a_call(site: Site, variant: str) -> None:
    site.show(SPY, variant=variant)
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    site.page.wait_for_function(f"{ROOT}.querySelector('[part=panel], [part=bar]')")
    at_rest(site)


@pytest.mark.parametrize("variant", ["button", "compact"])
def test_a_call_that_has_ended(site: Site, variant: str) -> None:
    site.show(SPY, variant=variant)
    site.call()
    site.page.wait_for_function("async () => await frames_without_us() > 0")  # the voice is drawn
    site.on("gone('agent')")
    site.state("ended")
    at_rest(site)
