"""What a template says and no grant can carry: a visitor's data must not cost the host its page."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.server.conftest import AGENT, SECRET, SITES, Kit, MakeKit, is_problem
from tests.server.test_embedding import rendered, tag
from vaani_widget.tokens import Grant, read_grant

HUSH = "hush-hush"


class Plan:
    def __repr__(self) -> str:
        return HUSH


WRONG: list[tuple[str, Any, str]] = [
    ("metadata", {"plan": float("nan")}, "metadata.plan"),
    ("metadata", {"plan": Decimal("Infinity")}, "metadata.plan"),
    ("metadata", {"plan": Plan()}, "metadata.plan"),
    ("metadata", {"plan": {"name": HUSH}}, "metadata.plan"),
    ("metadata", {"plan": HUSH * 1000}, "metadata is at most 4096 bytes"),
    ("metadata", Plan(), "metadata is an object"),
    ("visitor", Plan(), "visitor is of type Plan"),
    ("visitor", HUSH * 50, "visitor is text of 1 to 256"),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Decimal("19.90"), "19.90"),
        (date(2026, 11, 27), "2026-11-27"),
        (datetime(2026, 11, 27, 9, 30, tzinfo=UTC), "2026-11-27T09:30:00+00:00"),
    ],
)
def test_what_a_database_gives_is_written_as_text(kit: Kit, value: object, text: str) -> None:
    page = tag(rendered(kit, 'vaani_widget("acme", visitor=7, metadata={"plan": v})', v=value))
    assert kit.call(kit.token(grant=page["data-grant"])).status_code == 201
    assert kit.vaani.bodies == [{"agent_id": AGENT, "metadata": {"plan": text}}]


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_in_production_the_page_has_its_button_and_the_log_what_to_write(
    kit: Kit, caplog: pytest.LogCaptureFixture, name: str, value: object, said: str
) -> None:
    page = rendered(kit, f'vaani_widget("acme", label="Call us", {name}=v)', v=value)
    assert tag(page) == {
        "async": None,
        "src": "/vaani/widget.js",
        "data-site": "acme",
        "data-label": "Call us",
    }
    assert "Cache-Control" not in page.headers, "nobody's page in particular"
    (line,) = [record for record in caplog.records if record.name == "vaani_widget"]
    assert (line.levelno, line.__dict__["vaani_event"]) == (logging.ERROR, "grant_failed")
    assert said in line.getMessage()
    assert HUSH not in caplog.text
    assert kit.call(kit.token()).status_code == 201, "as an anonymous visitor"


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
@pytest.mark.parametrize("mode", ["TESTING", "DEBUG"])
def test_its_author_sees_the_mistake_at_once(
    kit: Kit, mode: str, name: str, value: object, said: str
) -> None:
    kit.app.config.update({mode: True, "PROPAGATE_EXCEPTIONS": True})
    with pytest.raises(ValueError, match=said) as mistake:
        rendered(kit, f'vaani_widget("acme", {name}=v)', v=value)
    assert HUSH not in str(mistake.value)


def test_a_site_for_signed_visitors_still_takes_no_other(make_kit: MakeKit) -> None:
    kit = make_kit(VAANI_WIDGET_SITES={"acme": {**SITES["acme"], "require": "signed"}})
    page = tag(rendered(kit, 'vaani_widget(visitor=7, metadata={"plan": v})', v=float("nan")))
    assert "data-grant" not in page
    is_problem(kit.mint(), "signed_visitors_only", 403)


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_what_is_locked_stays_locked(kit: Kit, name: str, value: object, said: str) -> None:
    """A visitor who can make the metadata too long must not get rid of it."""
    page = rendered(kit, f'vaani_widget("acme", locked={{"voice_gender": "male"}}, {name}=v)', v=value)
    grant = read_grant(tag(page)["data-grant"], site="acme", secrets=[SECRET.encode()], now=kit.clock.now)
    assert grant == Grant(None, {"voice_gender": "male"}, {})
    assert page.headers["Cache-Control"] == "private, no-store"


def test_a_lock_that_can_not_hold_costs_the_page_its_button_only(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    locked = {"websocket_url": f"wss://{HUSH}"}
    page = rendered(kit, 'vaani_widget("acme", visitor=7, locked=v)', v=locked)
    assert (page.status_code, page.text) == (200, "<p>")
    assert "No grant may set websocket_url" in caplog.text
    assert HUSH not in caplog.text
