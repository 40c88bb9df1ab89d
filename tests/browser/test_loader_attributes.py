"""Attributes, properties, the site's look, languages: what the button looks like and says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from docs.tables import attributes
from tests.browser.conftest import Window

TABLE = list(attributes())
VALUES: dict[str, tuple[Any, str]] = {
    "text": ("words", "words"),
    "number": (0.7, "0.7"),
    "JSON": ({"a": {"b": 1}}, '{"a":{"b":1}}'),
    "on or off": (True, "true"),
}
"""By type: a property's value, and the attribute that goes with it."""


def camel(name: str) -> str:
    head, *rest = name.split("-")
    return head + "".join(part.capitalize() for part in rest)


def test_table_is_what_the_element_observes(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    observed = window.page.evaluate("customElements.get('vaani-widget').observedAttributes")
    assert sorted(observed) == sorted(name for name, _, _ in TABLE)
    assert len(observed) == 29


def test_every_attribute_has_a_property(window: Window) -> None:
    written = {name: VALUES[kind][1] for name, kind, _ in TABLE}
    window.show(window.tag(**written))
    window.ready()
    both = "(widget, name) => [widget[name[0]], widget.getAttribute(name[1])]"
    for name, kind, _ in TABLE:
        value, text = VALUES[kind]
        names = [camel(name), name]
        assert window.element(both, names) == [value, text], name
        window.element("(widget, name) => { widget[name[0]] = null; }", names)
        assert window.element(both, names) == [None, None], name
        window.element("(widget, given) => { widget[given[0]] = given[1]; }", [camel(name), value])
        assert window.element(both, names) == [value, text], name


def test_properties_set_before_the_script_has_come(window: Window) -> None:
    window.show("<vaani-widget></vaani-widget>")
    early = {camel(name): VALUES[kind][0] for name, kind, _ in TABLE}
    window.element("(widget, early) => Object.assign(widget, early)", early)
    window.page.add_script_tag(url=f"{window.server}/vaani/widget.js")
    for name, kind, _ in TABLE:
        value, text = VALUES[kind]
        assert window.page.locator("vaani-widget").get_attribute(name) == text, name
        assert window.element("(widget, name) => widget[name]", camel(name)) == value, name
        assert not window.element("(widget, name) => Object.hasOwn(widget, name)", camel(name)), name


@pytest.mark.parametrize(
    ("attribute", "value"),
    [(None, None), ("", True), ("true", True), ("false", False), ("yes", "yes")],
)
def test_on_or_off(window: Window, attribute: str | None, value: object) -> None:
    window.show(window.tag(site="shop", **({} if attribute is None else {"bg_noise_enabled": attribute})))
    window.ready()
    assert window.element("widget => widget.bgNoiseEnabled") == value


def test_what_is_no_number_or_json_is_left_for_the_server_to_refuse(window: Window) -> None:
    window.show(window.tag(site="shop", voice_speed="fast", metadata="{oops", bg_noise_volume=""))
    window.ready()
    read = "widget => [widget.voiceSpeed, widget.metadata, widget.bgNoiseVolume]"
    assert window.element(read) == ["fast", "{oops", None]


def test_call_settings_by_the_names_of_the_api(window: Window) -> None:
    window.show(
        window.tag(
            site="shop",
            primary_language="ta",
            voice_speed="1.2",
            welcome_interruptible="false",
            bg_noise_enabled="",
            label="Not a call setting",
        )
    )
    window.ready()
    window.page.evaluate("document.querySelector('vaani-widget').open()")
    window.page.wait_for_function("document.querySelector('vaani-widget').callSettings")
    assert window.element("widget => ({ ...widget.callSettings })") == {
        "primary_language": "ta",
        "voice_speed": 1.2,
        "welcome_interruptible": False,
        "bg_noise_enabled": True,
    }


CORNERS = {
    "bottom-right": ("right", "bottom"),
    "bottom-left": ("left", "bottom"),
    "top-right": ("right", "top"),
    "top-left": ("left", "top"),
}


@pytest.mark.parametrize("position", CORNERS)
def test_corner_and_offsets_at_once(window: Window, position: str) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    distances = """widget => {
      const { left, right, top, bottom } = widget.shadowRoot.querySelector('button').getBoundingClientRect();
      const { clientWidth, clientHeight } = document.documentElement;
      return { left, top, right: clientWidth - right, bottom: innerHeight - bottom };
    }"""
    window.element("(widget, position) => { widget.position = position; }", position)
    at = window.element(distances)
    assert [round(at[side]) for side in CORNERS[position]] == [20, 20]
    window.element("widget => { widget.offsetX = 5; widget.offsetY = 44; }")
    at = window.element(distances)
    assert [round(at[side]) for side in CORNERS[position]] == [5, 44]
    # as people write it, and what is no such length
    for x, y, seen in [("30px", "much", [30, 20]), ("12.5", "2rem", [12.5, 20]), ("5%", "8px", [20, 8])]:
        window.element("(widget, [x, y]) => { widget.offsetX = x; widget.offsetY = y; }", [x, y])
        at = window.element(distances)
        assert [at[side] for side in CORNERS[position]] == pytest.approx(seen, abs=0.1)


def test_inline_stands_where_it_is_written(window: Window) -> None:
    window.show(
        "<p>Before<p><vaani-widget site=shop position=inline></vaani-widget><p>After"
        + window.tag(site="shop")
    )
    window.ready()
    tops = window.page.evaluate("""() => {
      const top = element => element.getBoundingClientRect().top;
      const [before, holder, after] = document.querySelectorAll('p');
      const { shadowRoot } = document.querySelector('vaani-widget');
      return [before, shadowRoot.querySelector('button'), after].map(top);
    }""")
    assert tops == sorted(tops)


def test_layer(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    layer = "widget => getComputedStyle(widget.shadowRoot.firstElementChild).zIndex"
    assert window.element(layer) == "2147483000"
    window.element("widget => { widget.zIndex = 12; }")
    assert window.element(layer) == "12"


def test_variants(window: Window) -> None:
    window.show(window.tag(site="shop"))
    box = window.launcher.bounding_box()
    window.element("widget => { widget.variant = 'compact'; }")
    round_ = window.launcher.bounding_box()
    assert box
    assert round_
    assert round_["width"] == pytest.approx(round_["height"], abs=1)
    assert round_["width"] < box["width"]
    assert window.page.get_by_role("button", name="Talk to agent").is_visible()
    window.element("widget => { widget.variant = 'none'; }")
    expect(window.launcher).to_be_hidden()


def luminance(color: str) -> float:
    """WCAG's relative luminance of ``rgb(r, g, b)``."""
    channels = [int(part) / 255 for part in color[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


ACCENTS = [
    "#0b5fff",
    "#ffd400",
    "#d00",
    "#2f55e8",
    "rgb(22, 163, 74)",
    "#777",
    "#767676",
    "#000000",
    "#fff",
    "#e11d48",
]


@pytest.mark.parametrize("accent", [*ACCENTS, None, "no color at all"])
def test_text_can_be_read_on_the_accent(window: Window, accent: str | None) -> None:
    window.show(window.tag(site="shop", **({"accent_color": accent} if accent else {})))
    window.ready()
    ink, ground = window.element("""widget => {
      const { color, backgroundColor } = getComputedStyle(widget.shadowRoot.querySelector('button'));
      return [color, backgroundColor];
    }""")
    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
    if accent in (None, "no color at all"):
        assert ground == "rgb(47, 85, 232)"


def test_site_that_the_script_carries_sets_the_look(window: Window) -> None:
    window.show(window.tag("/sites/desk/widget.js"))
    expect(window.launcher).to_have_text("Ask the desk")
    assert window.element("widget => widget.siteKey") == "desk"
    style = "widget => getComputedStyle(widget.shadowRoot.querySelector('button')).backgroundColor"
    assert window.element(style) == "rgb(255, 212, 0)"
    assert window.element("widget => getComputedStyle(widget.shadowRoot.firstElementChild).zIndex") == "7"
    box = window.launcher.bounding_box()
    assert box
    assert (box["x"], box["y"]) == (20, 20)
    assert window.asked("/v1/") == []


def test_attributes_win_over_the_sites_look(window: Window) -> None:
    window.show(
        window.tag("/sites/desk/widget.js", label="Mine", accent_color="#0b5fff", position="bottom-left")
    )
    expect(window.launcher).to_have_text("Mine")
    style = "widget => getComputedStyle(widget.shadowRoot.querySelector('button')).backgroundColor"
    assert window.element(style) == "rgb(11, 95, 255)"
    window.element("widget => { widget.label = null; widget.accentColor = null; }")
    expect(window.launcher).to_have_text("Ask the desk")
    assert window.element(style) == "rgb(255, 212, 0)"


def test_look_does_not_jump_when_the_server_says_more(window: Window) -> None:
    window.show(window.tag(site="desk"))
    before = window.launcher.bounding_box()
    told = """widget => widget.open().then(() => widget.siteToken()).then(({ site }) => {
      widget.close(); return site.look.label; })"""
    assert window.element(told) == "Ask the desk"
    expect(window.launcher).to_have_text("Talk to agent")
    assert window.launcher.bounding_box() == before


LABELS = {
    "en": "Talk to agent",
    "hi": "एजेंट से बात करें",
    "bn": "এজেন্টের সাথে কথা বলুন",
    "ta": "முகவருடன் பேசுங்கள்",
    "ur": "ایجنٹ سے بات کریں",
    "es": "Hablar con un agente",
}


@pytest.mark.parametrize("language", LABELS)
def test_label_in_the_pages_language(window: Window, language: str) -> None:
    window.show(window.tag(site="shop"), lang=f"{language}-IN")
    expect(window.launcher).to_have_text(LABELS[language])
    read = "widget => [widget.language, widget.shadowRoot.querySelector('button').lang]"
    assert window.element(read) == [language, language]


def test_language_asked_for_then_the_pages_then_the_browsers(open_window: Callable[..., Window]) -> None:
    window = open_window(locale="bn-BD")
    window.show(window.tag(site="shop", locale="ta"), lang="hi")
    expect(window.launcher).to_have_text(LABELS["ta"])
    window.element("widget => { widget.locale = 'auto'; }")
    expect(window.launcher).to_have_text(LABELS["hi"])
    window.show(window.tag(site="shop"), lang="fi")
    expect(window.launcher).to_have_text(LABELS["bn"])


def test_language_of_the_part_of_the_page_it_stands_in(window: Window) -> None:
    window.show(f"<div lang=es><vaani-widget site=shop></vaani-widget></div>{window.tag(site='shop')}")
    expect(window.launcher).to_have_text(LABELS["es"])


def test_icon_is_at_the_right_side_of_urdu(window: Window) -> None:
    window.show(window.tag(site="shop"), lang="ur")
    button, label = window.element("""widget => {
      const button = widget.shadowRoot.querySelector('button');
      const label = document.createRange();
      label.selectNodeContents(button);
      return [button, label].map(part => {
        const { left, width } = part.getBoundingClientRect();
        return left + width / 2;
      });
    }""")
    assert label < button


def test_owners_own_words_in_any_language(window: Window) -> None:
    window.show(window.tag("/sites/desk/widget.js"), lang="hi")
    expect(window.launcher).to_have_text("डेस्क से पूछें")
    window.show(window.tag("/sites/desk/widget.js"), lang="fr")
    expect(window.launcher).to_have_text("Demander au bureau")
    assert window.element("widget => widget.language") == "fr"
    window.show(window.tag(site="shop", texts='{"fi":{"label":"Soita"}}'), lang="fi")
    expect(window.launcher).to_have_text("Soita")


@pytest.mark.parametrize(
    ("lang", "texts", "label", "language"),
    [
        ("pt-BR", {"pt-BR": "Fale", "pt": "Fala"}, "Fale", "pt-br"),
        ("pt-br", {"PT-BR": "Fale"}, "Fale", "pt-br"),
        ("pt-AO", {"pt-BR": "Fale", "pt": "Fala"}, "Fala", "pt"),
        ("zh-Hant-TW", {"zh-Hant": "客服"}, "客服", "zh-hant"),
        ("en-US", {"EN": "Ask"}, "Ask", "en"),
        ("hi-IN", {"hi-IN": "पूछें", "hi": "बोलें"}, "पूछें", "hi-in"),
        ("hi-IN", {"hi-IN": None}, LABELS["hi"], "hi-in"),
        ("pt-BR", {"pt-PT": "Fale"}, LABELS["en"], "en"),
        # no language, and no reason to go round for ever
        ("--x-", {"pt-PT": "Fale"}, LABELS["en"], "en"),
    ],
)
def test_owners_own_words_for_a_region_or_a_script(
    window: Window, lang: str, texts: dict[str, str | None], label: str, language: str
) -> None:
    written = {tag: {"label": text} if text else {} for tag, text in texts.items()}
    window.show(window.tag(site="shop", texts=json.dumps(written)), lang=lang)
    expect(window.launcher).to_have_text(label)
    assert window.element("widget => widget.language") == language


def test_owners_own_words_for_a_region_that_the_script_carries(window: Window) -> None:
    window.show(window.tag("/sites/desk/widget.js"), lang="pt-BR")
    expect(window.launcher).to_have_text("Fale com o balcão")


def test_label_is_text(window: Window) -> None:
    window.show(window.tag(site="shop", label="&lt;img src=x onerror=alert(1)&gt;"))
    expect(window.launcher).to_have_text("<img src=x onerror=alert(1)>")
    assert window.element("widget => widget.shadowRoot.querySelectorAll('img').length") == 0
