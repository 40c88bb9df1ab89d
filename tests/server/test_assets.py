"""The scripts: cached as long as is right, packed ahead of time, and nothing else from that folder."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import brotli
import pytest
from werkzeug.test import TestResponse

from tests.server.conftest import LOADER, Kit, is_problem
from vaani_widget.site_look import Consent
from vaani_widget.web import bundle


@pytest.fixture(autouse=True)
def small_build(build: Path) -> None:
    pass


def get(kit: Kit, path: str, encodings: str = "", **headers: str) -> TestResponse:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return kit.client.get(f"/vaani/{path}", headers={"Accept-Encoding": encodings, **headers})


def is_script(answer: TestResponse) -> None:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert re.fullmatch(r'"[0-9a-f]{32}-(br|gzip|identity)"', answer.headers["ETag"])
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["widget.js", "sites/acme/widget.js"])
def test_the_loader_is_kept_for_minutes(kit: Kit, path: str) -> None:
    answer = get(kit, path)
    is_script(answer)
    assert answer.cache_control.public
    assert answer.cache_control.max_age
    assert answer.cache_control.max_age <= 600
    assert not answer.cache_control.immutable


PACKED = [
    ("", "identity"),
    ("identity", "identity"),
    ("br", "br"),
    ("gzip", "gzip"),
    ("gzip, deflate, br, zstd", "br"),
    ("GZIP, Br", "br"),
    ("gzip, br;q=0", "gzip"),
    ("gzip;q=0, br;q=0", "identity"),
    ("br;q=0.5, gzip;q=0.9", "gzip"),
    ("br;q=0.5, identity", "identity"),
    ("*", "br"),
    ("*;q=0", "identity"),
    ("*, br;q=0", "gzip"),
    ("deflate", "identity"),
    ("zstd, x-unknown", "identity"),
    (";;;,,q=", "identity"),
]


@pytest.mark.parametrize(("accept", "encoding"), PACKED)
def test_the_form_that_the_browser_takes_best(kit: Kit, accept: str, encoding: str) -> None:
    answer = get(kit, "widget.js", accept)
    is_script(answer)
    assert answer.headers.get("Content-Encoding", "identity") == encoding
    body = {"identity": LOADER, "gzip": gzip.compress(LOADER), "br": b"brotli of " + LOADER}
    got = gzip.decompress(answer.data) if encoding == "gzip" else answer.data
    assert got == (LOADER if encoding == "gzip" else body[encoding])
    assert answer.headers["ETag"].endswith(f'-{encoding}"')


@pytest.mark.parametrize("path", ["widget.js", "sites/acme/widget.js", "assets/panel-ABC123.js"])
def test_what_a_browser_has_is_not_sent_again(kit: Kit, path: str) -> None:
    answer = get(kit, path, "gzip")
    tag = answer.headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = get(kit, path, "gzip", If_None_Match=known)
        assert again.status_code == 304
        assert again.data == b""
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == answer.headers[name]
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert get(kit, path, "gzip", If_None_Match='"other"').status_code == 200
    assert get(kit, path, "", If_None_Match=tag).status_code == 200, "another form is another script"


def test_head_says_as_much_as_get(kit: Kit) -> None:
    got = get(kit, "widget.js", "br")
    head = kit.client.head("/vaani/widget.js", headers={"Accept-Encoding": "br"})
    assert head.data == b""
    assert dict(head.headers) == dict(got.headers)


def test_the_loader_of_a_site_knows_it(kit: Kit) -> None:
    nasty = "</script><!-- \u2028\u2029 बात & 🎈 \" \\ ' ${x}"
    kit.change_site(name=nasty, look={"label": nasty}, text={"hi": {"label": nasty}})
    answer = get(kit, "sites/acme/widget.js")
    is_script(answer)
    script = answer.data.decode()
    start, end = LOADER.decode().split(")(null);")
    assert script.startswith(start + ")(")
    assert script.endswith(");" + end)
    carried = script[len(start) + 2 : -len(end) - 2]
    assert not re.search("[<>&\u2028\u2029]", carried)
    assert json.loads(carried) == {
        "key": "acme", "name": nasty, "look": {"label": nasty}, "text": {"hi": {"label": nasty}},
        "consent": None,
    }  # fmt: skip
    assert "x" * 32 not in script, "the site's secret"
    packed = get(kit, "sites/acme/widget.js", "br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == answer.data


def test_the_owner_changes_the_look_without_touching_the_page(kit: Kit) -> None:
    before = get(kit, "sites/acme/widget.js")
    kit.change_site(look={"label": "Talk to us"})
    after = get(kit, "sites/acme/widget.js", If_None_Match=before.headers["ETag"])
    assert after.status_code == 200
    assert b"Talk to us" in after.data


def test_packing_is_done_once(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    first = get(kit, "sites/acme/widget.js", "gzip")
    monkeypatch.setattr(bundle.gzip, "compress", None)
    assert get(kit, "sites/acme/widget.js", "gzip").data == first.data


def test_a_site_of_nobody(kit: Kit) -> None:
    is_problem(get(kit, "sites/nobody/widget.js"), "site_not_found", 404)


def test_chunks_are_kept_for_good(kit: Kit) -> None:
    answer = get(kit, "assets/panel-ABC123.js", "br")
    is_script(answer)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_yesterdays_loader_gets_todays_chunks(kit: Kit) -> None:
    for name in ("panel-YESTERDAY.js", "panel-abc123.js", "panel-0_-z.js"):
        answer = get(kit, f"assets/{name}", "br")
        is_script(answer)
        assert answer.data == b"brotli of export {}; // panel"
        assert answer.cache_control.no_cache
        assert not answer.cache_control.immutable
        assert answer.cache_control.max_age is None
        assert get(kit, f"assets/{name}", "br", If_None_Match=answer.headers["ETag"]).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "secret.js",
        "manifest.json",
        "widget.js",
        "../widget.js",
        "..%2fwidget.js",
        "%2e%2e/manifest.json",
        "..%5cmanifest.json",
        "panel.js",
        "panel-.js",
        "panel-ABC123.js.br",
        "panel-ABC123.js.map",
        "panel-ABC123.css",
        "PANEL-ABC123.js",
        "panel-a/b.js",
        "panel-../../widget.js",
        "panel-..%2f..%2fwidget.js",
        "panel-%00.js",
        "panel-a%0a.js",
        "unknown-ABC123.js",
        "-ABC123.js",
        "panel-" + "A" * 65 + ".js",
        "/etc/passwd",
        "%2fetc%2fpasswd",
    ],
)
def test_nothing_else_is_there(kit: Kit, name: str) -> None:
    answer = kit.client.get(f"/vaani/assets/{name}", follow_redirects=True)
    is_problem(answer, "not_found", 404)


def test_a_rebuilt_bundle_is_taken_up(kit: Kit, build: Path) -> None:
    assert get(kit, "assets/panel-NEW.js").data == b"export {}; // panel"
    (build / "assets" / "panel-NEW.js").write_text("// new")
    (build / "manifest.json").write_text(json.dumps({"panel": "panel-NEW.js", "more": "than before"}))
    answer = get(kit, "assets/panel-NEW.js")
    assert answer.data == b"// new"
    assert answer.cache_control.immutable


class TestTheRealBuild:
    """What ``npm run build`` left, as a browser gets it."""

    @pytest.fixture(autouse=True)
    def small_build(self) -> None:
        """Not the small one."""

    def test_every_script_is_served_in_every_form(self, kit: Kit) -> None:
        names = bundle.bundle().chunks
        assert {"panel", "livekit", "en"} <= set(names)
        for path in ("widget.js", *(f"assets/{name}" for name in names.values())):
            plain = get(kit, path)
            is_script(plain)
            assert gzip.decompress(get(kit, path, "gzip").data) == plain.data
            assert len(get(kit, path, "br").data) < len(plain.data) / 2

    def test_a_sites_loader_is_packed_as_well(self, kit: Kit) -> None:
        for look in ({}, {"label": "बात करें"}, {"label": "x" * 100_000}):
            kit.change_site(look=look)
            plain = get(kit, "sites/acme/widget.js").data
            packed = get(kit, "sites/acme/widget.js", "br, gzip")
            assert packed.headers["Content-Encoding"] == "br"
            assert brotli.decompress(packed.data) == plain

    def test_a_sites_loader_weighs_its_site_more_and_little_else(self, kit: Kit) -> None:
        """Above all not the long texts of consent and panel, which come with the site token."""
        kit.change_site(
            consent=Consent("1", "We record. " * 300),
            text={"en": {"ai_notice": "An AI. " * 100, "label": "Hi"}},
        )
        more = len(get(kit, "sites/acme/widget.js", "br").data) - len(get(kit, "widget.js", "br").data)
        assert more < 300

    def test_a_sites_loader_differs_in_its_site_only(self, kit: Kit) -> None:
        plain, own = get(kit, "widget.js").data, get(kit, "sites/acme/widget.js").data
        start = plain.rindex(b"null);")
        assert own[:start] == plain[:start]
        known = json.loads(own[start:].removesuffix(b"\n").removesuffix(b");"))
        assert known.items() <= kit.state.settings.sites["acme"].public.items()
        assert {"key", "name", "look", "text"} <= known.keys()
