"""How a failure is mended, for the browser at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.parts.watch import until_event

from .conftest import Site

FOLDER = Path(__file__).parents[3] / "widget_static/locales/more"
LOCALES = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}

CHROMIUM = "AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
WEBKIT = "AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
AGENTS = {
    "help_chrome_1": f"Mozilla/5.0 (X11; Linux x86_64) {CHROMIUM}",
    "help_android_1": f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROMIUM}",
    "help_safari_1": f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}",
    "help_ios_1": f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {WEBKIT}",
    "help_firefox_1": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
INSTAGRAM = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Instagram 300.0"


@pytest.mark.parametrize("language", sorted(set(LOCALES) - {"en"}))
def test_a_language_is_complete(language: str) -> None:
    english, texts = LOCALES["en"], LOCALES[language]
    assert sorted(texts) == sorted(english)
    for key, text in texts.items():
        assert text.strip(), key
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[key]), key
        assert text != english[key], key


@pytest.mark.parametrize("key", AGENTS)
def test_a_denied_microphone_is_allowed_as_this_browser_has_it(
    open_site: Callable[..., Site], key: str
) -> None:
    site = open_site(microphone=False, user_agent=AGENTS[key])
    site.show()
    site.call(wait=False)
    expect(site.failure.get_by_role("listitem").first).to_have_text(LOCALES["en"][key])
    expect(site.failure.get_by_role("listitem").last).to_contain_text("Try again")
    expect(site.failure.locator("p")).to_have_count(0)
    assert site.started() == []


@pytest.mark.parametrize("answer", ["NotAllowedError", None])
def test_inside_an_app_the_way_leads_out_of_it(open_site: Callable[..., Site], answer: str | None) -> None:
    site = open_site(user_agent=INSTAGRAM)
    refused = f"getUserMedia = () => Promise.reject(new DOMException('', '{answer}'))"
    missing = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    site.page.add_init_script(f"navigator.mediaDevices.{refused}" if answer else missing)
    site.show()
    site.call(wait=False)
    expect(site.failure).to_contain_text("Open in browser")
    expect(site.failure).to_contain_text(site.page.url)
    expect(site.failure.get_by_role("button", name="Copy link")).to_be_visible()


def test_a_microphone_that_is_allowed_meanwhile_is_noticed(open_site: Callable[..., Site]) -> None:
    site = open_site(microphone=False)
    site.show()
    site.call(wait=False)
    expect(site.failure.get_by_role("listitem").first).to_be_visible()
    site.page.context.grant_permissions(["microphone"])
    expect(site.failure).to_contain_text("The microphone is allowed now")
    site.click("Try again")
    until_event(site.page, "vaani-call-connected")
