"""Inside somebody's app: its protections, sessions, headers and errors stay its own, and ours ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, render_template_string, request, session
from flask_cors import CORS
from flask_login import LoginManager, current_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.server.conftest import ORIGIN, SITES, Kit, MakeKit, is_problem, post
from vaani_widget import blueprint

SHARED = {**SITES, "acme": {**SITES["acme"], "share": True}}


@pytest.fixture
def host(tmp_path: Path) -> Flask:
    app = Flask("host", instance_path=str(tmp_path / "i"))
    app.add_url_rule("/own", "own", lambda: "own", methods=["GET", "POST"])
    return app


def a_call_begins(kit: Kit, prefix: str = "/vaani", base_url: str = "http://localhost") -> TestResponse:
    client = kit.client
    minted = post(client, f"{prefix}/v1/sites/acme/token", {}, base_url=base_url)
    assert minted.status_code == 201, minted.text
    body = {"site_token": minted.get_json(force=True)["site_token"]}
    started = post(client, f"{prefix}/v1/calls", body, base_url=base_url)
    assert started.status_code == 201, started.text
    call = started.get_json(force=True)
    path = f"{prefix}/v1/calls/{call['call_id']}/progress"
    told = post(client, path, {"call_token": call["call_token"], "event": "ended"}, base_url=base_url)
    assert told.status_code == 204, told.text
    return started


class TestCsrfProtection:
    def hosts(self, make_kit: MakeKit, app: Flask) -> list[Kit]:
        CSRFProtect(app)
        before = make_kit(app)
        other = Flask("other", instance_path=app.instance_path)
        other.add_url_rule("/own", "own", lambda: "own", methods=["GET", "POST"])
        after = make_kit(other)
        late = CSRFProtect()
        late.init_app(other)
        return [before, after]

    def test_does_not_stand_in_the_way_whatever_the_order(self, make_kit: MakeKit, host: Flask) -> None:
        for kit in self.hosts(make_kit, host):
            a_call_begins(kit)
            is_problem(post(kit.client, "/vaani/nowhere", {}), "not_found", 404)

    def test_still_protects_the_host(self, make_kit: MakeKit, host: Flask) -> None:
        for kit in self.hosts(make_kit, host):
            a_call_begins(kit)
            assert kit.client.post("/own").status_code == 400


class TestLoginWall:
    def test_ours_are_let_through_by_name(self, make_kit: MakeKit, host: Flask, build: Path) -> None:
        login = LoginManager(host)
        login.user_loader(lambda _: None)

        @host.before_request
        def wall() -> object:
            if request.blueprint == "vaani_widget":
                return None
            return None if current_user.is_authenticated else redirect("/login")

        kit = make_kit(host)
        a_call_begins(kit)
        assert kit.client.get("/vaani/widget.js").status_code == 200
        assert kit.client.get("/own").status_code == 302


class TestCookies:
    def host_that_refreshes_its_session(self, app: Flask, touches: bool) -> None:
        @app.before_request
        def keep() -> None:
            session.permanent = True
            if touches:
                session["seen"] = True

    @pytest.mark.parametrize("touches", [True, False])
    def test_scripts_are_private_where_the_host_sends_its_cookie(
        self, make_kit: MakeKit, host: Flask, build: Path, touches: bool
    ) -> None:
        self.host_that_refreshes_its_session(host, touches)
        kit = make_kit(host)
        client = kit.client
        for path in ("widget.js", "sites/acme/widget.js", "assets/panel-ABC123.js", "assets/panel-OLD.js"):
            for _ in range(2):
                answer = client.get(f"/vaani/{path}")
                assert answer.status_code == 200
                assert "Set-Cookie" in answer.headers
                assert answer.cache_control.private
                assert not answer.cache_control.public
            again = client.get(f"/vaani/{path}", headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status_code == 304
            assert not again.cache_control.public
        assert client.get("/vaani/assets/panel-ABC123.js").cache_control.immutable

    def test_a_session_of_another_make(self, make_kit: MakeKit, host: Flask, build: Path) -> None:
        @host.after_request
        def count(response: Response) -> Response:
            response.set_cookie("visits", "1")
            return response

        answer = make_kit(host).client.get("/vaani/widget.js")
        assert answer.cache_control.private
        assert not answer.cache_control.public

    def test_none_is_ours_and_a_session_that_is_at_rest_changes_nothing(
        self, make_kit: MakeKit, host: Flask, build: Path
    ) -> None:
        host.add_url_rule("/login", "login", lambda: session.update(user=1) or "in")  # type: ignore[func-returns-value]
        kit = make_kit(host)
        client = kit.client
        client.get("/login")
        for path in ("widget.js", "assets/panel-ABC123.js", "healthz"):
            answer = client.get(f"/vaani/{path}")
            assert "Set-Cookie" not in answer.headers
            assert "Cookie" not in answer.headers.get("Vary", "")
        assert client.get("/vaani/widget.js").cache_control.public


class TestTalisman:
    def test_its_headers_and_ours(self, make_kit: MakeKit, host: Flask, build: Path) -> None:
        Talisman(host, content_security_policy={"default-src": "'self'"})
        kit = make_kit(host, VAANI_WIDGET_SITES=SHARED)
        secure = "https://localhost"
        a_call_begins(kit, base_url=secure)
        assert kit.client.get("/vaani/widget.js", base_url=secure).status_code == 200
        page = kit.client.get("/vaani/call/acme", base_url=secure)
        policies = page.headers.getlist("Content-Security-Policy")
        assert len(policies) == 1
        assert "'strict-dynamic'" in policies[0]
        assert "X-Frame-Options" not in page.headers
        assert page.headers.getlist("Permissions-Policy") == ["microphone=(self), autoplay=(self)"]
        assert page.headers.getlist("Referrer-Policy") == ["strict-origin"]
        assert (
            kit.client.get("/own", base_url=secure).headers["Content-Security-Policy"] == "default-src 'self'"
        )
        assert kit.client.get("/vaani/healthz").status_code == 302, "its redirect to https is the host's wish"


class TestErrors:
    def test_handlers_of_the_host_do_not_answer_for_us(self, make_kit: MakeKit, host: Flask) -> None:
        for status in (400, 403, 404, 405, 413, 415, 500):
            host.register_error_handler(status, lambda error: ("the host's page", 418))
        host.register_error_handler(HTTPException, lambda error: ("the host's page", 418))
        host.register_error_handler(Exception, lambda error: ("the host's page", 418))
        kit = make_kit(host)
        is_problem(kit.client.get("/vaani/nowhere"), "not_found", 404)
        is_problem(kit.client.get("/vaani/v1/calls"), "method_not_allowed", 405)
        is_problem(post(kit.client, "/vaani/v1/calls", {}), "bad_request", 400)
        is_problem(post(kit.client, "/vaani/v1/calls", {"x": "x" * 17000}), "body_too_large", 413)
        is_problem(kit.client.post("/vaani/v1/calls", data={"a": 1}), "unsupported_media_type", 415)
        is_problem(kit.mint(origin="https://evil.test"), "origin_not_allowed", 403)
        kit.state.services.__dict__["keyring"] = None
        is_problem(kit.mint(), "internal_error", 500)
        assert kit.client.get("/elsewhere").status_code == 418

    @pytest.mark.parametrize("setting", ["TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS"])
    def test_trapping_changes_nothing_for_us(self, make_kit: MakeKit, host: Flask, setting: str) -> None:
        kit = make_kit(host, **{setting: True})
        is_problem(kit.client.get("/vaani/nowhere"), "not_found", 404)
        is_problem(post(kit.client, "/vaani/v1/calls", {"x": "x" * 17000}), "body_too_large", 413)
        is_problem(post(kit.client, "/vaani/v1/calls", {}), "bad_request", 400)

    def test_what_the_host_refuses_it_refuses_in_its_own_words(self, make_kit: MakeKit, host: Flask) -> None:
        host.register_error_handler(HTTPException, lambda error: ("the host says no", error.code))

        @host.before_request
        def guard() -> None:
            if "X-Banned" in request.headers:
                abort(429)

        answer = make_kit(host).client.get("/vaani/healthz", headers={"X-Banned": "1"})
        assert (answer.status_code, answer.text) == (429, "the host says no")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


class TestWhatTheHostReadsAndWrites:
    def test_a_host_that_reads_every_body_first(self, make_kit: MakeKit, host: Flask) -> None:
        @host.before_request
        def peek() -> None:
            request.get_data()

        kit = make_kit(host)
        a_call_begins(kit)
        is_problem(post(kit.client, "/vaani/v1/calls", {"x": "x" * 17000}), "body_too_large", 413)

    def test_a_host_that_wants_everything_cached(self, make_kit: MakeKit, host: Flask) -> None:
        @host.after_request
        def cache(response: Response) -> Response:
            response.headers["Cache-Control"] = "public, max-age=3600"
            return response

        @host.get("/account")
        def account() -> str:
            return render_template_string("{{ vaani_widget('acme', visitor='7') }}")

        kit = make_kit(host, VAANI_WIDGET_SITES=SHARED)
        assert a_call_begins(kit).headers["Cache-Control"] == "no-store"
        page = kit.client.get("/account")
        assert "data-grant=" in page.text
        assert page.headers.getlist("Cache-Control") == ["private, no-store"], "one visitor's own"
        assert kit.mint().headers["Cache-Control"] == "no-store"
        assert kit.mint(origin="https://evil.test").headers["Cache-Control"] == "no-store"
        assert kit.client.get("/vaani/call/acme").headers["Cache-Control"] == "no-store"
        assert kit.client.get("/own").headers["Cache-Control"] == "public, max-age=3600"

    def test_a_host_with_its_own_way_of_writing_json(self, make_kit: MakeKit, host: Flask) -> None:
        class Shouting(type(host.json)):  # type: ignore[misc]
            def dumps(self, obj: object, **_: object) -> str:
                return '"SHOUTED"'

        host.json = Shouting(host)
        kit = make_kit(host)
        a_call_begins(kit)
        is_problem(kit.client.get("/vaani/nowhere"), "not_found", 404)


class TestPlaces:
    @pytest.mark.parametrize("prefix", ["/vaani", "/voice", "/a/b/c", "/voice/"])
    def test_any_prefix(self, make_kit: MakeKit, host: Flask, prefix: str) -> None:
        kit = make_kit(host, url_prefix=prefix)
        a_call_begins(kit, prefix.rstrip("/"))
        is_problem(kit.client.get(f"{prefix.rstrip('/')}/nowhere"), "not_found", 404)

    @pytest.mark.parametrize("prefix", ["", "/"])
    def test_at_the_root_the_hosts_own_404_stays(self, make_kit: MakeKit, host: Flask, prefix: str) -> None:
        host.add_url_rule("/", "home", lambda: "home")
        kit = make_kit(host, url_prefix=prefix)
        a_call_begins(kit, "")
        assert kit.client.get("/").text == "home"
        assert kit.client.get("/own").text == "own"
        assert kit.client.get("/elsewhere").mimetype == "text/html"

    def test_a_host_that_catches_all_itself(self, make_kit: MakeKit, host: Flask) -> None:
        host.add_url_rule("/<path:rest>", "spa", lambda rest: "spa")
        kit = make_kit(host)
        a_call_begins(kit)
        is_problem(kit.client.get("/vaani/nowhere"), "not_found", 404)
        assert kit.client.get("/elsewhere").text == "spa"

    @pytest.mark.parametrize(
        "config",
        [{"SERVER_NAME": "shop.test"}, {"APPLICATION_ROOT": "/app"}, {"PREFERRED_URL_SCHEME": "https"}],
    )
    def test_settings_of_addresses(self, make_kit: MakeKit, host: Flask, config: dict[str, str]) -> None:
        a_call_begins(make_kit(host, **config))

    def test_a_subdomain_of_its_own(self, make_kit: MakeKit, tmp_path: Path) -> None:
        host = Flask("sub", instance_path=str(tmp_path / "i"), subdomain_matching=True)
        host.config.update(SERVER_NAME="shop.test", VAANI_API_KEY="k", VAANI_AGENT="a", SECRET_KEY="h" * 32)
        host.register_blueprint(blueprint, subdomain="voice", url_prefix="")
        client = host.test_client()
        is_problem(client.get("/nowhere", base_url="http://voice.shop.test"), "not_found", 404)
        assert client.get("/healthz", base_url="http://voice.shop.test").status_code == 200
        assert client.get("/healthz", base_url="http://shop.test").status_code == 404

    def test_below_another_blueprint(self, tmp_path: Path) -> None:
        host = Flask("nest", instance_path=str(tmp_path / "i"))
        host.config.update(VAANI_API_KEY="k", VAANI_AGENT="a", SECRET_KEY="h" * 32)
        CSRFProtect(host)
        outer = Blueprint("outer", "outer", url_prefix="/outer")
        outer.register_blueprint(blueprint)
        host.register_blueprint(outer)
        client = host.test_client()
        headers = {"Origin": "http://localhost"}
        answer = client.post("/outer/vaani/v1/sites/default/token", json={}, headers=headers)
        assert answer.status_code == 201
        is_problem(client.get("/outer/vaani/nowhere"), "not_found", 404)
        with host.test_request_context():
            from vaani_widget.embedding import vaani_widget

            assert 'src="/outer/vaani/widget.js"' in vaani_widget()


def test_all_of_it_at_once(make_kit: MakeKit, host: Flask, build: Path) -> None:
    """The host that somebody really has: each of these has been enough to break a widget on its own."""
    CORS(host, supports_credentials=True)
    Talisman(host, content_security_policy={"default-src": "'self'"}, force_https=False)
    CSRFProtect(host)
    login = LoginManager(host)
    login.user_loader(lambda _: None)
    host.register_error_handler(404, lambda error: ("lost", 404))
    host.register_error_handler(Exception, lambda error: ("oops", 500))

    def before() -> object:
        session.permanent = True
        session["n"] = session.get("n", 0) + 1
        if request.blueprint == "vaani_widget" or current_user.is_authenticated:
            return None
        return redirect("/login")

    wall: Callable[[], object] = before
    host.before_request(wall)  # type: ignore[type-var]
    kit = make_kit(host, VAANI_WIDGET_SITES=SHARED, MAX_CONTENT_LENGTH=100, TRAP_HTTP_EXCEPTIONS=True)
    started = a_call_begins(kit)
    assert started.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    assert started.headers["Cache-Control"] == "no-store"
    script = kit.client.get("/vaani/widget.js", headers={"Origin": ORIGIN})
    assert script.cache_control.private
    refused = post(kit.client, "/vaani/v1/calls", {})
    is_problem(refused, "bad_request", 400)
    assert refused.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    assert "Access-Control-Allow-Credentials" not in refused.headers
    is_problem(kit.client.get("/vaani/nowhere"), "not_found", 404)
    assert "'strict-dynamic'" in kit.client.get("/vaani/call/acme").headers["Content-Security-Policy"]
    assert kit.client.get("/own").status_code == 302
