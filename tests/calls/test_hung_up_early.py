"""A visitor who hangs up before the call is there, and calls again at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response

from tests.calls.conftest import Shop, hang_up
from tests.parts.watch import events, until, until_event

WIDGET = "document.querySelector('vaani-widget')"

SLOW = """{
  const ask = window.fetch;
  // The server has answered, and what it said is not here yet.
  window.fetch = async (...given) => {
    const answer = await ask(...given);
    if (given[0].endsWith("/v1/calls")) await window.arrives;
    return answer;
  };
}"""


@pytest.fixture
def caller(shop: Shop, beeping: Page) -> Iterator[Page]:
    """At a site with one line."""
    beeping.add_init_script(SLOW)
    beeping.goto(shop.page(shop.tag(site="single")))
    until_event(beeping, "vaani-ready")
    yield beeping
    hang_up(beeping)


def test_the_line_of_a_call_that_nobody_waited_for_is_free_for_the_next(shop: Shop, caller: Page) -> None:
    shop.stack.api.requests.clear()
    answers: list[Response] = []
    caller.on("response", lambda answer: answers.append(answer))
    caller.evaluate("() => { window.arrives = new Promise((come) => { window.arrive = come; }); }")
    with caller.expect_response("**/v1/calls"):
        caller.get_by_role("button", name="Talk to").click()
    caller.get_by_role("button", name="Cancel").click()
    assert until_event(caller, "vaani-call-end") == {
        "callId": None,
        "reason": "visitor",
        "durationSeconds": 0,
    }
    caller.get_by_role("button", name="Talk to").click()
    # It waits for the first one's end, for as long as a visitor would.
    until(
        caller,
        """async () => {
             const { pending } = await navigator.locks.query();
             return pending.some(({ name }) => name === "vaani_call_line") && (arrive(), true);
           }""",
    )
    until_event(caller, "vaani-call-connected")
    asked = [answer for answer in answers if answer.url.endswith(("/calls", "/progress"))]
    assert [(answer.url.rpartition("/")[2], answer.status) for answer in asked[:3]] == [
        ("calls", 201),
        ("progress", 204),
        ("calls", 201),
    ]
    assert events(caller, "vaani-error") == []
    assert len(shop.stack.api.requests) == 2
    until_event(caller, "vaani-state", where="detail.state === 'speaking'")
