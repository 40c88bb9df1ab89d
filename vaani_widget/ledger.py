"""The ledger: what was reserved, spent and released, by everyone, in one place.

A site token starts at most one call, and a call costs its owner money the moment that Vaani is asked for
it. So before Vaani is asked, one transaction here decides, and if the ledger can't be reached, Vaani is not
asked. No transaction is open while it is.

A row is ``reserved`` first. ``committed`` says that Vaani answered, ``released`` that it certainly charged
nothing, ``unknown`` that nobody here can tell. Whatever does not get as far as one of these three (a worker
killed in between, a ledger lost in between) stays ``reserved``: everything but ``released`` counts as spent.
The token id stays spent in every case.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, select, update

from .errors import CallNotFound, TokenSpent
from .ledger_schema import calls, insert_new, meta
from .ledger_store import Store

Event = Literal["connected", "ended", "feedback"]

Outcome = Literal["reserved", "committed", "released", "unknown"]


@dataclass(frozen=True)
class Reservation:
    """What a call asks of the ledger.

    :param call_id: the call's new, unguessable name.
    :param token_id: the ``jti`` of the site token that is spent for it.
    :param site: the site's key.
    :param lease_seconds: how long the call occupies a line if its end is never reported.
    """

    call_id: str
    token_id: str = field(repr=False)
    site: str
    lease_seconds: float


@dataclass(frozen=True)
class Reserved:
    """What the ledger wrote down, by the clock that all workers share.

    :param day: UTC calendar day that the call counts for.
    :param reserved_at: seconds since the epoch.
    :param lease_until: seconds since the epoch.
    """

    day: date
    reserved_at: float
    lease_until: float


class Ledger:
    """The database record of calls. Thread-safe, and safe to fork around.

    Nothing is opened, created or connected before the first use, and then per process. Every method answers
    or raises ``StoreUnavailable`` within a second. Nothing is tried twice.

    :param url: ``sqlite:///PATH`` or ``postgresql://…``; ``VAANI_WIDGET_DATABASE_URL``.
    :param clock: seconds since the epoch, for SQLite. On PostgreSQL it is the server's clock that counts.
    :raises SettingError: the URL can't be used, or the driver it needs is not installed.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._store = Store(url, clock)

    def reserve(self, reservation: Reservation) -> Reserved:
        """Spend the token and write the call down, in one transaction, or refuse.

        :raises TokenSpent: this token was here before.
        :raises StoreUnavailable: nothing must be spent. Where the connection broke in the very commit, the
            token may count as spent all the same.
        """

        def work(connection: Connection, now: float) -> Reserved:
            reserved = Reserved(
                day=datetime.fromtimestamp(now, UTC).date(),
                reserved_at=now,
                lease_until=now + reservation.lease_seconds,
            )
            row: dict[str, object] = {
                "call_id": reservation.call_id,
                "token_id": reservation.token_id,
                "site": reservation.site,
                "day": reserved.day,
                "reserved_at": reserved.reserved_at,
                "lease_until": reserved.lease_until,
                "outcome": "reserved",
            }
            if not insert_new(connection, calls, row):
                raise TokenSpent
            # Bounds on the site's day, the visitor's windows and the running calls belong here, in this
            # order: a refusal undoes the insert, so a refused token is not spent.
            return reserved

        return self._store.write(work)

    def commit(self, call_id: str, room_name: str) -> None:
        """Vaani answered with a room. A reservation that was settled before stays as it is.

        :raises StoreUnavailable: the row stays ``reserved``, which counts as spent as well.
        """
        self._settle(call_id, "committed", room_name)

    def release(self, call_id: str) -> None:
        """Vaani certainly charged nothing: give back all but the token.

        :raises StoreUnavailable: the row stays ``reserved`` and counts as spent.
        """
        self._settle(call_id, "released")

    def leave_unknown(self, call_id: str) -> None:
        """Nobody here can tell whether Vaani charged: it counts as spent, and the record says so.

        :raises StoreUnavailable: the row stays ``reserved``, which counts as spent as well.
        """
        self._settle(call_id, "unknown")

    def progress(
        self,
        call_id: str,
        event: Event,
        reason: str | None = None,
        rating: int | None = None,
        text: str | None = None,
    ) -> bool:
        """Write down what the browser reports. The first ``connected`` and the first ``ended`` stay; the last
        ``feedback`` does.

        :return: whether it was news.
        :raises CallNotFound: no call has this id.
        :raises StoreUnavailable: nothing was written down, which is harmless.
        """

        def work(connection: Connection, now: float) -> bool:
            row = update(calls).where(calls.c.call_id == call_id)
            if event == "connected":
                row = row.where(calls.c.connected_at.is_(None)).values(connected_at=now)
            elif event == "ended":
                first = row.where(calls.c.ended_at.is_(None))
                row = first.values(ended_at=now, end_reason=_storable(reason))
            else:
                row = row.values(rating=rating, feedback=_storable(text))
            if connection.execute(row).rowcount:
                return True
            if connection.scalar(select(calls.c.call_id).where(calls.c.call_id == call_id)) is None:
                raise CallNotFound
            return False

        return self._store.write(work, durable=False)

    def token_spent(self, token_id: str) -> bool:
        """The cheap look before a reservation. Only :meth:`reserve` decides.

        :raises StoreUnavailable: nobody can tell.
        """
        row = select(calls.c.call_id).where(calls.c.token_id == token_id)
        return self._store.read(lambda connection: connection.scalar(row) is not None)

    def own_secret(self) -> bytes:
        """:return: 32 random bytes that were made once for this database, the same in every worker.
        :raises StoreUnavailable: they can't be read.
        """

        def work(connection: Connection, _now: float) -> str:
            insert_new(connection, meta, {"name": "secret_key", "value": secrets.token_hex(32)})
            kept = select(meta.c.value).where(meta.c.name == "secret_key")
            return str(connection.execute(kept).scalar_one())

        return bytes.fromhex(self._store.write(work))

    def check(self) -> None:
        """Would a reservation be possible now? Writes nothing.

        :raises StoreUnavailable: no.
        """
        self._store.check()

    def dispose(self) -> None:
        """Close this process's connections. The next use opens new ones."""
        self._store.dispose()

    @property
    def engine(self) -> Engine:
        """This process's engine, to look with."""
        return self._store.engine

    def _settle(self, call_id: str, outcome: Outcome, room_name: str | None = None) -> None:
        row = (
            update(calls)
            .where(calls.c.call_id == call_id, calls.c.outcome == "reserved")
            .values(outcome=outcome, room_name=_storable(room_name))
        )
        # Lost in a power cut, the row is reserved again, and that counts as spent.
        self._store.write(lambda connection, _now: connection.execute(row), durable=False)


def _storable(text: str | None) -> str | None:
    """What both databases can keep: no NUL, and no half of a character."""
    return None if text is None else text.encode("utf-8", "replace").decode().replace("\x00", "")


__all__ = ["Event", "Ledger", "Outcome", "Reservation", "Reserved"]
