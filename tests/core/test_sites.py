"""The table of sites: all of it accepted, each mistake refused in one line that names its dotted key."""

from __future__ import annotations

import json
from datetime import date

import pytest

from vaani_widget.call_settings import PAGE_MAY_SET, PARAMETERS
from vaani_widget.errors import SettingError
from vaani_widget.site_look import LOOK
from vaani_widget.sites import SITE_KEYS, Consent, Limits, Site, Window, parse_sites

LONG = "a-secret-of-thirty-two-bytes-or-more"
OTHER = "another-secret-of-thirty-two-bytes-or-more"
LEAST = {"origins": ["https://www.acme.com"], "agents": ["a1"]}


def parse(table, environ=None, key="acme"):
    return parse_sites({key: table}, where="sites", environ=environ or {})[key]


def with_(**more):
    return {**LEAST, **more}


def test_no_site_written_is_one_for_the_servers_own_pages():
    sites = parse_sites(None, where="VAANI_WIDGET_SITES", environ={}, default_agent="a1")
    assert list(sites) == ["default"]
    site = sites["default"]
    assert (site.key, site.agents, site.origins) == ("default", ("a1",), ("self",))
    assert site.allows_origin("https://host.example", "host.example")
    assert not site.allows_origin("https://other.example", "host.example")
    assert site.limits == Limits()


def test_neither_site_nor_agent_is_refused_by_the_agents_name():
    with pytest.raises(SettingError) as caught:
        parse_sites(None, where="VAANI_WIDGET_SITES", environ={})
    assert caught.value.key == "VAANI_AGENT"


def test_the_least_a_site_can_say():
    site = parse(LEAST)
    assert site == Site(key="acme", agents=("a1",), origins=("https://www.acme.com",))
    assert set(site.page_may_set) == PAGE_MAY_SET
    assert site.limits.visitor == (Window(3, 600), Window(10, 86400))
    assert (site.limits.per_day, site.limits.running, site.limits.minutes_per_call) == (50, 5, 10)
    assert (site.require, site.challenge, site.enabled, site.share) == ("any", "auto", True, False)
    assert (site.metadata_keys, site.secrets, site.consent, site.name) == ((), (), None, "")


EVERYTHING = {
    "name": "Acme",
    "origins": ["https://WWW.acme.com:443", "https://*.acme.dev", "https://www.acme.com"],
    "agents": ["d083374a-c167-4bda-b8bc-2a418ca85f35", "Reception"],
    "page_may_set": ["welcome_message", "primary_language"],
    "languages": ["en", "hi", "pt-BR"],
    "metadata_keys": ["page", "plan"],
    "require": "signed",
    "challenge": "off",
    "enabled": False,
    "share": True,
    "secret": [LONG, OTHER],
    "call": {"primary_language": "en", "metadata": {"shop": "acme"}, "websocket_url": "wss://a.example"},
    "locked": {"voice_speed": 1.2, "env_flag": "x"},
    "limits": {"visitor": "2/minute,5/2hours", "site": "7/day", "running": 1, "minutes_per_call": 3},
    "look": {
        "label": "Talk to us",
        "position": "inline",
        "variant": "compact",
        "theme": "dark",
        "accent_color": "#0b5fff",
        "avatar": "https://www.acme.com/face.png",
        "z_index": 10,
        "offset_x": 24,
        "offset_y": -8,
        "locale": "hi",
        "transcript": False,
        "text_input": True,
        "feedback": False,
        "fallback_url": "tel:+91-22-1234567",
    },
    "text": {"en": {"ai_notice": "You are talking to an AI assistant"}, "pt-BR": {"button": "Fale\nconosco"}},
    "consent": {"version": "2026-11", "text": "I agree.\n\nReally."},
}


def test_everything_a_site_can_say():
    site = parse(EVERYTHING)
    assert set(EVERYTHING) | {"secret_env"} == set(SITE_KEYS)
    assert set(EVERYTHING["look"]) == set(LOOK)
    assert site.origins == ("https://www.acme.com", "https://*.acme.dev")
    assert site.agents == ("d083374a-c167-4bda-b8bc-2a418ca85f35", "Reception")
    assert site.page_may_set == ("primary_language", "welcome_message")
    assert site.secrets == (LONG.encode(), OTHER.encode())
    assert site.call == EVERYTHING["call"]
    assert site.locked == EVERYTHING["locked"]
    assert site.languages == ("en", "hi", "pt-BR")
    assert site.limits == Limits((Window(2, 60), Window(5, 7200)), 7, 1, 3)
    assert site.look == EVERYTHING["look"]
    assert site.consent == Consent("2026-11", "I agree.\n\nReally.")
    assert (site.require, site.challenge, site.enabled, site.share) == ("signed", "off", False, True)


