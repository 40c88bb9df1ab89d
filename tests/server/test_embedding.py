"""``{{ vaani_widget() }}`` as templates write it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, render_template_string
from flask_talisman import Talisman
from werkzeug.test import TestResponse

from tests.server.conftest import AGENT, ORIGIN, SECRET, SITES, Kit, MakeKit, post
from vaani_widget import embedding
from vaani_widget.errors import StoreUnavailable
from vaani_widget.site_look import Consent
from vaani_widget.tokens import read_grant


def rendered(kit: Kit, call: str, **context: Any) -> TestResponse:
    """What a page of the host answers whose template has this in it."""
    endpoint = f"page{len(kit.app.view_functions)}"
    kit.app._got_first_request = False
    kit.app.add_url_rule(
        f"/{endpoint}", endpoint, lambda: render_template_string(f"<p>{{{{ {call} }}}}", **context)
    )
    return kit.client.get(f"/{endpoint}")


def tag(answer: TestResponse) -> dict[str, str | None]:
    """The attributes of the one element that a browser would see."""
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
            assert len(dict(attrs)) == len(attrs)
            seen.append((name, dict(attrs)))

    assert answer.status_code == 200, answer.text
    reader = Reader()
    reader.feed(answer.text)
    assert [name for name, _ in seen] == ["p", "script"], answer.text
    return seen[1][1]


@pytest.fixture
def single(make_kit: MakeKit) -> Kit:
    return make_kit(VAANI_AGENT="demo")


def test_with_the_one_default_site_nothing_is_needed(single: Kit) -> None:
    assert tag(rendered(single, "vaani_widget()")) == {"async": None, "src": "/vaani/widget.js"}
    assert "Cache-Control" not in rendered(single, "vaani_widget()").headers


def test_a_site_by_its_key(kit: Kit) -> None:
    assert tag(rendered(kit, 'vaani_widget("acme", label="Call us")')) == {
        "async": None,
        "src": "/vaani/widget.js",
        "data-site": "acme",
        "data-label": "Call us",
    }


def test_the_only_site_need_not_be_named(make_kit: MakeKit) -> None:
    kit = make_kit(VAANI_WIDGET_SITES={"acme": SITES["acme"]})
    assert tag(rendered(kit, "vaani_widget()"))["data-site"] == "acme"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("True", "true"),
        ("False", "false"),
        ("1.2", "1.2"),
        ("7", "7"),
        ("''", ""),
        ("{'en': {'a': 'ब'}}", '{"en": {"a": "ब"}}'),
    ],
)
def test_values(single: Kit, value: str, written: str) -> None:
    assert tag(rendered(single, f"vaani_widget(texts={value})"))["data-texts"] == written


def test_none_leaves_an_attribute_out(single: Kit) -> None:
    assert "data-label" not in tag(rendered(single, "vaani_widget(label=None)"))


@pytest.mark.parametrize(
    "nasty",
    [
        '"><script>alert(1)</script>',
        "' onload='x",
        "</script>",
        "&quot;",
        "<!--",
        "a\nb",
        "{{ 7*7 }}",
        "\x00",
    ],
)
def test_text_stays_text(kit: Kit, nasty: str) -> None:
    attributes = tag(rendered(kit, 'vaani_widget("acme", label=x, nonce=x, texts={"a": x})', x=nasty))
    if "\x00" not in nasty:
        assert attributes["data-label"] == nasty
        assert attributes["nonce"] == nasty
    assert set(attributes) == {"async", "src", "data-site", "data-label", "data-texts", "nonce"}


def test_names_are_checked(single: Kit) -> None:
    single.app.testing = True
    for call, said in [
        ("vaani_widget(lable='x')", "did you mean 'label'"),
        ("vaani_widget(voice_gendre='x')", "did you mean 'voice_gender'"),
        ("vaani_widget(visiter='x')", "did you mean 'visitor'"),
        ("vaani_widget(onclick='x')", "no attribute 'onclick'"),
        ("vaani_widget(grant='x', visitor='y')", "not both"),
    ]:
        with pytest.raises(TypeError, match=said):
            rendered(single, call)


def test_sites_are_checked(kit: Kit) -> None:
    kit.app.testing = True
    with pytest.raises(ValueError, match="did you mean 'acme'"):
        rendered(kit, "vaani_widget('acne')")
    with pytest.raises(ValueError, match="name the site, one of acme, other"):
        rendered(kit, "vaani_widget()")


def test_attributes_are_the_widgets_own() -> None:
    source = (Path(__file__).parents[2] / "widget_static/src/attributes.ts").read_text("utf-8")
    names = re.findall(r"^  ([a-zA-Z]+): (?:TEXT|BOOLEAN|NUMBER|JSON_OBJECT),$", source, re.MULTILINE)
    assert len(names) > 20
    written = {*embedding.ATTRIBUTES, "site", "metadata"}
    assert written == {re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name) for name in names}


class TestGrants:
    def grant(self, kit: Kit, answer: TestResponse, secret: bytes = SECRET.encode()) -> Any:
        assert answer.headers["Cache-Control"] == "private, no-store"
        token = tag(answer)["data-grant"]
        return read_grant(token, site="acme", secrets=[secret], now=kit.clock.now)

    def test_what_the_server_says_of_its_visitor_is_signed(self, kit: Kit) -> None:
        answer = rendered(
            kit, 'vaani_widget("acme", visitor=7, metadata={"plan": "gold"}, locked={"voice_gender": "male"})'
        )
        grant = self.grant(kit, answer)
        assert (grant.sub, grant.metadata, grant.locked) == ("7", {"plan": "gold"}, {"voice_gender": "male"})
        assert not {"data-visitor", "data-metadata", "data-locked"} & set(tag(answer))
        kit.call(kit.token(grant=tag(answer)["data-grant"]))
        assert kit.vaani.bodies == [{"agent_id": AGENT, "voice_gender": "male", "metadata": {"plan": "gold"}}]

    def test_metadata_alone_names_nobody(self, kit: Kit) -> None:
        assert self.grant(kit, rendered(kit, 'vaani_widget("acme", metadata={"a": 1})')).sub is None

    def test_nobody_is_nobody(self, kit: Kit) -> None:
        answer = rendered(kit, 'vaani_widget("acme", visitor=None, metadata={}, locked=None)')
        assert "data-grant" not in tag(answer)
        assert "Cache-Control" not in answer.headers

    def test_a_site_without_a_secret_has_one_of_this_app(self, single: Kit) -> None:
        token = tag(rendered(single, 'vaani_widget(visitor="u")'))["data-grant"]
        page = "http://localhost"
        assert single.mint("default", page, grant=token).status_code == 201

    def test_what_no_grant_may_carry(self, kit: Kit) -> None:
        kit.app.testing = True
        with pytest.raises(ValueError, match="websocket_url"):
            rendered(kit, 'vaani_widget("acme", locked={"websocket_url": "wss://x"})')

    def test_a_ledger_that_is_away_costs_the_page_its_button_only(
        self, kit: Kit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object) -> str:
            raise StoreUnavailable

        monkeypatch.setattr(embedding, "own_grant", away)
        answer = rendered(kit, 'vaani_widget("acme", visitor="u")')
        assert (answer.status_code, answer.text) == (200, "<p>")


class TestNonces:
    def test_as_given(self, single: Kit) -> None:
        assert tag(rendered(single, 'vaani_widget(nonce="abc")'))["nonce"] == "abc"

    @pytest.mark.parametrize("kept", ["abc", lambda: "abc"], ids=["text", "function"])
    def test_of_g(self, make_kit: MakeKit, tmp_path: Path, kept: object) -> None:
        app = Flask("host", instance_path=str(tmp_path / "i"))
        app.before_request(lambda: setattr(g, "csp_nonce", kept))
        assert tag(rendered(make_kit(app, VAANI_AGENT="demo"), "vaani_widget()"))["nonce"] == "abc"

    def test_of_talisman(self, make_kit: MakeKit, tmp_path: Path) -> None:
        app = Flask("host", instance_path=str(tmp_path / "i"))
        Talisman(
            app,
            force_https=False,
            content_security_policy={"script-src": "'self'"},
            content_security_policy_nonce_in=["script-src"],
        )
        answer = rendered(make_kit(app, VAANI_AGENT="demo"), "vaani_widget()")
        assert f"'nonce-{tag(answer)['nonce']}'" in answer.headers["Content-Security-Policy"]


def test_addresses_follow_the_host(make_kit: MakeKit) -> None:
    kit = make_kit(VAANI_AGENT="demo", url_prefix="/voice")
    kit.app.add_url_rule("/", "home", lambda: render_template_string("<p>{{ vaani_widget() }}"))
    assert tag(kit.client.get("/", base_url="http://shop.test/sub"))["src"] == "/sub/voice/widget.js"


def test_an_app_without_the_blueprint_is_told_so() -> None:
    app = Flask("bare")
    with app.test_request_context(), pytest.raises(Exception, match="register_blueprint"):
        embedding.vaani_widget()


def test_json_in_attributes_is_json(single: Kit) -> None:
    answer = tag(rendered(single, 'vaani_widget(texts={"en": {"a": "it\'s <b>"}})'))
    assert json.loads(answer["data-texts"] or "") == {"en": {"a": "it's <b>"}}


def test_the_page_can_call(single: Kit) -> None:
    page = "http://localhost"
    assert rendered(single, "vaani_widget()").status_code == 200
    assert single.call(single.token("default", page), origin=page).status_code == 201
    assert post(single.client, "/vaani/v1/sites/default/token", {}, ORIGIN).status_code == 403


def test_a_site_with_consent_gets_the_loader_that_knows_it(kit: Kit) -> None:
    """Its text has to come before the microphone is asked for, which happens in the click itself."""
    with kit.app.test_request_context():
        assert 'src="/vaani/widget.js"' in render_template_string("{{ vaani_widget('acme') }}")
    kit.change_site(consent=Consent("1", "We record."))
    with kit.app.test_request_context():
        assert 'src="/vaani/sites/acme/widget.js"' in render_template_string("{{ vaani_widget('acme') }}")
