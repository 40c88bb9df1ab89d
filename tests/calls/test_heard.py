"""What says in these tests that the visitor is heard is not content with a microphone that hears."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page

from tests.calls.conftest import Shop, call, hang_up, until_the_visitor_is_heard

ENCODING = """
async (active) => {
  for (const connection of seen.connections)
    for (const sender of connection.getSenders().filter(({ track }) => track?.kind === "audio")) {
      const parameters = sender.getParameters();
      for (const encoding of parameters.encodings) encoding.active = active;
      await sender.setParameters(parameters);
    }
}
"""


def test_what_is_captured_and_not_sent_is_not_heard(shop: Shop, beeping: Page) -> None:
    call(shop, beeping)
    until_the_visitor_is_heard(beeping)
    beeping.evaluate(ENCODING, False)
    with pytest.raises(Error, match="no voice went out"):
        until_the_visitor_is_heard(beeping, timeout=3)
    beeping.evaluate(ENCODING, True)
    until_the_visitor_is_heard(beeping)
    hang_up(beeping)
