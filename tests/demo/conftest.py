from __future__ import annotations

from collections.abc import Iterator

import pytest

from vaani_widget.demo.stack import DemoStack


@pytest.fixture(scope="session")
def stack() -> Iterator[DemoStack]:
    with DemoStack() as running:
        yield running