def test_public_is_what_everybody_may_know_and_no_more():
    site = parse(EVERYTHING)
    assert site.public == {
        "key": "acme",
        "name": "Acme",
        "look": EVERYTHING["look"],
        "text": {"en": EVERYTHING["text"]["en"], "pt-br": EVERYTHING["text"]["pt-BR"]},
        "consent": {"version": "2026-11", "text": "I agree.\n\nReally."},
        "page_may_set": ["primary_language", "welcome_message"],
        "languages": ["en", "hi", "pt-BR"],
        "share": True,
    }
    assert json.loads(json.dumps(site.public)) == site.public
    site.public["look"]["label"] = "changed"
    assert site.look["label"] == "Talk to us"
    assert parse(LEAST).public["consent"] is None


def test_first_language_is_what_a_call_has_where_nobody_chooses():
    site = parse(with_(languages=["ta", "en"]))
    assert site.call["primary_language"] == "ta"
    assert site.at_first_sight["languages"] == ["ta", "en"]
    assert not {"languages", "share"} & set(parse(LEAST).public)
    assert "languages" not in parse(LEAST).at_first_sight


def test_button_is_told_of_every_language_that_the_owner_speaks():
    site = parse(with_(text={"hi": {"label": "पूछें", "title": "सहायक"}, "pt-BR": {"title": "Ajuda"}}))
    assert site.at_first_sight["text"] == {"hi": {"label": "पूछें"}, "pt-br": {}}


def test_sharing_lets_in_the_call_page_of_the_server_itself():
    shared, plain = parse(with_(share=True)), parse(LEAST)
    for site, allowed in ((shared, True), (plain, False)):
        assert site.allows_origin("https://widget.example", "widget.example") is allowed
        assert site.allows_origin("https://www.acme.com", "widget.example")
        assert not site.allows_origin(None, "widget.example")
        assert not site.allows_origin("null", "null")


def test_secrets_come_from_a_variable_too_one_or_a_list():
    assert parse(with_(secret_env="ACME"), {"ACME": LONG}).secrets == (LONG.encode(),)
    two = json.dumps([LONG, OTHER])
    assert parse(with_(secret_env="ACME"), {"ACME": two}).secrets == (LONG.encode(), OTHER.encode())
    assert parse(with_(secret_env="ACME", require="signed"), {"ACME": LONG}).require == "signed"


@pytest.mark.parametrize(
    ("look", "value"),
    [
        ("accent_color", "#fff"),
        ("accent_color", "#0B5FFF80"),
        ("accent_color", "rgb(11, 95, 255)"),
        ("accent_color", "rgb(11 95 255 / 50%)"),
        ("accent_color", "rgba(11,95,255,0.5)"),
        ("accent_color", "RebeccaPurple"),
        ("accent_color", "hsl(220 90% 50%)"),
        ("accent_color", "oklch(55% .2 260 / .9)"),
        ("accent_color", "var(--brand)"),
        ("accent_color", "var(--Brand_2, hsl(220, 90%, 50%))"),
        ("accent_color", "color-mix(in oklab, var(--brand) 80%, #000)"),
        ("accent_color", "hsl(calc(var(--hue) + 20) 90% 50%)"),
        ("avatar", "/static/face.png"),
        ("fallback_url", "https://www.acme.com/contact?from=call"),
        ("fallback_url", "http://www.acme.com"),
        ("fallback_url", "tel:+91221234567"),
        ("fallback_url", "mailto:help@acme.com?subject=Call"),
        ("locale", "auto"),
        ("locale", "pt-BR"),
        ("z_index", -1),
        ("offset_x", 0),
    ],
)
def test_looks(look, value):
    assert parse(with_(look={look: value})).look == {look: value}


@pytest.mark.parametrize(
    ("visitor", "windows"),
    [
        ("1/second", (Window(1, 1),)),
        ("3/10minutes", (Window(3, 600),)),
        ("3 / 10 minutes , 10 / day", (Window(3, 600), Window(10, 86400))),
        ("5/hour", (Window(5, 3600),)),
        ("100/31days", (Window(100, 31 * 86400),)),
    ],
)
def test_windows(visitor, windows):
    assert parse(with_(limits={"visitor": visitor})).limits.visitor == windows


