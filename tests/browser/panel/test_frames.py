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


def at_rest(site: Site) -> bool:
    site.settle()
    return bool(
        site.page.evaluate(
            f"""async () => {{
              for (let tries = 0; tries < 20; tries++)
                if (await frames_without_us() === 0 && {MOVING} === 0) return true;
              return false;
            }}"""
        )
    )


@pytest.mark.parametrize("variant", ["button", "compact"])
def test_an_open_panel_without_a_call(site: Site, variant: str) -> None:
    site.show(SPY, variant=variant)
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    site.page.wait_for_function(f"{ROOT}.querySelector('[part=panel], [part=bar]')")
    assert at_rest(site)


SPEAKS = """
() => {
  window.read = 0;
  Object.defineProperty(room, "levels", { get: () => (read++, { visitor: 0, agent: 0.5 }) });
}
"""


@pytest.mark.parametrize("variant", ["button", "compact"])
def test_a_call_that_has_ended(site: Site, variant: str) -> None:
    site.show(SPY, variant=variant)
    site.call()
    site.page.evaluate(SPEAKS)
    # the voice is drawn
    site.page.wait_for_function(
        f"{ROOT}.querySelector('[style*=\"--agent\"]')?.style.cssText.includes('0.5')"
    )
    site.on("gone('agent')")
    site.state("ended")
    assert at_rest(site)
    read = site.page.evaluate("read")
    assert site.page.evaluate("async () => (await frames_without_us(), read)") == read, "nobody listens"
