"""The words: complete in every language, and the owner's own before ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import ROOT, Site

SOURCES = Path(__file__).parents[3] / "widget_static"
LOCALES = {path.stem: json.loads(path.read_text()) for path in (SOURCES / "locales").glob("*.json")}
OTHERS = sorted(set(LOCALES) - {"en"})


def test_the_languages() -> None:
    assert sorted(LOCALES) == ["bn", "en", "es", "hi", "ta", "ur"]


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_is_complete(language: str) -> None:
    english, texts = LOCALES["en"], LOCALES[language]
    assert list(texts) == list(english)
    for key, text in texts.items():
        assert text.strip(), key
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[key]), key
        assert text != english[key], key
        assert "..." not in text, key


def test_every_text_is_used_and_every_used_one_is_there() -> None:
    english = {**LOCALES["en"], **json.loads((SOURCES / "locales/more/en.json").read_text())}
    files = [path for part in ("panel", "more") for path in sorted((SOURCES / "src" / part).glob("*.ts*"))]
    code = "\n".join(path.read_text() for path in files)
    made = {"state_", "end_", "_help"}  # put together in the code
    for key in english:
        assert f'"{key}"' in code or f" {key}:" in code or any(part in key for part in made), key
    for key in re.findall(r'\btext\("(\w+)"', code):
        assert key in english, key
    states = re.search(r"type State =(.*?);", (SOURCES / "src/types.ts").read_text(), re.DOTALL)
    reasons = re.search(r"type EndReason =(.*?);", (SOURCES / "src/types.ts").read_text(), re.DOTALL)
    assert states
    assert reasons
    for state in re.findall(r'"(\w+)"', states[1]):
        assert f"state_{state}" in english
    for reason in re.findall(r'"(\w+)"', reasons[1]):
        assert f"end_{reason}" in english


@pytest.mark.parametrize("language", OTHERS)
def test_the_panel_speaks_it(site: Site, language: str) -> None:
    site.show(locale=language)
    site.page.locator("vaani-widget").get_by_role("button").click()
    texts = LOCALES[language]
    expect(site.panel).to_contain_text(texts["ai_notice"])
    expect(site.panel).to_have_attribute("lang", language)
    expect(site.panel).to_have_attribute("dir", "rtl" if language == "ur" else "ltr")
    expect(site.panel.get_by_role("button", name=texts["end"], exact=True)).to_be_visible()
    fetched = [request.url for request in site.requests if re.search(r"/assets/[a-z]{2}-", request.url)]
    assert fetched
    assert {url.rpartition("/")[2][:3] for url in fetched} == {f"{language}-"}


def test_right_to_left_is_mirrored(site: Site) -> None:
    # short enough for both to stand side by side, whatever fonts there are
    site.show(locale="ur", texts=json.dumps({"ur": {"end": "بس", "mute": "چپ"}}))
    site.page.locator("vaani-widget").get_by_role("button").click()
    end = site.panel.get_by_role("button", name="بس")
    mute = site.panel.get_by_role("button", name="چپ")
    small = site.panel.get_by_role("button", name=LOCALES["ur"]["minimize"])
    boxes = [locator.bounding_box() for locator in (end, mute, small, site.panel)]
    assert all(boxes)
    end_box, mute_box, small_box, panel_box = (box["x"] if box else 0.0 for box in boxes)
    assert end_box < mute_box
    assert small_box - panel_box < 30


def test_the_owner_s_words_win(site: Site) -> None:
    texts = {
        "en": {"ai_notice": "Priya is a computer", "end": "Bye", "title": "Priya <b>"},
        "hi": {"end": "x"},
    }
    site.show(texts=json.dumps(texts))
    site.call()
    expect(site.panel).to_contain_text("Priya is a computer")
    expect(site.panel.get_by_role("heading")).to_have_text("Priya <b>")
    expect(site.panel.get_by_role("button", name="Bye")).to_be_visible()
    expect(site.panel.get_by_role("button", name="Mute")).to_be_visible()


@pytest.mark.parametrize(
    ("lang", "texts", "end", "tag", "direction"),
    [
        (
            "pt-PT",
            {"pt-PT": {"end": "Terminar"}, "pt": {"end": "x", "mute": "Calar"}},
            "Terminar",
            "pt-pt",
            "ltr",
        ),
        ("EN-gb", {"EN": {"end": "Ring off"}}, "Ring off", "en", "ltr"),
        ("he", {"he": {"end": "נתק"}}, "נתק", "he", "rtl"),
        ("ar-EG", {"ar": {"end": "إنهاء"}}, "إنهاء", "ar", "rtl"),
        ("pa-Arab-PK", {"pa-Arab": {"end": "ختم"}}, "ختم", "pa-arab", "rtl"),
        # as the site has them, which is told with the token
        ("pt-BR", {}, "Desligar", "pt-br", "ltr"),
        ("fa-IR", {}, "پایان", "fa-ir", "rtl"),
        # no language that anybody knows
        ("x_y", {"x_y": {"end": "Zap"}}, "Zap", "x_y", "ltr"),
    ],
)
def test_the_owner_s_words_for_a_region_a_script_and_right_to_left(
    site: Site, lang: str, texts: dict[str, dict[str, str]], end: str, tag: str, direction: str
) -> None:
    written = json.dumps(texts)
    element = f"<vaani-widget site=shop variant=compact texts='{written}'></vaani-widget>"
    site.show(f"<div lang={lang}>{element}</div>")
    site.page.locator("vaani-widget").get_by_role("button").click()
    expect(site.panel.get_by_role("button", name=end)).to_be_visible()
    expect(site.panel).to_have_attribute("lang", tag)
    expect(site.panel).to_have_attribute("dir", direction)
    if "pt" in texts:
        expect(site.panel.get_by_role("button", name="Calar")).to_be_visible()


def test_waiting_in_a_language_that_nobody_knows(site: Site) -> None:
    site.answer((429, {"code": "rate_limited", "retry_after": 30, "spent": "no"}))
    site.show(locale="x_y", texts=json.dumps({"x_y": {"rate_limited": "Zap"}}))
    site.page.locator("vaani-widget").get_by_role("button").click()
    expect(site.failure).to_contain_text("Zap")


def test_a_language_of_the_owner_s_own(site: Site) -> None:
    site.show(locale="fr", texts=json.dumps({"fr": {"end": "Raccrocher"}}))
    site.page.locator("vaani-widget").get_by_role("button").click()
    expect(site.panel.get_by_role("button", name="Raccrocher")).to_be_visible()
    expect(site.panel.get_by_role("button", name="Mute")).to_be_visible()


WRONG = {
    "a number": '{"en": 5}',
    "a text for a language": '{"en": "start"}',
    "objects": '{"en": {"start": {}, "title": {}, "ai_notice": [], "dialog": 7, "label": {}, "close": true}}',
    "nothing": '{"en": {"start": null, "ai_notice": null}}',
    "a text": '"en"',
    "words": "start",
    "a list": '[{"en": {"start": "x"}}]',
    "null": "null",
}


@pytest.mark.parametrize("texts", WRONG.values(), ids=WRONG.keys())
def test_texts_of_a_wrong_type_leave_ours(site: Site, texts: str) -> None:
    site.show(texts=texts, label="Talk to agent")
    site.page.evaluate("() => void VaaniWidget('open')")
    ours_stand(site)


FUNCTIONS = {
    "a function": "() => {}",
    "a class": "class {}",
    "functions as words": "{ en: { start() {}, title: () => {}, close: { toString() {} } } }",
    "a function for a language": "{ en: () => {} }",
    "a symbol": "Symbol('x')",
    "a set": "new Set(['x'])",
}


@pytest.mark.parametrize("texts", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_functions_as_texts_leave_ours(site: Site, texts: str) -> None:
    site.show()
    site.page.evaluate(f"() => {{ document.querySelector('vaani-widget').texts = {texts}; }}")
    site.page.evaluate("() => void VaaniWidget('open')")
    ours_stand(site)


def test_braces_that_mean_nothing_stay_as_they_are(site: Site) -> None:
    site.show(
        texts=json.dumps({"en": {"start": "Go {constructor} {toString}", "dialog": "{name} {valueOf}"}})
    )
    site.page.evaluate("() => void VaaniWidget('open')")
    expect(site.panel.get_by_role("button", name="Go {constructor}")).to_be_visible()
    expect(site.panel).to_have_attribute("aria-label", "Voice assistant {valueOf}")


def ours_stand(site: Site) -> None:
    """The words of a card and a call are ours, and so are the names of what has none."""
    expect(site.panel.get_by_role("button", name="Start call")).to_be_visible()
    expect(site.panel).to_contain_text(LOCALES["en"]["ai_notice"])
    expect(site.panel).to_have_attribute("aria-label", re.compile("^Call with (Voice assistant|Tea Shop)$"))
    expect(site.panel.get_by_role("button", name="Close")).to_be_visible()
    site.panel.get_by_role("button", name="Start call").click()
    expect(site.panel.get_by_role("button", name="End call")).to_be_visible()
    html = site.page.evaluate(f"{ROOT}.querySelector('.panel').outerHTML")
    assert not re.search(r"\[object|native code|=&gt;|undefined|NaN|\[\]|>null<", html)
