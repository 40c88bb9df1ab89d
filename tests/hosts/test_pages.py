"""On every page of ``pages/`` a visitor has a call, and the widget looks as it does on a plain page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.hosts.conftest import PAGES, Host

Look = list[dict[str, Any]]
Looks = dict[str, Look]

PRESENT = """
() => {
  const names = `display visibility opacity position color backgroundColor fontFamily fontSize fontWeight
    fontStyle lineHeight letterSpacing textTransform textAlign textIndent wordSpacing whiteSpace
    paddingTop paddingLeft marginTop marginLeft borderTopWidth borderTopStyle boxSizing
    pointerEvents cursor listStyleType textDecorationLine appearance`.split(/\\s+/);
  const place = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height].map(Math.round).join(" ");
  };
  const root = document.querySelector("vaani-widget").shadowRoot;
  return [...root.querySelectorAll("*")].map((element) => {
    const style = getComputedStyle(element);
    const look = Object.fromEntries(names.map((name) => [name, style[name]]));
    const solid = element.matches("button, [part]");
    const what = `${element.localName}.${element.className?.baseVal ?? element.className}`;
    return { what, place: solid && place(element), ...look };
  });
}
"""
"""How everything in the shadow root looks, and where buttons and panel are."""

SETTLED = """
document.querySelector('vaani-widget').shadowRoot.getAnimations()
  .every(({ playState, effect }) => playState !== 'running' || effect.getTiming().iterations === Infinity)
"""


def looks(host: Host) -> Look:
    host.page.mouse.move(0, 0)
    host.until(SETTLED)
    look: Look = host.run(PRESENT)
    return look


@pytest.fixture(scope="module")
def plain() -> Looks:
    """Looks on the plain page, filled by the first test that needs them."""
    return {}


def compared(host: Host, plain: Looks, moment: str) -> None:
    for ours, theirs in zip(plain[moment], looks(host), strict=True):
        assert theirs == ours


@pytest.fixture
def known(open_host: Callable[..., Host], plain: Looks) -> Looks:
    if not plain:
        host = open_host()
        host.open("plain")
        plain["button"] = looks(host)
        host.call()
        plain["panel"] = looks(host)
    return plain


@pytest.mark.parametrize("name", PAGES)
def test_a_call_as_on_any_page(host: Host, known: Looks, name: str) -> None:
    said = host.open(name)
    if said.look != "own":
        compared(host, known, "button")
    if said.code:
        host.launcher.click()
        host.heard("error", f"detail.code === '{said.code}'")
        host.until(said.expect)
        assert not [url for url in host.requests if url.endswith("/v1/calls")], "nothing was spent"
        return
    host.call()
    if said.look != "own":
        compared(host, known, "panel")
    if said.during:
        host.run(f"() => void ({said.during})")
    host.until(said.expect)
    host.hang_up()
    assert host.errors == []


def test_nothing_of_it_is_printed(host: Host) -> None:
    host.open("paper")
    host.call()
    host.page.emulate_media(media="print")
    host.until(
        "[...document.querySelector('vaani-widget').shadowRoot.querySelectorAll('*')]"
        ".every(element => !element.checkVisibility())"
    )
