"""The ledger's tables, and how they come to be.

They have a ``MetaData`` and a prefix of their own, so that they can live in the database of a host
application: nothing here looks at the host's tables. The host's Alembic would drop these, which are not
among its models; ``migrations.py`` has what keeps it from that.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from .errors import StoreUnavailable

SCHEMA_VERSION = 2
"""Changes whenever a table below does."""

metadata = MetaData()

calls = Table(
    "vaani_widget_calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("token_id", Text, nullable=False, unique=True),  # the spent site token's jti
    Column("site", Text, nullable=False),
    Column("day", Date, nullable=False),  # UTC calendar day of the reservation
    Column("lane", Text, nullable=False),
    Column("visitor", Text, nullable=False),  # an HMAC of the address or of a grant's ``sub``, never either
    # Times are seconds since the epoch. A reservation's are those of the clock that all workers share.
    Column("reserved_at", Double, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("room_name", Text),
    # What the visitor agreed to, where the site asks, and when.
    Column("consent_version", Text),
    Column("consent_at", Double),
    # What the browser reports. It may never come, and nothing of money hangs on it.
    Column("connected_at", Double),
    Column("ended_at", Double),
    Column("end_reason", Text),
    Column("rating", Integer),
    Column("feedback", Text),
    CheckConstraint(
        "outcome IN ('reserved', 'committed', 'released', 'unknown')", name="vaani_widget_calls_outcome"
    ),
    CheckConstraint("lane IN ('anonymous', 'signed')", name="vaani_widget_calls_lane"),
)
"""One row for every site token that was spent, whatever came of it."""

# Written out, not bound: only then do databases see that a partial index fits.
counts = calls.c.outcome != literal_column("'released'")
"""Whether a call counts against a bound: all that Vaani may have charged for."""

holds_a_line = calls.c.ended_at.is_(None) & counts
"""Whether a call is running, while its ``lease_until`` is in the future. So nothing has to sweep."""

Index(
    "vaani_widget_calls_running",
    calls.c.site,
    calls.c.lease_until,
    sqlite_where=holds_a_line,
    postgresql_where=holds_a_line,
)
Index("vaani_widget_calls_visitor", calls.c.site, calls.c.visitor, calls.c.reserved_at)

days = Table(
    "vaani_widget_days",
    metadata,
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("calls", Integer, nullable=False),  # that count against the day's budget
    Column("anonymous", Integer, nullable=False),  # of them, those of visitors that nobody vouched for
    Column("unknown", Integer, nullable=False),  # of them, those that nobody can tell whether Vaani charged
    Column("released", Integer, nullable=False),  # given back; not among ``calls``
)
"""What a site has spent in a day: written with the call it counts, in one transaction, so it can't differ."""

sites = Table("vaani_widget_sites", metadata, Column("site", Text, primary_key=True))
"""The row that a reservation locks on PostgreSQL, so that those of one site come one after another."""

meta = Table(
    "vaani_widget_meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""``schema_version``, ``secret_key`` where the owner gave none, and notes (``noted_…``)."""


def insert_new(connection: Connection, table: Table, values: dict[str, object]) -> bool:
    """Insert a row, or leave the one there that has one of its unique values.

    :return: whether the row is new. Of any number of transactions at once, one is told so.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(row.execution_options(preserve_rowcount=True)).rowcount == 1


class OtherVersion(StoreUnavailable):
    """The tables are those of another version.

    Visitors are told no more than of any ledger that can't be used.

    :ivar reason: for the log and the owner.
    :ivar remedy: what the owner can do, in a sentence.
    """

    remedy = (
        "Run the vaani-widget that made them, or name another database in VAANI_WIDGET_DATABASE_URL; "
        "the day's count of calls starts anew there."
    )

    def __init__(self, found: object) -> None:
        super().__init__()
        self.reason = (
            f"Its tables have schema_version {found}, and this vaani-widget writes {SCHEMA_VERSION}."
        )


def prepare(connection: Connection) -> None:
    """Make the tables where they are missing. The caller holds the lock that makes this happen once.

    :raises OtherVersion: the tables are there and not ours.
    """
    metadata.create_all(connection)
    insert_new(connection, meta, {"name": "schema_version", "value": str(SCHEMA_VERSION)})
    check_version(connection)


def check_version(connection: Connection) -> None:
    """:raises OtherVersion: the tables are not this version's."""
    found = connection.scalar(select(meta.c.value).where(meta.c.name == "schema_version"))
    if found != str(SCHEMA_VERSION):
        raise OtherVersion(found)
