"""Each thing that keeps a visitor from calling, in real Chromium: what it says, and the way on from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Response
from playwright.sync_api import Browser, Frame, Page, Playwright, expect

from tests.parts import chromium
from tests.parts.sound_devices import SoundDevices
from tests.parts.watch import until_event

from .conftest import ROOT, Site, serving

FOLDER = Path(__file__).parents[3] / "widget_static/locales"
TEXTS = {
    **json.loads((FOLDER / "en.json").read_text()),
    **json.loads((FOLDER / "more/en.json").read_text()),
}

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"
IN_APPS = {
    "Instagram": "iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Instagram 300.0",
    "LinkedIn": "iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 [LinkedInApp]/9.30",
    "WhatsApp": "Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 WhatsApp/2.24",
}
REFUSED = (
    "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException({message!r}, {name!r}));"
)
COUNTED = """
window.counted = 0;
const list = navigator.mediaDevices.enumerateDevices;
navigator.mediaDevices.enumerateDevices = function () {
  const listed = list.call(this);
  listed.then(() => counted++);
  return listed;
};
"""
OTHER_WAY = "Reach us another way"


def has_ways(site: Site, *names: str) -> None:
    """Waits until these can be pressed below the corner's button, and last what hides the launcher."""
    site.page.wait_for_function(
        """([root, ...names]) => {
          const pressed = [...eval(root).querySelectorAll(".panel button, .panel a")].slice(1);
          const said = pressed.map((one) => one.ariaLabel ?? one.innerText.trim());
          window.offered = said;
          return said.join("|") === names.join("|");
        }""",
        arg=[ROOT, *names, "Hide the call button"],
        timeout=5_000,
    )


def types_on(site: Site) -> None:
    """The way on that needs no microphone leads to a call."""
    site.click("Type instead")
    until_event(site.page, "vaani-call-connected")
    assert site.page.evaluate("room.options.microphone") is None
    expect(site.panel.get_by_role("textbox", name="Write a message")).to_be_visible()


@pytest.mark.parametrize(
    ("agent", "steps"),
    [
        (WINDOWS, ["help_windows_1", "help_system_2", "help_again"]),
        (MAC, ["help_mac_1", "help_mac_2"]),
        (ANDROID, ["help_phone_1", "help_system_2", "help_again"]),
    ],
    ids=["windows", "mac", "phone"],
)
def test_the_system_keeps_the_microphone(
    open_site: Callable[..., Site], agent: str, steps: list[str]
) -> None:
    site = open_site(user_agent=agent)
    site.page.add_init_script(REFUSED.format(message="Permission denied by system", name="NotAllowedError"))
    site.show(fallback_url="tel:+49123")
    site.call(wait=False)
    wanted = [TEXTS[step].replace("{retry}", "Try again") for step in steps]
    expect(site.failure.get_by_role("listitem")).to_have_text(wanted)
    expect(site.failure.locator("svg.picture-help")).to_be_visible()
    has_ways(site, "Close", "Try again", "Type instead", OTHER_WAY)
    types_on(site)


def test_another_program_has_the_microphone(site: Site) -> None:
    site.page.add_init_script(REFUSED.format(message="Could not start audio source", name="NotReadableError"))
    site.show(fallback_url="mailto:tea@shop.test")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["mic_busy_help"])
    expect(site.failure.locator("svg.picture-help")).to_be_visible()
    has_ways(site, "Close", "Try again", "Type instead", OTHER_WAY)
    link = site.panel.get_by_role("link", name=OTHER_WAY)
    assert link.get_attribute("href") == "mailto:tea@shop.test"
    types_on(site)


def test_a_microphone_that_is_plugged_in_then_is_noticed(
    open_site: Callable[..., Site], playwright: Playwright
) -> None:
    with SoundDevices() as devices:
        browser = devices.browser(playwright)
        try:
            site = open_site(browser=browser)
            site.page.add_init_script(COUNTED)
            site.show()
            site.call(wait=False)
            expect(site.failure).to_contain_text(TEXTS["mic_missing_help"])
            assert until_event(site.page, "vaani-error")["code"] == "mic_missing"
            has_ways(site, "Close", "Try again", "Type instead")
            # the panel counts, once it is drawn, what is there
            site.page.wait_for_function("counted > 0")
            devices.plug_in("Headset")
            expect(site.failure).to_contain_text(TEXTS["help_there"])
            site.click("Try again")
            until_event(site.page, "vaani-call-connected")
            assert site.page.evaluate("room.options.microphone.readyState") == "live"
            site.page.context.close()
        finally:
            browser.close()


def test_a_page_without_the_microphone_leads_to_writing(site: Site) -> None:
    site.show(headers={"Permissions-Policy": "microphone=()"})
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["policy_help"])
    # it would be refused again
    has_ways(site, "Close", "Type instead")
    types_on(site)


