"""What the ledger's database says, read past the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.pool import NullPool

from tests.attack.searching import no_key_in
from vaani_widget.ledger_schema import calls, counts, days
from vaani_widget.ledger_store import database_url


@dataclass(frozen=True)
class Day:
    """A site's counted day, and the same counted again from its calls."""

    calls: int
    anonymous: int
    unknown: int
    released: int


class Books:
    """Opened for reading. Close it."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(database_url(url), poolclass=NullPool)

    def close(self) -> None:
        self._engine.dispose()

    def tokens(self) -> set[str]:
        """The ``jti`` of every token that was spent."""
        with self._engine.connect() as connection:
            return set(connection.scalars(select(calls.c.token_id)))

    def call_ids(self) -> set[str]:
        with self._engine.connect() as connection:
            return set(connection.scalars(select(calls.c.call_id)))

    def outcomes(self) -> dict[str, int]:
        with self._engine.connect() as connection:
            rows = select(calls.c.outcome, func.count()).group_by(calls.c.outcome)
            return {row[0]: row[1] for row in connection.execute(rows)}

    def day(self, site: str = "acme") -> Day:
        """Of all that was ever called, where a test has kept to one day. The two counts agree."""
        # In one statement, so that what others write meanwhile is in both or in neither.
        of_site = select(func.count()).where(calls.c.site == site)
        counted = (
            of_site.where(counts),
            of_site.where(counts, calls.c.lane == "anonymous"),
            of_site.where(calls.c.outcome == "unknown"),
            of_site.where(calls.c.outcome == "released"),
        )
        named = (days.c.calls, days.c.anonymous, days.c.unknown, days.c.released)
        kept = (select(func.coalesce(func.sum(column), 0)).where(days.c.site == site) for column in named)
        with self._engine.connect() as connection:
            row = connection.execute(select(*(each.scalar_subquery() for each in (*kept, *counted)))).one()
        assert row[:4] == row[4:], f"the day's row says {row[:4]}, its calls say {row[4:]}"
        return Day(*row[:4])

    def whole(self) -> bool:
        """Whether the database finds nothing wrong with itself."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                return bool(connection.scalar(text("PRAGMA integrity_check")) == "ok")
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS amcheck"))
            indexes = text("SELECT indexrelid FROM pg_index WHERE indrelid::regclass::text LIKE 'vaani_%'")
            for index in connection.scalars(indexes).all():
                connection.execute(text("SELECT bt_index_check(:index, true)"), {"index": index})
            return True


@contextmanager
def books(url: str) -> Iterator[Books]:
    """For the length of a block, at whose end the database has no key in it."""
    opened = Books(url)
    try:
        yield opened
        no_key_in("the database", dump(opened._engine))
    finally:
        opened.close()


def dump(engine: Engine) -> bytes:
    """Every value of every table of ours."""
    with engine.connect() as connection:
        tables = calls.metadata.sorted_tables
        rows = [tuple(row) for table in tables for row in connection.execute(select(table))]
    return repr(rows).encode()


def keep_to_one_day(seconds: float) -> None:
    """Wait for midnight (UTC) where it is nearer than that: a day's budget begins anew there."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    left = (midnight - now).total_seconds()
    if left < seconds:
        sleep(left + 1)
