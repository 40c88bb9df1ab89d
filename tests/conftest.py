"""The order of the suite, and one PostgreSQL for all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.postgres import PostgresServer, fresh_database

LONG = [
    "packaging/test_broken_npm.py",
    "packaging/test_editable.py",
    "packaging/test_wheel.py",
    "packaging/test_sdist.py",
    "packaging/test_second_install.py",
    "store/test_tokens_spent_once.py",
    "attack/test_store_faults.py",
    "openapi/test_conformance.py",
    "browser/gallery/test_axe.py",
    "other_browsers/test_drawn_alike.py",
    "browser/gallery/test_gallery.py",
    "browser/panel/test_failures.py",
    "calls/test_ends.py",
    "browser/panel/test_accessible.py",
    "browser/panel/test_call.py",
    "hosts/test_pages.py",
    "browser/test_loader_mint.py",
    "browser/test_loader_refusals.py",
    "browser/test_loader_click.py",
    "browser/panel/test_consent.py",
    "calls/test_read_aloud.py",
    "calls/test_network.py",
    "calls/test_another_tab.py",
    "calls/test_settings_arrive.py",
    "calls/test_one_call.py",
]
"""Files that take longest, longest first."""

PACKAGES = {"wheel", "sdist"}
"""Fixtures that take a minute to make, for tests of several files."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last. Playwright's loop runs in the main thread from its first test to the end of the session,
    and no other test could use asyncio there; besides, what is quick should fail first.

    Where several processes share the work, a file's tests stay together, as far as that goes with it, and
    what takes longest comes first, so that all are done at about the same time. Then a browser may be
    late, too: its tests have a second try, and who needed one is listed at the end (RERUN)."""

    def in_browser(item: pytest.Item) -> bool:
        return "playwright" in getattr(item, "fixturenames", ())

    def long(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0].removeprefix("tests/")
        return LONG.index(file) if file in LONG else len(LONG)

    shared = bool(items) and hasattr(items[0].config, "workerinput")
    items.sort(key=lambda item: (in_browser(item), long(item) if shared else 0))
    for item in items:
        kind = "browser" if in_browser(item) else "plain"
        group = f"{item.nodeid.partition('::')[0]}:{kind}"
        if PACKAGES & set(getattr(item, "fixturenames", ())):
            group = "packages"
        item.add_marker(pytest.mark.xdist_group(group))
        if shared and in_browser(item):
            item.add_marker(pytest.mark.flaky(reruns=1))


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
