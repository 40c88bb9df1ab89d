"""Reservations for tests that are about something else than bounds."""

from __future__ import annotations

from typing import Any

from vaani_widget.lanes import Bounds
from vaani_widget.ledger import Reservation

WIDE = Bounds(per_day=100_000, per_day_anonymous=100_000, running=100_000, running_anonymous=100_000)
"""Nothing is refused for want of these."""


def reservation(
    call_id: str, token_id: str, site: str = "acme", lease_seconds: float = 660, **more: Any
) -> Reservation:
    """An anonymous visitor's, unless ``more`` says otherwise."""
    fields = {"bounds": WIDE, "lane": "anonymous", "visitors": ("a visitor",), **more}
    return Reservation(call_id, token_id, site, lease_seconds, **fields)
