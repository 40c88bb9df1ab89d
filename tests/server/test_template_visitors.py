"""Who ``visitor=`` is, as templates write it: a visitor, somebody who is not logged in, or a mistake."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_login import LoginManager, UserMixin, login_user
from jinja2 import StrictUndefined

from tests.server.conftest import SECRET, SITES, Kit, MakeKit, is_problem, post
from tests.server.test_embedding import rendered, tag
from vaani_widget.tokens import read_grant

SIGNED = {"acme": {**SITES["acme"], "origins": ["self"], "require": "signed"}}


class Member(UserMixin):
    id, plan = 7, "gold"


def sub(kit: Kit, written: dict[str, str | None]) -> str | None:
    grant = read_grant(written["data-grant"], site="acme", secrets=[SECRET.encode()], now=kit.clock.now)
    return grant.sub


class TestSomebodyLoggedOutByFlaskLogin:
    """The ways in which templates write it; ``current_user`` is Flask-Login's own anonymous user."""

    @pytest.fixture(params=["plain", "strict"])
    def kit(self, make_kit: MakeKit, tmp_path: Path, request: pytest.FixtureRequest) -> Kit:
        app = Flask("host", instance_path=str(tmp_path / "i"))
        if request.param == "strict":
            app.jinja_options = {"undefined": StrictUndefined}
        LoginManager(app).user_loader(lambda _: Member())
        app.add_url_rule("/login", "login", lambda: str(login_user(Member())))
        return make_kit(app, VAANI_WIDGET_SITES=SIGNED)

    @pytest.mark.parametrize(
        "visitor",
        [
            "current_user.id",
            "current_user.is_authenticated and current_user.id",
            "current_user.id if current_user.is_authenticated",
            "current_user.get_id()",
            "current_user.is_authenticated and current_user.id or ''",
        ],
    )
    def test_is_nobody_and_a_site_for_signed_visitors_turns_them_away(self, kit: Kit, visitor: str) -> None:
        call = f"vaani_widget(visitor={visitor})"
        kit.app.add_url_rule("/", "page", lambda: render_template_string(f"<p>{{{{ {call} }}}}"))
        client = kit.client
        page = client.get("/")
        assert "data-grant" not in tag(page)
        assert "Cache-Control" not in page.headers, "the page is the same for everybody"
        mint = "/vaani/v1/sites/acme/token"
        is_problem(post(client, mint, {}, "http://localhost"), "signed_visitors_only", 403)

        client.get("/login")
        written = tag(client.get("/"))
        assert sub(kit, written) == "7"
        assert post(client, mint, {"grant": written["data-grant"]}, "http://localhost").status_code == 201

    def test_has_no_metadata_either(self, kit: Kit) -> None:
        plan = 'visitor=current_user.id, metadata={"plan": current_user.plan}'
        assert "data-grant" not in tag(rendered(kit, f"vaani_widget({plan})"))
        page = tag(rendered(kit, 'vaani_widget(visitor=nobody, metadata={"plan": nobody, "page": "home"})'))
        grant = read_grant(page["data-grant"], site="acme", secrets=[SECRET.encode()], now=kit.clock.now)
        assert (grant.sub, grant.metadata) == (None, {"page": "home"})

    def test_locks_nothing(self, kit: Kit) -> None:
        assert "data-grant" not in tag(rendered(kit, "vaani_widget(visitor=no, locked=no, metadata=no)"))


ONE = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("visitor", "name"), [("u-7", "u-7"), (7, "7"), (0, "0"), (ONE, str(ONE)), ("False", "False")]
)
def test_an_id_is_text_a_whole_number_or_a_uuid(kit: Kit, visitor: object, name: str) -> None:
    assert sub(kit, tag(rendered(kit, 'vaani_widget("acme", visitor=v)', v=visitor))) == name


@pytest.mark.parametrize("visitor", [None, False, ""])
def test_nobody(kit: Kit, visitor: object) -> None:
    assert "data-grant" not in tag(rendered(kit, 'vaani_widget("acme", visitor=v)', v=visitor))


def test_nobody_is_not_too_much_beside_a_grant(kit: Kit) -> None:
    assert tag(rendered(kit, 'vaani_widget("acme", visitor=False, grant="x")'))["data-grant"] == "x"


@pytest.mark.parametrize("visitor", [True, 3.5, b"v", ["v"], Member(), Member])
def test_what_names_nobody_for_certain_is_a_mistake(kit: Kit, visitor: Any) -> None:
    kit.app.testing = True
    with pytest.raises(ValueError, match=r"visitor is of type \w+; pass an id, such as user\.id") as mistake:
        rendered(kit, 'vaani_widget("acme", visitor=v)', v=visitor)
    assert repr(visitor) not in str(mistake.value)
