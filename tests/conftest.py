"""The order of the suite, and one PostgreSQL for all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.postgres import PostgresServer, fresh_database


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last. Playwright's loop runs in the main thread from its first test to the end of the session,
    and no other test could use asyncio there; besides, what is quick should fail first.

    Where several processes share the work, a file's tests stay together, as far as that goes with it."""

    def in_browser(item: pytest.Item) -> bool:
        return "playwright" in getattr(item, "fixturenames", ())

    items.sort(key=in_browser)
    for item in items:
        kind = "browser" if in_browser(item) else "plain"
        item.add_marker(pytest.mark.xdist_group(f"{item.nodeid.partition('::')[0]}:{kind}"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, once on each engine."""
    return str(request.getfixturevalue(f"{request.param}_url"))
