"""A network that loses everything for ten seconds: the visitor is told, and the call goes on."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from playwright.sync_api import Page, expect

from tests.calls.conftest import hang_up, opened
from tests.parts.relay import Relay
from tests.parts.watch import energy, events, until_event
from vaani_widget.demo.stack import DemoStack

AWAY = 10.0
"""Seconds."""

STATE = "seen.events.findLast(({ name }) => name === 'vaani-state').detail.state"


def test_ten_seconds_without_a_network(stack: DemoStack, visitor: Page, tmp_path: Path) -> None:
    with Relay(stack.livekit.url) as relay:
        behind: Any = SimpleNamespace(livekit=relay, api=stack.api, agent=stack.agent)
        with opened(behind, tmp_path) as shop:
            relay.lead(visitor)
            visitor.goto(shop.page(shop.tag(site="advanced")))
            with visitor.expect_response("**/v1/calls") as answer:
                visitor.get_by_role("button", name="Talk to").click()
            room = answer.value.json()["room_name"]
            until_event(visitor, "vaani-state", where="detail.state === 'speaking'")
            visitor.wait_for_function(f"{STATE} === 'listening'")
            way_there = (
                "seen.connections.some(c => c.sctp?.transport.iceTransport.getSelectedCandidatePair().remote"
            )
            assert visitor.evaluate(f"{way_there}.port === {relay.port})"), (
                "sound comes this way, and no other"
            )

            cut = time.monotonic()
            relay.cut()
            panel = visitor.get_by_role("dialog")
            expect(panel.get_by_text("Reconnecting…").first).to_be_visible(timeout=AWAY * 1000)
            expect(panel).to_contain_text("Hold on, we are getting you back.")
            visitor.wait_for_timeout(max(0, AWAY - (time.monotonic() - cut)) * 1000)
            assert visitor.evaluate(STATE) == "reconnecting"
            heard = energy(visitor)
            relay.mend()

            visitor.wait_for_function(f"{STATE} !== 'reconnecting'")
            back = visitor.evaluate("performance.now()")
            expect(panel).not_to_contain_text("Hold on")
            # the visitor asks over and over, and the agent answers again
            stack.agent.wait_for("heard", room=room, timeout=40, where=lambda event: "open" in event["text"])
            visitor.wait_for_function(
                "back => seen.events.some(({ name, detail, at }) => at > back && name === 'vaani-transcript'"
                " && detail.role === 'agent' && detail.final && /nine/i.test(detail.text))",
                arg=back,
                timeout=60_000,
            )
            again = energy(visitor)
            assert again["heard"] > heard["heard"] + 0.01
            assert again["sent"] > heard["sent"] + 0.01
            assert events(visitor, "vaani-call-end") == events(visitor, "vaani-error") == []
            hang_up(visitor)
