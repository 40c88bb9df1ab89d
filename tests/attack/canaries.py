"""What must never be seen, in forms that can be looked for in bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import cache

API_KEY = "vaani_canary_4b1d0c66a7f3e92585"
SERVER_SECRET = "server-canary-9e7a31c05dd84f26b8"
SITE_SECRET = "site-canary-52cf0e8b9a6d47138f04"

NAMES = {"the API key": API_KEY, "the server's secret": SERVER_SECRET, "the site's secret": SITE_SECRET}
KEYS = tuple(NAMES.values())
"""Whoever attacks gets none of these to see in any answer. They are in no log and no database either."""


def found(text: bytes, canaries: Iterable[str]) -> list[str]:
    """Which of them are in there: as they are, or inside base64, wherever that begins."""
    return [canary for canary in canaries if any(form in text for form in _forms(canary))]


@cache
def _forms(canary: str) -> list[bytes]:
    """The text itself, and what base64 makes of it behind 0, 1 and 2 other bytes."""
    data = canary.encode()
    return [data, data.hex().encode(), *(_inner_base64(data, before) for before in range(3))]


def _inner_base64(data: bytes, before: int) -> bytes:
    encoded = base64.urlsafe_b64encode(b"\0" * before + data)
    first = (0, 2, 3)[before]  # characters that other bytes have a part in
    last = (before + len(data)) * 8 // 6
    return encoded[first:last]
