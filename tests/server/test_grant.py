"""``GET /v1/sites/{site}/grant``: the app's own session decides, and nobody else may look."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, render_template_string, request, session
from flask_cors import CORS
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf import CSRFProtect
from werkzeug.test import TestResponse

from tests.server.conftest import AGENT, ORIGIN, SECRET, SITES, Kit, MakeKit, is_problem, post
from tests.server.test_embedding import rendered, tag
from vaani_widget import VaaniWidget, Visitor, blueprint
from vaani_widget.errors import StoreUnavailable
from vaani_widget.tokens import Grant, read_grant

GRANT = "/vaani/v1/sites/acme/grant"
METADATA = {"plan": "सोना", "seats": 3}
MINIMAL = {"VAANI_API_KEY": "vaani_x", "SECRET_KEY": "h" * 32, "VAANI_WIDGET_SITES": SITES}
HUSH = "hush-hush"
Loader = Callable[[str], Any]


def ask(kit: Kit, path: str = GRANT, **headers: str) -> TestResponse:
    return kit.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def load(kit: Kit, loader: Loader | None) -> None:
    """As ``@vaani.grant_loader`` does."""
    kit.state.grant_loader = lambda: loader


def says(value: object) -> Loader:
    return lambda site: value


def text(answer: TestResponse) -> str:
    """The grant of an answer that has one, and that nobody keeps and no other origin reads."""
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    members = json.loads(answer.data)
    assert set(members) == {"grant"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert no_cors(answer)
    return str(members["grant"])


def no_cors(answer: TestResponse) -> bool:
    return not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def grant_in(kit: Kit, answer: TestResponse) -> Grant:
    return read_grant(text(answer), site="acme", secrets=[SECRET.encode()], now=kit.clock.now)


class TestAnswers:
    def test_without_a_loader_there_is_no_such_thing(self, kit: Kit) -> None:
        is_problem(ask(kit), "not_found", 404)
        assert no_cors(ask(kit))

    def test_what_the_app_says_of_its_visitor_reaches_vaani(self, kit: Kit) -> None:
        asked: list[str] = []

        def loader(site: str) -> Visitor:
            asked.append(site)
            return Visitor(visitor=7, locked={"voice_gender": "male"}, metadata=METADATA)

        load(kit, loader)
        answer = ask(kit)
        assert grant_in(kit, answer) == Grant("7", {"voice_gender": "male"}, METADATA)
        assert asked == ["acme"]
        assert kit.call(kit.token(grant=text(answer))).status_code == 201
        assert kit.vaani.bodies == [{"agent_id": AGENT, "voice_gender": "male", "metadata": METADATA}]

    @pytest.mark.parametrize(
        "nobody",
        [
            None,
            {},
            {"visitor": None},
            {"visitor": False},
            {"visitor": ""},
            {"locked": {}, "metadata": None},
        ],
    )
    def test_nobody_is_204(self, kit: Kit, nobody: object) -> None:
        load(kit, says(nobody))
        answer = ask(kit)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Cache-Control"] == "no-store"
        assert no_cors(answer)

    @pytest.mark.parametrize(
        ("said", "grant"),
        [
            ({"visitor": 0}, Grant("0")),
            ({"metadata": {"plan": "gold"}}, Grant(None, {}, {"plan": "gold"})),
            ({"locked": {"agent_id": "second"}}, Grant(None, {"agent_id": "second"}, {})),
        ],
    )
    def test_some_of_it_is_enough(self, kit: Kit, said: object, grant: Grant) -> None:
        load(kit, says(said))
        assert grant_in(kit, ask(kit)) == grant

    def test_a_coroutine_function_is_waited_for(self, kit: Kit) -> None:
        async def loader(site: str) -> Visitor:
            return {"visitor": site}

        load(kit, loader)
        assert grant_in(kit, ask(kit)).sub == "acme"

    def test_a_site_without_a_secret_has_one_of_this_app(self, kit: Kit) -> None:
        load(kit, says({"visitor": "u"}))
        given = text(ask(kit, "/vaani/v1/sites/other/grant"))
        assert kit.mint("other", "https://other.test", grant=given).status_code == 201
        is_problem(kit.mint("acme", grant=given), "grant_invalid", 403)

    def test_unknown_sites(self, kit: Kit) -> None:
        load(kit, says({"visitor": "u"}))
        is_problem(ask(kit, "/vaani/v1/sites/nobody/grant"), "site_not_found", 404)

    def test_methods(self, kit: Kit) -> None:
        load(kit, says({"visitor": "u"}))
        for method in ("POST", "PUT", "DELETE"):
            answer = kit.client.open(GRANT, method=method)
            is_problem(answer, "method_not_allowed", 405)
            assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["Allow"].split(", "))
        head = kit.client.head(GRANT)
        assert (head.status_code, head.data) == (200, b"")
        options = kit.client.options(GRANT)
        assert options.status_code == 200
        assert "GET" in options.headers["Allow"]

    def test_a_ledger_that_is_away_is_said(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        class Away:
            def grant_secret(self, site: str) -> bytes:
                raise StoreUnavailable

        monkeypatch.setitem(kit.state.services.__dict__, "keyring", Away())
        load(kit, says({"visitor": "u"}))
        is_problem(ask(kit, "/vaani/v1/sites/other/grant"), "store_unavailable", 503)


class TestOtherOrigins:
    @pytest.fixture
    def asked(self, kit: Kit) -> list[str]:
        asked: list[str] = []
        load(kit, lambda site: asked.append(site) or {"visitor": "u"})  # type: ignore[func-returns-value]
        return asked

    @pytest.mark.parametrize("fetched", ["cross-site", "same-site", "", "Same-Origin", "other"])
    def test_a_request_from_elsewhere_is_refused_unasked(
        self, kit: Kit, asked: list[str], fetched: str
    ) -> None:
        answer = ask(kit, Sec_Fetch_Site=fetched)
        is_problem(answer, "origin_not_allowed", 403)
        assert no_cors(answer)
        assert asked == []

    @pytest.mark.parametrize(
        "origin",
        [
            ORIGIN,  # may start calls of this site, and has no business with this app's sessions
            "null",
            "",
            "http://localhost.evil.test",
            "http://localhost:8080",
            "http://evil.test",
        ],
    )
    def test_so_is_an_origin_that_is_not_this_one(self, kit: Kit, asked: list[str], origin: str) -> None:
        answer = ask(kit, Origin=origin)
        is_problem(answer, "origin_not_allowed", 403)
        assert no_cors(answer)
        assert asked == []

    @pytest.mark.parametrize(
        "headers",
        [
            {},  # a browser that does not say
            {"Sec_Fetch_Site": "same-origin"},
            {"Sec_Fetch_Site": "none"},
            {"Origin": "http://localhost"},
            {"Origin": "https://localhost", "Sec_Fetch_Site": "same-origin"},
        ],
    )
    def test_this_ones_pages_are_served(self, kit: Kit, asked: list[str], headers: dict[str, str]) -> None:
        text(ask(kit, **headers))
        assert asked == ["acme"]

    def test_a_preflight_gets_no_yes(self, kit: Kit, asked: list[str]) -> None:
        preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        assert no_cors(kit.client.options(GRANT, headers=preflight))
        assert asked == []

    def test_the_hosts_own_cors_opens_nothing(self, make_kit: MakeKit, tmp_path: Path) -> None:
        app = Flask("host", instance_path=str(tmp_path / "i"))
        CORS(app, supports_credentials=True, origins=[ORIGIN])
        kit = make_kit(app)
        load(kit, says({"visitor": "u"}))
        for answer in (ask(kit), ask(kit, Origin=ORIGIN), ask(kit, Sec_Fetch_Site="cross-site")):
            assert no_cors(answer)
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_host_that_wants_everything_cached(make_kit: MakeKit, tmp_path: Path) -> None:
    app = Flask("host", instance_path=str(tmp_path / "i"))

    @app.after_request
    def cache(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    kit = make_kit(app)
    load(kit, says({"visitor": "u"}))
    text(ask(kit))
    load(kit, says(None))
    assert ask(kit).headers["Cache-Control"] == "no-store"


class User:
    """What an author returns by mistake."""

    name = HUSH


def refuses(site: str) -> object:
    return abort(401)


def fails(site: str) -> object:
    raise KeyError("plan")


WRONG: list[tuple[Loader, str]] = [
    (fails, "KeyError: 'plan'"),
    (refuses, "grant_loader aborted with 401: return None for a visitor who is not known"),
    (says(User()), "grant_loader returned something of type User: return None for"),
    (says(HUSH), "grant_loader returned something of type str"),
    (says(True), "grant_loader returned something of type bool"),
    (says([("visitor", 7)]), "grant_loader returned something of type list"),
    (says({"id": 7}), "grant_loader returned 'id'; there are visitor, locked, metadata"),
    (says({"visitor": HUSH * 50}), "grant_loader: visitor is text of 1 to 256 printable characters"),
    (says({"visitor": User()}), "grant_loader: visitor is of type User; pass an id, such as user.id"),
    (says({"visitor": True}), "grant_loader: visitor is of type bool"),
    (says({"locked": {"websocket_url": f"wss://{HUSH}"}}), "No grant may set websocket_url"),
    (says({"locked": {"env_flag": HUSH}}), "No grant may set env_flag"),
    (says({"locked": {"agent_id": HUSH}}), "this agent_id is not in the site's list of agents"),
    (says({"locked": {"agent_name": HUSH}}), "this agent_name is not in the site's list"),
    (says({"locked": {"voice_speed": 9}}), "voice_speed"),
    (says({"locked": HUSH}), "locked is an object"),
    (says({"metadata": {"plan": {"name": HUSH}}}), "metadata.plan"),
    (says({"metadata": {"plan": HUSH * 1000}}), "metadata is at most 4096 bytes"),
]


class TestMistakes:
    @pytest.mark.parametrize(("loader", "said"), WRONG)
    def test_the_log_names_what_to_write_and_nobody_else_hears_of_it(
        self, kit: Kit, caplog: pytest.LogCaptureFixture, loader: Loader, said: str
    ) -> None:
        load(kit, loader)
        with caplog.at_level(logging.INFO, "vaani_widget"):
            answer = ask(kit)
        problem = is_problem(answer, "internal_error", 500)
        assert problem["spent"] == "no"
        assert "plan" not in answer.text
        assert said in caplog.text
        assert problem["request_id"] in caplog.text
        assert HUSH not in caplog.text + answer.text
        assert no_cors(answer)

    def test_under_test_the_author_sees_it_at_once(self, kit: Kit) -> None:
        kit.app.testing = True
        load(kit, fails)
        with pytest.raises(KeyError):
            ask(kit)

    @pytest.mark.parametrize("wrong", [lambda: None, lambda site, user: None, lambda *, site: None])
    def test_a_function_of_another_form_is_refused_where_it_is_written(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="one argument, the site's key"):
            VaaniWidget().grant_loader(wrong)


class TestRegistering:
    def app(self, tmp_path: Path, name: str = "host") -> Flask:
        app = Flask(name, instance_path=str(tmp_path / name))
        app.config.from_mapping(MINIMAL)
        return app

    def test_before_and_after_and_for_many_apps(self, tmp_path: Path) -> None:
        vaani = VaaniWidget()
        first, second, bare = (self.app(tmp_path, name) for name in ("first", "second", "bare"))
        vaani.init_app(first)
        bare.register_blueprint(blueprint)
        path = GRANT
        assert first.test_client().get(path).status_code == 404

        @vaani.grant_loader
        def loader(site: str) -> Visitor | None:
            return {"visitor": session["user"]} if "user" in session else None

        assert callable(loader), "the function stays a function"
        vaani.init_app(second)
        for app in (first, second):
            client = app.test_client()
            assert client.get(path).status_code == 204
            with client.session_transaction() as visit:
                visit["user"] = app.name
            given = read_grant(
                client.get(path).get_json()["grant"], site="acme", secrets=[SECRET.encode()], now=time.time()
            )
            assert given.sub == app.name
        assert bare.test_client().get(path).status_code == 404, "another object's loader is none of its own"

    def test_each_object_has_its_own_and_the_last_counts(self, tmp_path: Path) -> None:
        one, other = VaaniWidget(), VaaniWidget()
        first, second = self.app(tmp_path, "first"), self.app(tmp_path, "second")
        one.init_app(first)
        other.init_app(second)
        one.grant_loader(says({"visitor": "old"}))
        one.grant_loader(says({"visitor": "new"}))
        assert second.test_client().get(GRANT).status_code == 404
        given = first.test_client().get(GRANT).get_json()["grant"]
        assert read_grant(given, site="acme", secrets=[SECRET.encode()], now=time.time()).sub == "new"


class TestTheTag:
    def test_with_a_loader_it_says_where_the_next_grant_is(self, kit: Kit) -> None:
        load(kit, says({"visitor": "u"}))
        answer = rendered(kit, 'vaani_widget("acme")')
        assert tag(answer) == {
            "async": None,
            "src": "/vaani/widget.js",
            "data-site": "acme",
            "data-grant-url": GRANT,
        }
        assert "Cache-Control" not in answer.headers, "the page is the same for everybody"
        text(ask(kit, tag(answer)["data-grant-url"] or ""))

    def test_with_a_visitor_it_says_both(self, kit: Kit) -> None:
        load(kit, says({"visitor": "u"}))
        answer = rendered(kit, 'vaani_widget("acme", visitor=7)')
        assert tag(answer)["data-grant-url"] == GRANT
        assert tag(answer)["data-grant"]
        assert answer.headers["Cache-Control"] == "private, no-store"

    def test_of_the_default_site(self, make_kit: MakeKit) -> None:
        kit = make_kit(VAANI_AGENT="demo")
        load(kit, says(None))
        assert tag(rendered(kit, "vaani_widget()"))["data-grant-url"] == "/vaani/v1/sites/default/grant"

    def test_the_author_has_the_last_word(self, kit: Kit) -> None:
        load(kit, says({"visitor": "u"}))
        assert tag(rendered(kit, 'vaani_widget("acme", grant_url="/mine")'))["data-grant-url"] == "/mine"
        assert "data-grant-url" not in tag(rendered(kit, 'vaani_widget("acme", grant_url=None)'))

    def test_without_a_loader_there_is_none(self, kit: Kit) -> None:
        assert "data-grant-url" not in tag(rendered(kit, 'vaani_widget("acme", visitor=7)'))

    def test_it_follows_prefix_and_mount(self, make_kit: MakeKit) -> None:
        kit = make_kit(VAANI_AGENT="demo", url_prefix="/voice")
        load(kit, says({"visitor": "u"}))
        kit.app.add_url_rule("/", "home", lambda: render_template_string("<p>{{ vaani_widget() }}"))
        page = kit.client.get("/", base_url="http://shop.test/sub")
        assert tag(page)["data-grant-url"] == "/sub/voice/v1/sites/default/grant"

    def test_a_subdomain_of_its_own_knows_no_session_of_the_page(self, tmp_path: Path) -> None:
        host = Flask("sub", instance_path=str(tmp_path / "i"), subdomain_matching=True)
        host.config.update({**MINIMAL, "SERVER_NAME": "shop.test"})
        host.register_blueprint(
            blueprint, subdomain="voice", url_prefix="", vaani_grant_loader=lambda: says({"visitor": "u"})
        )
        host.add_url_rule("/", "home", lambda: render_template_string("<p>{{ vaani_widget('acme') }}"))
        page = host.test_client().get("/", base_url="http://shop.test")
        assert tag(page)["src"] == "http://voice.shop.test/widget.js"
        assert "data-grant-url" not in tag(page)


class Member(UserMixin):
    def __init__(self, key: str) -> None:
        self.id, self.plan = key, "सोना"


class TestInsideAHost:
    """A login wall, protection against forged requests and permanent sessions, all at once."""

    @pytest.fixture
    def kit(self, make_kit: MakeKit, tmp_path: Path) -> Kit:
        app = Flask("host", instance_path=str(tmp_path / "i"))
        LoginManager(app).user_loader(Member)
        CSRFProtect(app)

        @app.before_request
        def permanent() -> None:
            session.permanent = True
            session["seen"] = session.get("seen", 0) + 1

        @app.before_request
        def login_wall() -> object:
            if request.blueprint == "vaani_widget" or request.path == "/login":
                return None
            return None if current_user.is_authenticated else redirect("/login")

        @app.get("/login")
        def login() -> str:
            login_user(Member("m-7"))
            return "in"

        kit = make_kit(app)

        def loader(site: str) -> Visitor | None:
            if not current_user.is_authenticated:
                return None
            return {"visitor": current_user.id, "metadata": {"plan": current_user.plan}}

        load(kit, loader)
        return kit

    def test_who_is_logged_in_is_known(self, kit: Kit) -> None:
        client = kit.client
        assert client.get("/").status_code == 302
        assert client.get(GRANT).status_code == 204
        client.get("/login")
        answer = client.get(GRANT)
        assert "Set-Cookie" in answer.headers
        given = text(answer)
        assert read_grant(given, site="acme", secrets=[SECRET.encode()], now=kit.clock.now) == Grant(
            "m-7", {}, {"plan": "सोना"}
        )
        minted = post(client, "/vaani/v1/sites/acme/token", {"grant": given})
        body = {"site_token": minted.get_json()["site_token"], "metadata": {"plan": "मुफ़्त"}}
        assert post(client, "/vaani/v1/calls", body).status_code == 201
        assert kit.vaani.bodies == [{"agent_id": AGENT, "metadata": {"plan": "सोना"}}]

    def test_the_session_of_one_is_not_that_of_another(self, kit: Kit) -> None:
        member, stranger = kit.client, kit.client
        member.get("/login")
        assert member.get(GRANT).status_code == 200
        assert stranger.get(GRANT).status_code == 204