CALLS_REFUSED = [
    ("voice_speed", 2),
    ("voice_gender", "robot"),
    ("bg_noise_volume", True),
    ("primary_language", "?"),
    ("welcome_message", "x" * 501),
    ("websocket_url", "http://a.example"),
]

REFUSED = [
    # (table, key below sites.acme, part of the remedy)
    ([], "", "table"),
    ("www.acme.com", "", "table"),
    ({**LEAST, "origin": ["https://a.com"]}, "origin", "did you mean origins"),
    ({**LEAST, "page-may-set": []}, "page-may-set", "did you mean page_may_set"),
    ({**LEAST, "agent": "a1"}, "agent", "agents ="),
    ({**LEAST, "agent_id": "a1"}, "agent_id", "agents ="),
    ({**LEAST, "zzz\nzzz": 1}, '"zzz\\nzzz"', "the keys here are"),
    ({"agents": ["a1"]}, "origins", "https://www.acme.com"),
    (with_(origins=[]), "origins", "https://www.acme.com"),
    (with_(origins="https://www.acme.com"), "origins", "list"),
    (with_(origins={"a": 1}), "origins", "not a table"),
    (with_(origins=[1]), "origins", "text"),
    (with_(origins=["*"]), "origins", "every website"),
    (with_(origins=["https://a.com", "www.acme.com"]), "origins", 'Entry 2 ("www.acme.com")'),
    (with_(origins=["https://me:hush-hush@acme.com"]), "origins", "Entry 1:"),
    ({"origins": ["self"]}, "agents", "at least one"),
    (with_(agents=[]), "agents", "at least one"),
    (with_(agents="a1"), "agents", "list"),
    (with_(agents=[""]), "agents", "empty"),
    (with_(agents=[None]), "agents", "text"),
    (with_(agents=["a\nb"]), "agents", "line breaks"),
    (with_(agents=["x" * 201]), "agents", "200"),
    (with_(name=5), "name", "text"),
    (with_(name=""), "name", "empty"),
    (with_(name=" Acme"), "name", "white space"),
    (with_(page_may_set="voice_speed"), "page_may_set", "list"),
    (with_(languages="hi"), "languages", "list"),
    (with_(languages=[]), "languages", "two"),
    (with_(languages=["hi"]), "languages", "two"),
    (with_(languages=["hi", "HI", "en"]), "languages", "once"),
    (with_(languages=["hi", "Tamil!"]), "languages", "codes"),
    (with_(languages=["hi", "en"], page_may_set=["voice_speed"]), "languages", "page_may_set"),
    (with_(languages=["hi", "en"], locked={"primary_language": "hi"}), "languages", "locked"),
    (with_(languages=["hi", "en"], call={"primary_language": "en"}), "languages", "Begin with"),
    (with_(page_may_set=["voice_sped"]), "page_may_set", "voice_speed"),
    (with_(page_may_set=["websocket_url"]), "page_may_set", "No page may set websocket_url"),
    (with_(page_may_set=["env_flag"]), "page_may_set", "No page may set env_flag"),
    (with_(page_may_set=["agent_id"]), "page_may_set", "No page may set agent_id"),
    (with_(page_may_set=["agent_name"]), "page_may_set", "No page may set agent_name"),
    (with_(page_may_set=["metadata"]), "page_may_set", "metadata_keys"),
    (with_(metadata_keys="page"), "metadata_keys", "list"),
    (with_(metadata_keys=[1]), "metadata_keys", "text"),
    (with_(require="all"), "require", '"any" or "signed"'),
    (with_(require=True), "require", "not true or false"),
    (with_(require="signed"), "require", "secret"),
    (with_(challenge="on"), "challenge", '"auto" or "off"'),
    (with_(enabled="yes"), "enabled", "true or false"),
    (with_(share=1), "share", "true or false"),
    (with_(secret=LONG, secret_env="ACME"), "secret_env", "not both"),
    (with_(secret="hush-hush"), "secret", "32 bytes, not 9"),
    (with_(secret=[LONG, "hush-hush"]), "secret", "32 bytes"),
    (with_(secret=[]), "secret", "empty"),
    (with_(secret=5), "secret", "text"),
    (with_(secret=[5]), "secret", "text"),
    (with_(secret="-----BEGIN PUBLIC KEY----- hush-hush"), "secret", "shared secret"),
    (with_(secret_env=5), "secret_env", "text"),
    (with_(secret_env="MISSING"), "secret_env", "MISSING is not set"),
    (with_(secret_env="EMPTY"), "secret_env", "EMPTY is not set"),
    (with_(secret_env="SHORT"), "secret_env (SHORT)", "32 bytes"),
    (with_(secret_env="HALF"), "secret_env (HALF)", "JSON list"),
    (with_(call=[]), "call", "table"),
    (with_(call={"voice_sped": 1}), "call.voice_sped", "voice_speed"),
    (with_(call={"agent_id": "a1"}), "call.agent_id", "agents"),
    (with_(locked={"agent_name": "a1"}), "locked.agent_name", "agents"),
    (with_(call={"metadata": {"a": [1]}}), "call.metadata.a", "nothing nested"),
    (with_(call={"metadata": {"a.b\nc": [1]}}), 'call.metadata."a.b\\nc"', "nothing nested"),
    (with_(locked={"metadata": {"a": date(2026, 1, 1)}}), "locked.metadata.a", "nothing nested"),
    (with_(limits=5), "limits", "table"),
    (with_(limits={"visitors": "1/day"}), "limits.visitors", "did you mean visitor"),
    (with_(limits={"per_day": 50}), "limits.per_day", "50/day"),
    (with_(limits={"visitor": ""}), "limits.visitor", "empty"),
    (with_(limits={"visitor": 3}), "limits.visitor", "text"),
    (with_(limits={"visitor": "3"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"visitor": "3/10minutes,"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"visitor": "3/fortnight"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"visitor": "0/day"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"visitor": "3/0days"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"visitor": "3/32days"}), "limits.visitor", "31 days"),
    (with_(limits={"visitor": "-3/day"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"visitor": "٣/day"}), "limits.visitor", "3/10minutes"),
    (with_(limits={"site": "50/hour"}), "limits.site", "50/day"),
    (with_(limits={"site": "50/2days"}), "limits.site", "50/day"),
    (with_(limits={"site": "50/day, 3/hour"}), "limits.site", "50/day"),
    (with_(limits={"site": "0/day"}), "limits.site", "at least 1"),
    (with_(limits={"site": 50}), "limits.site", "text"),
    (with_(limits={"running": 0}), "limits.running", "from 1"),
    (with_(limits={"running": "5"}), "limits.running", "not text"),
    (with_(limits={"running": 5.0}), "limits.running", "whole number"),
    (with_(limits={"running": True}), "limits.running", "not true or false"),
    (with_(limits={"minutes_per_call": 0}), "limits.minutes_per_call", "from 1"),
    (with_(limits={"minutes_per_call": 1441}), "limits.minutes_per_call", "1440"),
    (with_(look={"colour": "#fff"}), "look.colour", "accent_color"),
    (with_(look={"accent-color": "#fff"}), "look.accent-color", "did you mean accent_color"),
    (with_(look={"texts": {}}), "look.texts", "text"),
    (with_(look={"label": 5}), "look.label", "text"),
    (with_(look={"label": "x" * 121}), "look.label", "120"),
    (with_(look={"position": "left"}), "look.position", '"bottom-left"'),
    (with_(look={"variant": "big"}), "look.variant", '"button", "compact" or "none"'),
    (with_(look={"theme": "sepia"}), "look.theme", '"auto"'),
    (with_(look={"accent_color": "bleu"}), "look.accent_color", "#0b5fff"),
    (with_(look={"accent_color": "transparent"}), "look.accent_color", "#0b5fff"),
    (with_(look={"accent_color": "url(https://evil.example/x)"}), "look.accent_color", "#0b5fff"),
    (with_(look={"accent_color": "var(--brand, url(//evil.example/x))"}), "look.accent_color", "#0b5fff"),
    (with_(look={"accent_color": "var(--brand, image-set(x))"}), "look.accent_color", "#0b5fff"),
    (with_(look={"accent_color": "var(brand)"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "var(--brand"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "var(--brand))"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "var(--a) var(--b)"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "var(--a); x: var(--b)"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "var(--a)} x { y: var(--b)"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "var(--brand /*)"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "hsl(\\75rl(x))"}), "look.accent_color", "var(--brand)"),
    (with_(look={"accent_color": "#0b5f"[:3]}), "look.accent_color", "#0b5fff"),
    (with_(look={"accent_color": "rgb(256, 0, 0)"}), "look.accent_color", "rgb("),
    (with_(look={"accent_color": "#fff;} *{x"}), "look.accent_color", "#0b5fff"),
    (with_(look={"avatar": "javascript:alert(1)"}), "look.avatar", "https://"),
    (with_(look={"avatar": "//evil.example/x.png"}), "look.avatar", "https://"),
    (with_(look={"z_index": "9"}), "look.z_index", "whole number"),
    (with_(look={"z_index": 2**31}), "look.z_index", "2147483647"),
    (with_(look={"offset_x": 1.5}), "look.offset_x", "whole number"),
    (with_(look={"locale": "english!"}), "look.locale", '"auto"'),
    (with_(look={"transcript": "on"}), "look.transcript", "true or false"),
    (with_(look={"text_input": 1}), "look.text_input", "true or false"),
    (with_(look={"feedback": None}), "look.feedback", "true or false"),
    (with_(look={"fallback_url": "javascript:alert(1)"}), "look.fallback_url", '"tel:"'),
    (with_(look={"fallback_url": "data:text/html,x"}), "look.fallback_url", '"tel:"'),
    (with_(look={"fallback_url": "/contact"}), "look.fallback_url", '"tel:"'),
    (with_(look={"fallback_url": "https://user:hush-hush@a.com"}), "look.fallback_url", '"tel:"'),
    (with_(text=[]), "text", "table"),
    (with_(text={"english": {}}), "text.english", "language"),
    (with_(text={"en": "Hello"}), "text.en", "table"),
    (with_(text={"pt-BR": {}, "pt-br": {}}), "text.pt-br", "one table"),
    (with_(text={"en": {"Not A Key": "x"}}), 'text.en."Not A Key"', "ai_notice"),
    (with_(text={"en": {"title": 5}}), "text.en.title", "text"),
    (with_(text={"en": {"title": "x" * 1001}}), "text.en.title", "1000"),
    (with_(text={"en": {"title": "a\x00b"}}), "text.en.title", "control"),
    (with_(consent={}), "consent.version", "version"),
    (with_(consent={"version": "1"}), "consent.text", "agrees"),
    (with_(consent={"version": 1, "text": "x"}), "consent.version", "quotes"),
    (with_(consent={"version": "1", "text": " "}), "consent.text", "empty"),
    (with_(consent={"version": "1", "text": "x", "url": "y"}), "consent.url", "the keys here are"),
    (with_(consent="yes"), "consent", "table"),
    *[(with_(call={name: value}), f"call.{name}", name) for name, value in CALLS_REFUSED],
    *[(with_(locked={name: value}), f"locked.{name}", name) for name, value in CALLS_REFUSED],
]


