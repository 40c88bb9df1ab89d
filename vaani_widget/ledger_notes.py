"""Notes to oneself, beside the calls: that something was so, and when last."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from .ledger_schema import meta


def write(connection: Connection, name: str, now: float) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(meta).values(name=f"noted_{name}", value=repr(now))
    kept = row.on_conflict_do_update(index_elements=[meta.c.name], set_={"value": row.excluded.value})
    connection.execute(kept)


def read(connection: Connection, name: str) -> float | None:
    """Seconds since 1970."""
    value = connection.scalar(select(meta.c.value).where(meta.c.name == f"noted_{name}"))
    return None if value is None else float(value)
