"""The sound of a call on real devices that come and go, in real rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.calls.conftest import Shop, call, hang_up, until_the_visitor_is_heard, visit
from tests.parts.sound_devices import SoundDevices
from tests.parts.watch import events

IN_USE = "seen.streams.at(-1).getAudioTracks()[0]"


@pytest.fixture(scope="module")
def devices() -> Iterator[SoundDevices]:
    with SoundDevices() as devices:
        devices.plug_in("Desk")
        yield devices


@pytest.fixture(scope="module")
def browser_with_devices(playwright: Playwright, devices: SoundDevices) -> Iterator[Browser]:
    browser = devices.browser(playwright)
    yield browser
    browser.close()


@pytest.fixture
def visitor(browser_with_devices: Browser) -> Iterator[Page]:
    with visit(browser_with_devices) as page:
        yield page


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog")


def noticed(page: Page) -> None:
    """Chromium learns from udev that hardware has come or gone; devices of software are not told of there."""
    page.evaluate("() => { navigator.mediaDevices.dispatchEvent(new Event('devicechange')); }")


def until_in_use(page: Page, name: str) -> None:
    """Waits until the sent track is this device's, and live."""
    page.wait_for_function(
        f"name => {IN_USE}.label === name && {IN_USE}.readyState === 'live'", arg=name, timeout=60_000
    )


def test_a_headset_is_taken_up_and_its_going_survived(
    shop: Shop, visitor: Page, devices: SoundDevices, question: Path
) -> None:
    call(shop, visitor)
    expect(panel(visitor).get_by_role("button", name="Call settings")).to_be_visible()
    devices.plug_in("Headset")
    noticed(visitor)
    until_in_use(visitor, "Headset")
    expect(panel(visitor)).to_contain_text("Now using Headset")
    assert visitor.evaluate(f"{IN_USE}.getSettings().echoCancellation")
    assert visitor.evaluate(f"{IN_USE}.getSettings().noiseSuppression")
    devices.play_into("Headset", question)
    until_the_visitor_is_heard(visitor, 0.001)

    devices.pull_out("Headset")
    noticed(visitor)
    visitor.wait_for_function(
        f"{IN_USE}.label !== 'Headset' && {IN_USE}.readyState === 'live'", timeout=60_000
    )
    devices.play_into("Desk", question)
    until_the_visitor_is_heard(visitor, 0.001)
    assert events(visitor, "vaani-call-end") == []
    hang_up(visitor)
