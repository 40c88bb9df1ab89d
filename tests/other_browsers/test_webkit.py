"""Safari's engine: everything but the call itself, which Debian's build has no WebRTC for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.panel.conftest import serving
from tests.parts.pages import PageServer
from tests.parts.watch import WATCH
from tests.parts.webkit import WebKit, webkit
from vaani_widget.testing import install

ROOT = "document.querySelector('vaani-widget').shadowRoot"
PANEL = f"{ROOT}.querySelector('[part=panel]')"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PageServer, str]]:
    with serving() as (pages, app, server):
        install(app, tmp_path_factory.mktemp("vaani"))
        yield pages, server


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebKit]:
    with webkit(tmp_path_factory.mktemp("webkit") / "log") as window:
        yield window


def show(window: WebKit, served: tuple[PageServer, str], *, lang: str = "en", **attributes: str) -> None:
    pages, server = served
    data = "".join(f" data-{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
    tag = f'<script async src="{server}/vaani/widget.js" data-site="shop"{data}></script>'
    head = f'<meta charset="utf-8"><title>Shop</title><script>{WATCH}</script>'
    window.go(pages.add(f'<!doctype html><html lang="{lang}">{head}<body><h1>Shop</h1>{tag}'))
    window.until("document.querySelector('vaani-widget')?.shadowRoot?.querySelector('[part=button]') && true")


def test_the_button(window: WebKit, served: tuple[PageServer, str]) -> None:
    show(window, served, accent_color="#ffd400")
    assert window.run(f"{ROOT}.querySelector('[part=button]').innerText") == "Talk to agent"
    box = window.run(f"{ROOT}.querySelector('[part=button]').getBoundingClientRect().toJSON()")
    width, height = window.run("[innerWidth, innerHeight]")
    assert width - box["right"] == pytest.approx(20, abs=1)
    assert height - box["bottom"] == pytest.approx(20, abs=1)
    # icon and words beside one another
    assert box["height"] == pytest.approx(52, abs=1)
    assert box["width"] > 150
    style = f"getComputedStyle({ROOT}.querySelector('[part=button]'))"
    assert window.run(f"[{style}.backgroundColor, {style}.color]") == ["rgb(255, 212, 0)", "rgb(0, 0, 0)"]


def test_the_round_button(window: WebKit, served: tuple[PageServer, str]) -> None:
    show(window, served, variant="compact")
    box = window.run(f"{ROOT}.querySelector('[part=button]').getBoundingClientRect().toJSON()")
    assert (box["width"], box["height"]) == (pytest.approx(56, abs=1), pytest.approx(56, abs=1))


def test_no_call_can_be_had_and_that_is_said(window: WebKit, served: tuple[PageServer, str]) -> None:
    show(window, served, fallback_url="tel:+911234567")
    assert window.run("typeof RTCPeerConnection") == "undefined", "then a call would have to be tested"
    window.click("[part=button]")
    window.until(f"{PANEL}?.querySelector('[role=alert]') && true")
    window.until(
        "seen.events.some(({ name, detail }) => name === 'vaani-error' && detail.code === 'unsupported')"
    )
    assert window.run(f"{PANEL}.querySelector('[role=alert]').innerText.length") > 20
    assert window.run(f"{PANEL}.querySelector('a[href=\"tel:+911234567\"]') && true")
    asked = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/v1/')).length"
    assert window.run(asked) == 0, "nothing was minted or spent"


def test_the_panel_and_the_way_back(window: WebKit, served: tuple[PageServer, str]) -> None:
    show(window, served)
    window.run("void document.querySelector('vaani-widget').open()")
    window.until(f"{PANEL} && true")
    assert window.run(f"{PANEL}.getAttribute('role')") == "dialog"
    assert len(window.run(f"{PANEL}.innerText")) > 20
    assert window.run(f"{PANEL}.dir") == "ltr"
    box = window.run(f"{PANEL}.getBoundingClientRect().toJSON()")
    width, height = window.run("[innerWidth, innerHeight]")
    assert min(box["left"], box["top"]) >= 0
    assert box["right"] <= width
    assert box["bottom"] <= height
    window.run(f"{PANEL}.focus()")
    window.keys("\ue00c")
    window.until(f"!{PANEL} && {ROOT}.querySelector('[part=button]').offsetWidth > 0")


def test_from_right_to_left(window: WebKit, served: tuple[PageServer, str]) -> None:
    show(window, served, lang="ur")
    window.run("void document.querySelector('vaani-widget').open()")
    window.until(f"{PANEL} && true")
    assert window.run(f"[{PANEL}.dir, {PANEL}.lang]") == ["rtl", "ur"]
    close = window.run(f"{PANEL}.querySelector('button').getBoundingClientRect().x")
    panel = window.run(f"{PANEL}.getBoundingClientRect().toJSON()")
    assert close < panel["x"] + panel["width"] / 2, "the corner's button is at the left"


PHONE = "document.querySelector('iframe').contentWindow"
IN_PHONE = f"{PHONE}.document.querySelector('vaani-widget')"
CARD = f"{IN_PHONE}?.shadowRoot?.querySelector('[part=panel]')"


@pytest.fixture
def phone(window: WebKit, served: tuple[PageServer, str]) -> WebKit:
    """The widget in a window that is as narrow as a phone's, with its card open."""
    pages, server = served
    tag = f'<script async src="{server}/vaani/widget.js" data-site="shop" data-variant="compact"></script>'
    inner = pages.add(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>'
        f'<body style="height: 4000px"><a href="#tea">Tea</a><input aria-label="Search">{tag}'
    )
    window.go(
        pages.add(
            f'<!doctype html><html lang="en"><title>Phone</title><body>'
            f'<iframe width="390" height="640" src="{inner}"></iframe>'
        )
    )
    window.until(f"!!{IN_PHONE}?.shadowRoot?.querySelector('[part=button]')")
    window.run(f"{PHONE}.document.querySelector('input').focus()")
    window.run(f"void {IN_PHONE}.open()")
    window.until(f"{CARD}?.getAttribute('aria-modal') === 'true'")
    # what keeps the keyboard inside comes with the further chunk
    fetched = f"{PHONE}.performance.getEntriesByType('resource').map(({{ name }}) => name)"
    window.until(f"{fetched}.some((name) => name.includes('/assets/moreen'))")
    return window


FOCUSED = (
    f"{IN_PHONE}.shadowRoot.activeElement?.getAttribute('aria-label')"
    f" ?? {IN_PHONE}.shadowRoot.activeElement?.textContent ?? 'page'"
)


def test_a_phones_card_holds_the_keyboard(phone: WebKit) -> None:
    further = (
        f"{PHONE}.performance.getEntriesByType('resource').some(({{ name }}) => /assets\\/moreen/.test(name))"
    )
    phone.until(further)
    there = []
    for _ in range(6):
        phone.keys("\ue004")
        there.append(phone.run(FOCUSED))
    assert "page" not in there
    assert len(set(there)) < len(there), "it goes round"
    phone.keys("\ue00c")
    phone.until(f"!{CARD}")
    assert phone.run(f"{PHONE}.document.activeElement.getAttribute('aria-label')") == "Search"


def test_what_lies_over_a_phones_card_can_be_used(phone: WebKit) -> None:
    phone.run(
        f"""(() => {{
      const over = {PHONE}.document.createElement("input");
      over.id = "over";
      over.style = "position: fixed; inset: 100px auto auto 100px; z-index: 2147483647";
      {PHONE}.document.body.append(over);
      over.focus();
    }})()"""
    )
    phone.keys("42")
    assert phone.run(f"{PHONE}.document.getElementById('over').value") == "42"
