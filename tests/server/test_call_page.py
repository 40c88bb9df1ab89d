"""The page that is only the call: for people and for frames, closed to everything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.server.conftest import SITES, Kit, MakeKit, is_problem, post


@pytest.fixture
def shared(make_kit: MakeKit) -> Kit:
    return make_kit(
        VAANI_WIDGET_SITES={**SITES, "acme": {**SITES["acme"], "share": True, "name": "<Acme> & Co"}}
    )


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


def test_only_where_the_site_shares_it(shared: Kit) -> None:
    assert shared.client.get("/vaani/call/acme").status_code == 200
    is_problem(shared.client.get("/vaani/call/other"), "not_found", 404)
    is_problem(shared.client.get("/vaani/call/nobody"), "not_found", 404)


def test_its_policy_lets_in_what_it_names(shared: Kit) -> None:
    pages = [shared.client.get("/vaani/call/acme", headers={"Host": "voice.acme.com"}) for _ in range(2)]
    nonces = [re.findall(r'nonce="([^"]+)"', page.text) for page in pages]
    assert len(set(nonces[0])) == 1
    assert set(nonces[0]) != set(nonces[1])
    nonce = nonces[0][0]
    assert directives(pages[0].headers["Content-Security-Policy"]) == {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}' 'strict-dynamic'",
        "style-src": f"'nonce-{nonce}'",
        "connect-src": "'self' https: wss:",
        "img-src": "'self' https: data:",
        "media-src": "blob: mediastream:",
        "require-trusted-types-for": "'script'",
        "frame-ancestors": "'self' https://www.acme.com https://*.acme.dev",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", pages[0].text):
        assert f'nonce="{nonce}"' in tag
    assert " style=" not in pages[0].text
    assert not re.search(r"\son\w+=", pages[0].text)


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:8000", "[::1]:80", "localhost"])
def test_on_loopback_livekit_has_no_certificate(shared: Kit, host: str) -> None:
    page = shared.client.get("/vaani/call/acme", headers={"Host": host})
    assert " ws:" in directives(page.headers["Content-Security-Policy"])["connect-src"]


def test_its_headers(shared: Kit) -> None:
    page = shared.client.get("/vaani/call/acme")
    assert page.headers["Permissions-Policy"].startswith("microphone=(self)")
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in page.headers
    assert "Access-Control-Allow-Origin" not in page.headers
    assert page.content_type == "text/html; charset=utf-8"


def test_it_shows_the_site_and_its_widget(shared: Kit) -> None:
    page = shared.client.get("/vaani/call/acme").text
    assert "&lt;Acme&gt; &amp; Co" in page
    assert "<Acme>" not in page
    assert '<vaani-widget site="acme" position="inline" variant="button">' in page
    assert 'src="/vaani/sites/acme/widget.js"' in page


def test_it_may_start_calls_of_its_own_origin(shared: Kit) -> None:
    assert post(shared.client, "/vaani/v1/sites/acme/token", {}, "http://localhost").status_code == 201


def test_the_host_may_have_its_own(make_kit: MakeKit, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "vaani_widget"
    own.mkdir(parents=True)
    (own / "call.html").write_text("<b>{{ site.key }}, as the host likes it</b>")
    app = Flask("host", root_path=str(tmp_path), instance_path=str(tmp_path / "i"))
    kit = make_kit(app, VAANI_WIDGET_SITES={"acme": {**SITES["acme"], "share": True}})
    assert kit.client.get("/vaani/call/acme").text == "<b>acme, as the host likes it</b>"


@pytest.mark.parametrize(
    ("accepts", "lang", "direction"),
    [
        ("ta-IN,en;q=0.5", "ta", "ltr"),
        ("ur", "ur", "rtl"),
        ("UR-pk", "ur", "rtl"),
        ("fr", "en", "ltr"),
        ("", "en", "ltr"),
    ],
)
def test_it_is_in_the_visitors_language(shared: Kit, accepts: str, lang: str, direction: str) -> None:
    page = shared.client.get("/vaani/call/acme", headers={"Accept-Language": accepts}).text
    assert f'<html lang="{lang}" dir="{direction}">' in page


URDU, OWN = "ہم سے بات کریں", "ہم آپ کو سن رہے ہیں"


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("ur-PK", {"ur": {"ai_notice": OWN}}, ('lang="ur" dir="rtl"', URDU, OWN)),
        ("UR-Arab-pk", {"ur-PK": {"ai_notice": "no"}}, ('lang="ur" dir="rtl"', URDU, "آپ ایک")),
        ("ur-PK", {"ur-pk": {"title": "x"}, "ur": {"ai_notice": OWN}}, ('lang="ur-pk" dir="rtl"', URDU, OWN)),
        ("ur-Latn", {"ur-Latn": {"ai_notice": "Ham sun rahe hain"}}, ('dir="ltr"', URDU, "Ham sun")),
        ("pt-BR", {"pt": {"ai_notice": "Uma IA"}}, ('lang="pt" dir="ltr"', "Talk to us", "Uma IA")),
        ("ar-EG", {"ar": {}, "en": {"ai_notice": "An AI"}}, ('lang="ar" dir="rtl"', "Talk to us", "An AI")),
        ("pa-PK", {"pa-PK": {"ai_notice": "x"}}, ('lang="pa-pk" dir="rtl"', "Talk to us")),
        ("fr", {}, ('lang="en" dir="ltr"', "Talk to us", "You will be")),
    ],
)
def test_a_language_is_what_it_is_a_kind_of_too(
    locale: str, text: dict[str, dict[str, str]], expected: tuple[str, ...], make_kit: MakeKit
) -> None:
    """Words, direction and the owner's own texts, as the loader has them for the button."""
    site = {**SITES["acme"], "share": True, "look": {"locale": locale}, "text": text}
    site.pop("name", None)
    page = make_kit(VAANI_WIDGET_SITES={"acme": site}).client.get("/vaani/call/acme").text
    assert [each for each in expected if each not in page] == []
