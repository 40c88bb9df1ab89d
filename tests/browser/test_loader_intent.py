"""What is taken for the wish to call: all that a call needs is fetched then, and not before."""

from __future__ import annotations

import pytest

from tests.browser.clicking import NEVER, fetched, until_warm
from tests.browser.conftest import Window


@pytest.mark.parametrize("way", ["mouse", "finger", "keyboard", "trigger"])
def test_pointing_fetches_all_side_by_side(window: Window, way: str) -> None:
    window.show("<button data-vaani-call>Ask</button>" + window.tag(site="shop"))
    window.ready()
    target = window.page.get_by_text("Ask") if way == "trigger" else window.launcher
    if way == "keyboard":
        target.focus()
        target.dispatch_event("keydown", {"key": "Enter"})
    elif way == "finger":
        target.dispatch_event("pointerdown", {"pointerType": "touch"})
    else:
        target.hover()
    until_warm(window)
    assert fetched(window) == ["en", "livekit", "panel"]
    assert len(window.asked("/token")) == 1
    assert window.page.evaluate("seen.streams.length") == 0
    # pointing again mints nothing more
    target.dispatch_event("pointerdown")
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve))")
    assert len(window.asked("/token")) == 1


@pytest.mark.parametrize("key", ["Tab", "Shift", "a"])
def test_other_keys_are_no_intent(window: Window, key: str) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    window.launcher.dispatch_event("keydown", {"key": key})
    window.launcher.dispatch_event("pointerover", {"pointerType": "touch"})
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve, 100))")
    assert window.asked("/assets/") == []


def test_passing_over_is_no_intent(window: Window) -> None:
    window.page.clock.install(time=0)
    window.show(window.tag(site="shop"))
    window.ready()
    window.page.clock.pause_at(3_600)
    window.launcher.hover()
    window.page.clock.run_for(70)
    window.page.mouse.move(5, 5)
    window.page.clock.run_for(1000)
    assert window.asked("/assets/") == []
    window.launcher.hover()
    window.page.clock.run_for(90)
    until_warm(window)


@pytest.mark.parametrize(
    "why",
    [
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })",
        "Object.defineProperty(document, 'prerendering', { value: true })",
    ],
)
def test_no_warming_up_where_bytes_cost_or_nobody_looks(window: Window, why: str) -> None:
    window.show(window.tag(site="shop"), head=f"<script>{why}</script>{NEVER}")
    window.ready()
    window.launcher.dispatch_event("pointerdown")
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve, 20))")
    assert window.asked("/assets/") == []
    window.launcher.click()
    until_warm(window)
