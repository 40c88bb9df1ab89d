"""Microphone and speaker, on real devices that are plugged in and pulled out. Only the room is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.parts import voice
from tests.parts.pages import PageServer
from tests.parts.sound_devices import SoundDevices
from tests.parts.watch import WATCH, events
from vaani_widget.testing import install

from .conftest import ROOT, Site

PATIENCE = 60_000
"""Milliseconds: a browser looks for devices in its own time."""

ROOM = """
export async function join({ microphone: track, audio, audioContext, on }) {
  const microphone = {
    mediaStreamTrack: track,
    isMuted: false,
    async setDeviceId(deviceId) {
      room.asked.push(deviceId);
      microphone.mediaStreamTrack.stop();
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId } });
      [microphone.mediaStreamTrack] = stream.getAudioTracks();
      return true;
    },
    async restartTrack() { await microphone.setDeviceId(undefined); },
  };
  globalThis.room = { options: { on }, microphone, asked: [], audio, audioContext };
  return {
    microphone,
    mute: async (muted) => { microphone.isMuted = muted; on.muted(muted); },
    levels: () => ({ visitor: 0.5, agent: 0 }),
    sendText: async () => {},
    playSound: async () => { await audioContext.resume(); },
    registerTool: () => {},
    leave: async () => { microphone.mediaStreamTrack.stop(); },
  };
}
"""


@pytest.fixture(scope="module")
def devices() -> Iterator[SoundDevices]:
    with SoundDevices() as devices:
        devices.plug_in("Desk")
        devices.plug_in("Studio")
        yield devices


@pytest.fixture(scope="module")
def browser_with_devices(playwright: Playwright, devices: SoundDevices) -> Iterator[Browser]:
    browser = devices.browser(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voice") / "speech.wav"
    voice.record("Hello, can you hear me now?", path, lead_seconds=0.0, tail_seconds=0.5)
    return path


@pytest.fixture
def context(browser_with_devices: Browser) -> Iterator[BrowserContext]:
    context = browser_with_devices.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(WATCH)
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
    context.route("**/assets/livekit-*.js*", lambda route: route.fulfill(headers=headers, body=ROOM))
    yield context
    context.close()


@pytest.fixture
def open_page(
    context: BrowserContext, shop: tuple[PageServer, Flask, str], tmp_path: Path
) -> Callable[[], Site]:
    pages, app, server = shop
    vaani = install(app, tmp_path)
    return lambda: Site(context.new_page(), pages, server, vaani)


@pytest.fixture
def site(open_page: Callable[[], Site]) -> Site:
    return open_page()


def until_used(page: Page, label: str) -> None:
    track = "room.microphone.mediaStreamTrack"
    page.wait_for_function(
        f"label => {track}.label === label && {track}.readyState === 'live'", arg=label, timeout=PATIENCE
    )


def noticed(page: Page) -> None:
    """Chromium learns from udev that hardware has come or gone; devices of software are not told of there."""
    page.evaluate("() => { navigator.mediaDevices.dispatchEvent(new Event('devicechange')); }")


def choose(site: Site, kind: str, label: str) -> None:
    button = site.panel.get_by_role("button", name="Microphone and speaker")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    site.panel.get_by_label(kind, exact=True).select_option(label=label)


def test_a_choice_is_taken_kept_and_taken_again(open_page: Callable[[], Site]) -> None:
    site = open_page()
    site.show()
    site.call()
    choose(site, "Microphone", "Studio")
    until_used(site.page, "Studio")
    choose(site, "Speaker", "Loudspeaker")
    site.page.wait_for_function("room.audio.sinkId !== ''")
    assert events(site.page, "vaani-call-end") == []
    site.click("End call")

    later = open_page()
    later.show()
    later.call()
    until_used(later.page, "Studio")
    later.page.wait_for_function("room.audio.sinkId !== ''")
    choose(later, "Microphone", "Default")
    until_used(later.page, "Default")
    assert "audioinput" not in later.page.evaluate("localStorage.getItem('vaani_devices')")


def test_a_headset_is_taken_up_unless_the_visitor_has_chosen(site: Site, devices: SoundDevices) -> None:
    site.show()
    site.call()
    expect(site.panel.get_by_role("button", name="Microphone and speaker")).to_be_visible()
    devices.plug_in("Headset")
    try:
        noticed(site.page)
        until_used(site.page, "Headset")
        expect(site.panel).to_contain_text("Now using Headset")
        choose(site, "Microphone", "Desk")
        until_used(site.page, "Desk")
        choose(site, "Microphone", "Headset")
        until_used(site.page, "Headset")
    finally:
        devices.pull_out("Headset")
    noticed(site.page)
    site.page.wait_for_function("room.microphone.mediaStreamTrack.label !== 'Headset'")
    assert events(site.page, "vaani-call-end") == []


def test_what_is_silent_is_said_and_taken_back_when_sound_comes(
    site: Site, devices: SoundDevices, speech: Path
) -> None:
    site.show()
    site.call()
    notice = site.panel.get_by_text("We can’t hear you")
    expect(notice).to_be_visible(timeout=PATIENCE)
    site.click("Choose the microphone")
    expect(site.panel.get_by_label("Microphone", exact=True)).to_be_visible()
    devices.play_into("Desk", speech)
    expect(notice).to_have_count(0, timeout=PATIENCE)


def test_the_bar_leads_to_the_choice(site: Site) -> None:
    site.show(variant="button")
    site.call()
    bar = site.page.get_by_role("group", name="Call with")
    expect(bar.get_by_role("button", name="Mute")).to_be_visible()
    choice = bar.get_by_role("button", name="Choose the microphone")
    # it listens for some seconds
    expect(choice).to_have_attribute("aria-expanded", "false", timeout=PATIENCE)
    choice.click()
    expect(site.panel.get_by_label("Microphone", exact=True)).to_be_visible()
    expect(site.panel.get_by_role("button", name="Choose the microphone")).to_have_attribute(
        "aria-expanded", "true"
    )
    choose(site, "Microphone", "Studio")
    until_used(site.page, "Studio")


def test_escape_closes_the_choice_first(site: Site) -> None:
    site.show()
    site.call()
    button = site.panel.get_by_role("button", name="Microphone and speaker")
    button.click()
    site.panel.get_by_label("Microphone", exact=True).focus()
    site.page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(button).to_be_focused()
    expect(site.panel).to_be_visible()
    assert site.page.evaluate(f"{ROOT}.querySelector('.devices').hidden")
