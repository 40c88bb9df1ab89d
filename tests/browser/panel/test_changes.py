"""What the page changes of the look while the panel is up is seen at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import Site

DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
DARK = "rgb(27, 29, 34)"


@pytest.fixture
def calling(site: Site) -> Site:
    """In a call, in which something has been said."""
    site.show(texts=json.dumps({"en": {"end": "Bye"}}))
    site.call()
    site.say("agent", "Hello there")
    expect(site.panel).to_contain_text("Hello there")
    return site


def change(site: Site, **properties: Any) -> None:
    site.page.evaluate(
        "properties => Object.assign(document.querySelector('vaani-widget'), properties)", properties
    )


def test_avatar(calling: Site) -> None:
    picture = calling.panel.locator("img")
    expect(picture).to_have_count(0)
    change(calling, avatar=DOT)
    expect(picture).to_have_attribute("src", DOT)
    change(calling, avatar="data:,broken")
    expect(picture).to_have_count(0)
    change(calling, avatar=DOT)
    expect(picture).to_have_attribute("src", DOT)
    calling.click("Make small, keep the call")
    expect(calling.page.locator("vaani-widget img")).to_be_visible()
    change(calling, avatar=None)
    expect(calling.page.locator("vaani-widget img")).to_have_count(0)


def test_transcript(calling: Site) -> None:
    change(calling, transcript=False)
    expect(calling.panel).not_to_contain_text("Hello there")
    change(calling, transcript=None)
    expect(calling.panel).to_contain_text("Hello there")


def test_texts(calling: Site) -> None:
    end = calling.panel.get_by_role("button", name="Bye")
    expect(end).to_be_visible()
    change(calling, texts={"en": {"end": "So long", "title": "Priya", "you": "Me"}})
    expect(calling.panel.get_by_role("button", name="So long")).to_be_visible()
    expect(end).to_have_count(0)
    expect(calling.panel.get_by_role("heading")).to_have_text("Priya")
    expect(calling.panel.get_by_role("log")).to_contain_text("Priya: Hello there")
    calling.click("Make small, keep the call")
    change(calling, texts={"en": {"end": "Ta-ta"}})
    expect(calling.page.get_by_role("button", name="Ta-ta")).to_be_visible()


def test_locale(calling: Site) -> None:
    change(calling, locale="ur")
    expect(calling.panel).to_have_attribute("lang", "ur")
    expect(calling.panel).to_have_attribute("dir", "rtl")
    expect(calling.panel.get_by_role("button", name="خاموش کریں")).to_be_visible()
    # What comes first does not win over what was chosen last.
    change(calling, locale="hi")
    change(calling, locale="en")
    expect(calling.panel.get_by_role("button", name="Bye")).to_be_visible()
    expect(calling.panel.get_by_role("button", name="Mute")).to_be_visible()


def test_theme_and_accent(calling: Site) -> None:
    expect(calling.panel).not_to_have_css("background-color", DARK)
    change(calling, theme="dark")
    expect(calling.panel).to_have_css("background-color", DARK)
    calling.click("Bye")
    again = calling.panel.get_by_role("button", name="Call again")
    change(calling, accentColor="#ffd400")
    expect(again).to_have_css("background-color", "rgb(255, 212, 0)")
    expect(again).to_have_css("color", "rgb(0, 0, 0)")


def test_way_out(site: Site) -> None:
    site.answer((503, {"code": "upstream_balance", "spent": "no"}))
    site.show()
    site.call(wait=False)
    expect(site.failure).to_be_visible()
    link = site.panel.get_by_role("link")
    expect(link).to_have_count(0)
    change(site, fallbackUrl="tel:+911234567890")
    expect(link).to_have_attribute("href", "tel:+911234567890")
    change(site, fallbackUrl="/contact")
    expect(link).to_have_attribute("href", f"{site.pages.origin}/contact")


def test_panel_that_was_closed_fetches_no_language(site: Site) -> None:
    site.show()
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(site.panel).to_be_visible()
    site.panel.get_by_role("button", name="Close").first.click()
    change(site, locale="hi")
    expect(site.page.get_by_role("button", name="एजेंट से बात करें")).to_be_visible()
    assert [request.url for request in site.requests if "/assets/hi-" in request.url] == []
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    expect(site.panel).to_have_attribute("lang", "hi")


@pytest.mark.parametrize(("content", "system"), [("dark", "light"), ("only light", "dark")])
def test_theme_of_the_pages_head(open_site: Callable[..., Site], content: str, system: str) -> None:
    site = open_site(color_scheme=system)
    site.show(f'<meta name="color-scheme" content="{content}">')
    site.call()
    expected = DARK if content == "dark" else "rgb(255, 255, 255)"
    expect(site.panel).to_have_css("background-color", expected)