@pytest.mark.parametrize(("table", "below", "remedy"), REFUSED)
def test_each_mistake_is_one_line_that_names_its_key(table, below, remedy):
    environ = {"EMPTY": "", "SHORT": "hush-hush", "HALF": '["hush-hush'}
    with pytest.raises(SettingError) as caught:
        parse(table, environ)
    assert caught.value.key == ".".join(part for part in ("sites.acme", below) if part)
    assert remedy in caught.value.remedy
    assert str(caught.value).count("\n") == 0
    assert "hush-hush" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", ["Acme", "acme.com", "a b", "", "a" * 65, "ü", "a\n", 5])
def test_a_site_key_is_a_plain_name(key):
    with pytest.raises(SettingError, match="Name a site with") as caught:
        parse_sites({key: LEAST}, where="VAANI_WIDGET_SITES", environ={})
    assert caught.value.key.startswith("VAANI_WIDGET_SITES.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["acme", "a", "a-b_9", "a" * 64])
def test_site_keys(key):
    assert parse(LEAST, key=key).key == key


@pytest.mark.parametrize("raw", [{}, [], "acme", 5])
def test_the_table_of_sites_is_a_table_with_a_site(raw):
    with pytest.raises(SettingError) as caught:
        parse_sites(raw, where="VAANI_WIDGET_SITES", environ={}, default_agent="a1")
    assert caught.value.key == "VAANI_WIDGET_SITES"


def test_the_defaults_of_the_page_are_call_settings():
    assert set(PARAMETERS) > PAGE_MAY_SET


def test_nothing_of_a_site_is_secret_in_its_repr():
    site = parse(
        with_(secret=LONG, call={"metadata": {"key": "hush-hush"}}, locked={"env_flag": "hush-hush"})
    )
    assert LONG not in repr(site)
    assert "hush-hush" not in repr(site)
    assert LONG not in repr(site.secrets)


def test_a_site_can_not_be_changed():
    site = parse(EVERYTHING)
    with pytest.raises(AttributeError):
        site.enabled = True
    for table in (site.call, site.locked, site.look, site.text):
        with pytest.raises(TypeError):
            table["x"] = 1
