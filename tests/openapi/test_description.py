"""What ``/openapi.json`` says, and that nothing of the protocol is missing in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import jsonschema_rs
from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import vaani_widget
from tests.server.conftest import AGENT, ORIGIN, Kit, MakeKit
from vaani_widget import shapes
from vaani_widget.call_parameters import PARAMETERS
from vaani_widget.errors import REFUSALS
from vaani_widget.web import ROUTES
from vaani_widget.web.openapi_operations import OPERATIONS


def described(kit: Kit, path: str = "/vaani/openapi.json", **more: Any) -> dict[str, Any]:
    answer = kit.client.get(path, **more)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json  # type: ignore[assignment]
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def properties(document: dict[str, Any], schema: str) -> set[str]:
    return set(document["components"]["schemas"][schema]["properties"])


def test_every_route_is_described_and_every_description_is_a_route(kit: Kit) -> None:
    routes = {
        (method, path.replace("<", "{").replace(">", "}"), endpoint) for method, path, endpoint, _ in ROUTES
    }
    found = {
        (method, path, operation["operationId"]) for method, path, operation in operations(described(kit))
    }
    assert found == routes
    assert set(OPERATIONS) == {endpoint for _, _, endpoint, _ in ROUTES}


def test_every_code_is_described(kit: Kit) -> None:
    document = described(kit)
    answered = {
        code
        for _, _, operation in operations(document)
        for answer in [
            *operation["responses"].values(),
            document["components"]["responses"]["MethodNotAllowed"],
        ]
        for content in answer.get("content", {}).values()
        for part in content["schema"].get("allOf", ())
        for code in part.get("properties", {}).get("code", {}).get("enum", ())
    }
    assert answered == set(REFUSALS)
    assert set(document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(REFUSALS)


def test_every_field_of_a_request_is_described(kit: Kit) -> None:
    document = described(kit)
    for shape in (shapes.TokenRequest, shapes.CallRequest, shapes.ProgressRequest):
        names = {field.name for field in fields(shape)}
        if "consent_version" in names:  # written as {"consent": {"version": …}}
            names = names - {"consent_version"} | {"consent"}
        assert properties(document, shape.__name__) == names
    settings = {name for name, parameter in PARAMETERS.items() if not parameter.page_never} - {"metadata"}
    assert properties(document, "CallSettings") == settings
    speed = document["components"]["schemas"]["CallSettings"]["properties"]["voice_speed"]
    assert (speed["type"], speed["minimum"], speed["maximum"]) == ("number", 0.6, 1.4)


def test_every_body_goes_as_text_and_as_json(kit: Kit) -> None:
    posts = [operation for method, _, operation in operations(described(kit)) if method == "POST"]
    assert len(posts) == 3
    for operation in posts:
        content = operation["requestBody"]["content"]
        assert set(content) == {"text/plain", "application/json"}
        assert content["text/plain"]["schema"]["contentSchema"] == content["application/json"]["schema"]


def test_schemas_are_schemas_and_pointers_lead_somewhere(kit: Kit) -> None:
    document = described(kit)
    assert document["openapi"].startswith("3.1.")
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    for pointer in pointers(document):
        at: Any = document
        for step in pointer.removeprefix("#/").split("/"):
            at = at[step]


def pointers(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from pointers(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from pointers(inner)


def test_the_server_is_where_this_one_is(make_kit: MakeKit) -> None:
    assert described(make_kit())["servers"] == [{"url": "/vaani"}]
    moved = make_kit(url_prefix="/talk/to/us")
    assert described(moved, "/talk/to/us/openapi.json")["servers"] == [{"url": "/talk/to/us"}]
    moved.app.wsgi_app = ProxyFix(moved.app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    behind = described(moved, "/talk/to/us/openapi.json", headers={"X-Forwarded-Prefix": "/shop"})
    assert behind["servers"] == [{"url": "/shop/talk/to/us"}]


def test_paths_are_the_same_wherever_the_blueprint_lies(kit: Kit) -> None:
    app = Flask("nested")
    app.config.update(VAANI_API_KEY="vaani_0", VAANI_AGENT="a", SECRET_KEY="k" * 32)
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    outer.register_blueprint(vaani_widget.blueprint, url_prefix="/inner")
    app.register_blueprint(outer)
    nested = app.test_client().get("/outer/inner/openapi.json").json
    assert nested is not None
    assert nested["servers"] == [{"url": "/outer/inner"}]
    assert nested["paths"] == described(kit)["paths"]


def test_anybody_may_read_it_and_keep_it_for_a_while(kit: Kit) -> None:
    path = "/vaani/openapi.json"
    answer = kit.client.get(path, headers={"Origin": "https://somewhere.test"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.content_type == "application/json"
    assert answer.cache_control.public
    assert answer.cache_control.max_age == 300
    again = kit.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_nothing_of_an_owners_is_in_it(kit: Kit) -> None:
    text = kit.client.get("/vaani/openapi.json").text
    for private in (AGENT, ORIGIN, "Acme", "vaani_canary"):
        assert private not in text
