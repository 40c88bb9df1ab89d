"""schemathesis asks every operation for what its description allows, and for what it does not: whatever
comes back has to be in the description."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.attack.conftest import Ceiling
from tests.parts.unhurried import unhurried
from tests.server.conftest import AGENT, ORIGIN, SECRET, SITES, Kit, MakeKit
from vaani_widget.tokens import sign_grant
from vaani_widget.web.openapi_operations import OPERATIONS

EXAMPLES = {"site_token": 60, "calls": 100, "progress": 50}
"""Of each kind. There are few ways to ask anything else."""

FEW = 10
TIMES = 12
"""So many times as much at full length, and never the same twice."""

REACHED = {
    "site_token": {201, 400, 403, 404},
    "calls": {201, 400, 403, 409, 422, 429, 502, 503, 504},
    "progress": {204, 400},
    "grant": {200, 403, 404},
    "call_page": {200, 404},
    "site_widget_js": {200, 404},
    "asset": {200, 404},
    "metrics": {200, 404},
}
"""Statuses that have to come, or too little was tried; elsewhere 200 alone."""

TOKEN = "m" * 32
FAILURES: list[int | Exception | None] = [
    *[None] * 12,
    *[401, 402, 403, 404, 418, 422, 429, 500, 503, 302],
    httpx.ConnectError("refused"),
    httpx.ReadError("reset"),
    *[httpx.ReadTimeout("late"), httpx.ConnectTimeout("late")] * 2,
]
"""What Vaani may do; mostly it answers."""

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
    unsupported_method,
]
ANSWERS = ("Problem", "SiteToken", "Site", "Call", "Grant", "Health")

Draw = Callable[[st.SearchStrategy[Any]], Any]
MOSTLY = st.sampled_from([True] * 9 + [False])


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    shared = {**SITES["acme"], "share": True, "look": {"label": "Talk", "offset_x": 3}}
    asking = {**SITES["acme"], "consent": {"version": "1", "text": "Yes?"}, "text": {"en": {"label": "Go"}}}
    spent = {**SITES["acme"], "limits": {"site": "1/day"}, "challenge": "off"}
    made = make_kit(
        VAANI_WIDGET_SITES={**SITES, "acme": shared, "asking": asking, "spent": spent},
        VAANI_WIDGET_METRICS_TOKEN=TOKEN,
    )
    state = replace(made.state, grant_loader=lambda: lambda site: {"visitor": "v-1"})
    made.app.extensions["vaani_widget"] = state
    unhurried(made.app)
    return made


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The description, so strict that an answer's member that is not in it is an error."""
    document = copy.deepcopy(document)
    for name in ANSWERS:
        document["components"]["schemas"][name]["additionalProperties"] = False
    return document


def operation(app: Flask, endpoint: str) -> Any:
    schema = schemathesis.openapi.from_dict(closed(app.test_client().get("/vaani/openapi.json").json))
    schema.app = app
    found = [made.ok() for made in schema.get_all_operations()]
    return next(one for one in found if one.definition.raw["operationId"] == endpoint)


class Visitor:
    """Knows what a fuzzer can't guess: a site's key, its origin, tokens that are good."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        assert kit.call(kit.token("spent")).status_code == 201  # its day has one

    def dress(self, case: Case, draw: Draw) -> None:
        """Most of the request as it should be, so that what is wrong is seen alone."""
        endpoint = case.operation.definition.raw["operationId"]
        headers = case.headers or {}
        own = "http://localhost" if endpoint == "grant" else ORIGIN
        origin = draw(st.sampled_from([own] * 6 + ["https://evil.test", "null", None]))
        if origin is not None:
            headers["Origin"] = origin
        if endpoint == "metrics" and draw(st.booleans()):
            headers["Authorization"] = f"Bearer {TOKEN}"
        case.headers = headers
        if "site" in case.path_parameters:
            known = ["acme"] * 3 + ["asking", "other", "nobody", case.path_parameters["site"]]
            case.path_parameters["site"] = draw(st.sampled_from(known))
        if "filename" in case.path_parameters and draw(st.booleans()):
            case.path_parameters["filename"] = "panel-ABC123.js"
        make = getattr(self, f"_{endpoint}", None)
        if make is not None and isinstance(case.body, dict | str):
            self._fill(case, make(case, draw), draw)

    def _fill(self, case: Case, known: dict[str, Any], draw: Draw) -> None:
        as_text = isinstance(case.body, str)
        if as_text and not draw(st.booleans()):
            return
        body: dict[str, Any] = {} if isinstance(case.body, str) else dict(case.body)
        body |= {name: value for name, value in known.items() if draw(MOSTLY)}
        case.body = json.dumps(body) if as_text else body

    def _site_token(self, case: Case, draw: Draw) -> dict[str, Any]:
        now, secret = self.kit.clock.now, SECRET.encode()
        good = sign_grant(site="acme", secret=secret, visitor="v", metadata={"plan": "x"}, now=now)
        old = sign_grant(site="acme", secret=secret, now=now - 7200)
        grants = [None, None, good, good, old, "no.grant.atall"]
        return {
            "agent": draw(st.sampled_from([None, AGENT, "nobody"])),
            "grant": draw(st.sampled_from(grants)),
        }

    def _calls(self, case: Case, draw: Draw) -> dict[str, Any]:
        self.kit.vaani._failures.clear()
        failure = draw(st.sampled_from(FAILURES))
        if failure is not None:
            self.kit.vaani.fail_next(failure)
        token = self.kit.token(draw(st.sampled_from(["acme", "acme", "asking", "spent"])))
        if not draw(MOSTLY):
            self.kit.call(token)
        known: dict[str, Any] = {"site_token": token, "consent": {"version": "1"}}
        if draw(st.booleans()):
            known |= {"settings": {"voice_speed": 1.2, "welcome_message": "Hi"}, "metadata": {"page": "/"}}
        return known

    def _progress(self, case: Case, draw: Draw) -> dict[str, Any]:
        call = self.kit.call(self.kit.token()).json
        assert call is not None
        if draw(MOSTLY):
            case.path_parameters["call_id"] = call["call_id"]
        return {"call_token": call["call_token"], "event": draw(st.sampled_from(["connected", "ended"]))}


@pytest.mark.parametrize("endpoint", OPERATIONS)
def test_every_answer_is_described(
    kit: Kit, build: object, endpoint: str, ceiling: Ceiling, long: bool
) -> None:
    asked = operation(kit.app, endpoint)
    visitor = Visitor(kit)
    statuses: Counter[int] = Counter()
    described: list[int] = []
    many = settings(
        max_examples=EXAMPLES.get(endpoint, FEW) * (TIMES if long else 1),
        phases=[Phase.generate],
        derandomize=not long,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    def attempt(case: Case, data: st.DataObject) -> None:
        visitor.dress(case, data.draw)
        answer = case.call()
        statuses[answer.status_code] += 1
        assert answer.status_code != 500, answer.text
        case.validate_response(answer, checks=CHECKS)
        described.append(answer.status_code)

    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    try:
        for mode in modes if endpoint in EXAMPLES else modes[:1]:
            many(given(case=asked.as_strategy(generation_mode=mode), data=st.data())(attempt))()
    finally:
        tries = statuses.total()
        ceiling(f"{endpoint}: answers that are not described", tries, tries - len(described), 0)
    assert statuses.keys() >= REACHED.get(endpoint, {200}), statuses