def framed(site: Site, allow: str = "") -> Frame:
    """The shop's page inside a page of another origin."""
    site.show()
    inner = site.page.url
    outer = site.pages.add(
        f'<!doctype html><title>News</title><iframe src="{inner}" {allow} width=600 height=700>'
    )
    site.page.goto(outer.replace("127.0.0.1", "localhost"))
    frame = site.page.frame(url=inner)
    assert frame
    frame.wait_for_function("seen.events.some(({ name }) => name === 'vaani-ready')")
    frame.get_by_role("button", name="Talk to agent").click()
    return frame


def test_a_frame_without_the_microphone_opens_by_itself(site: Site) -> None:
    frame = framed(site)
    panel = frame.get_by_role("dialog")
    expect(panel.get_by_role("alert")).to_contain_text(TEXTS["frame_help"])
    expect(panel.get_by_role("button", name="Try again")).to_have_count(0)
    expect(panel.get_by_role("button", name="Type instead")).to_be_visible()
    with site.page.context.expect_page() as opened:
        panel.get_by_role("link", name=TEXTS["open_window"]).click()
    alone: Page = opened.value
    until_event(alone, "vaani-ready")
    assert alone.url == frame.url
    alone.get_by_role("button", name="Talk to agent").click()
    until_event(alone, "vaani-call-connected")


def test_a_frame_with_the_microphone_calls(site: Site) -> None:
    frame = framed(site, allow='allow="microphone; autoplay"')
    frame.wait_for_function("seen.events.some(({ name }) => name === 'vaani-call-connected')")


@pytest.mark.parametrize("app", IN_APPS)
def test_an_app_leads_out_of_itself(open_site: Callable[..., Site], app: str) -> None:
    site = open_site(user_agent=f"Mozilla/5.0 ({IN_APPS[app]}")
    site.page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text("Open in browser")
    expect(site.failure).to_contain_text(site.page.url)
    has_ways(site, "Copy link", "Close", "Type instead")
    types_on(site)


def test_an_old_browser_is_shown_another(site: Site) -> None:
    site.page.add_init_script("delete window.RTCPeerConnection;")
    site.show(fallback_url="https://shop.test/contact")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["unsupported_help"])
    # nothing that needs a connection is offered
    has_ways(site, "Copy link", "Close", OTHER_WAY)
    site.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    site.click("Copy link")
    expect(site.panel.get_by_text("Copied").first).to_be_visible()
    assert site.page.evaluate("navigator.clipboard.readText()") == site.page.url


@pytest.fixture(scope="module")
def elsewhere(playwright: Playwright) -> Iterator[Browser]:
    """A browser that finds the shop at a name, so that its page is not on this machine and not secure."""
    browser = playwright.chromium.launch(
        executable_path=chromium.executable(),
        args=[*chromium.arguments(), "--host-resolver-rules=MAP shop.test 127.0.0.1"],
    )
    yield browser
    browser.close()


def test_a_plain_page_leads_to_the_secure_one_or_to_writing(
    open_site: Callable[..., Site], elsewhere: Browser
) -> None:
    with serving(origins=["self"]) as (_, app, server):
        tag = '<script src="/vaani/widget.js" data-site="shop" data-variant="compact"></script>'
        app.add_url_rule("/tea", view_func=lambda: Response(f"<!doctype html><title>Shop</title>{tag}"))
        site = open_site(browser=elsewhere)
        site.page.goto(server.replace("127.0.0.1", "shop.test") + "/tea?leaf=1")
        until_event(site.page, "vaani-ready")
        assert not site.page.evaluate("isSecureContext")
        site.call(wait=False)
        expect(site.failure).to_contain_text(TEXTS["insecure_context_help"])
        link = site.panel.get_by_role("link", name=TEXTS["open_secure"])
        assert link.get_attribute("href") == site.page.url.replace("http:", "https:")
        has_ways(site, TEXTS["open_secure"], "Close", "Type instead")
        site.click("Type instead")
        until_event(site.page, "vaani-call-start")
        # this page's own server knows no Vaani; that it was asked is enough
        site.page.wait_for_function("seen.events.some(({ name }) => /connected|end/.test(name))")
        assert site.started()


def test_a_file_leads_to_the_website(site: Site, tmp_path: Path) -> None:
    page = tmp_path / "saved.html"
    look = 'data-variant="compact" data-fallback-url="https://shop.test/"'
    tag = f'<script src="{site.server}/vaani/widget.js" data-site="shop" {look}></script>'
    page.write_text(f"<!doctype html><title>Shop</title>{tag}")
    site.page.goto(page.as_uri())
    until_event(site.page, "vaani-ready")
    site.call(wait=False)
    expect(site.failure).to_contain_text(TEXTS["file_help"])
    has_ways(site, "Close", OTHER_WAY)
    assert until_event(site.page, "vaani-error")["code"] == "insecure_context"
