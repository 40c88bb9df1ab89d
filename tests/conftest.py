"""The order of the suite."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last. Playwright's loop runs in the main thread from its first test to the end of the session,
    and no other test could use asyncio there; besides, what is quick should fail first."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))
