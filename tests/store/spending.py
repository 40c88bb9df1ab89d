"""What runs in the many processes of the ledger's tests."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from multiprocessing.synchronize import Barrier

from sqlalchemy import Connection, event, func, insert, select

from vaani_widget.errors import StoreUnavailable, TokenSpent
from vaani_widget.ledger import Ledger, Reservation
from vaani_widget.ledger_schema import calls
from vaani_widget.ledger_sqlite import begin_immediate
from vaani_widget.ledger_store import Store


def spend(url: str, tokens: int, name: int, together: Barrier) -> Counter[str]:
    """Spend every token once, in an order of one's own, until each is settled one way or the other."""
    ledger = Ledger(url)
    order = list(range(tokens))
    random.Random(name).shuffle(order)
    result: Counter[str] = Counter()
    together.wait(60)
    for number in order:
        call_id, doubtful = f"call-{name}-{number}", False
        while True:
            began = time.monotonic()
            try:
                ledger.reserve(Reservation(call_id, f"token-{number}", "acme", 660))
                result["won"] += 1
            except TokenSpent:
                # Where its very commit was cut off, a reservation may stand that nobody was told of.
                result["won unheard" if doubtful and _is_there(ledger, call_id) else "spent"] += 1
            except StoreUnavailable:
                doubtful = True
                result["unavailable"] += 1
                continue
            finally:
                result["slowest ms"] = max(result["slowest ms"], int((time.monotonic() - began) * 1000))
            break
    ledger.dispose()
    return result


def _is_there(ledger: Ledger, call_id: str) -> bool:
    with ledger.engine.connect() as connection:
        return connection.scalar(select(calls.c.site).where(calls.c.call_id == call_id)) is not None


def spend_budget(
    url: str, budget: int, tries: int, name: int, together: Barrier, listener: bool
) -> Counter[str]:
    """Count rows, then insert one while there are fewer than the budget: what a day's bound will do."""
    store = Store(url, time.time)
    store.check()
    if not listener:
        event.remove(store.engine, "begin", begin_immediate)
        store.engine.dispose()
    result: Counter[str] = Counter()
    together.wait(60)

    def work(connection: Connection, now: float, row: str) -> bool:
        if (connection.scalar(select(func.count()).select_from(calls)) or 0) >= budget:
            return False
        time.sleep(0.001)  # the time that a real check takes
        connection.execute(
            insert(calls).values(
                call_id=row, token_id=row, site="acme", day=func.date(), reserved_at=now, lease_until=now,
                outcome="reserved",
            )
        )  # fmt: skip
        return True

    for number in range(tries):
        try:
            result[
                "won" if store.write(lambda c, now, n=number: work(c, now, f"{name}-{n}")) else "refused"
            ] += 1
        except StoreUnavailable:
            result["unavailable"] += 1
    store.dispose()
    return result


def only_secret(url: str, together: Barrier) -> bytes:
    """First use of an empty database by many at once."""
    ledger = Ledger(url)
    together.wait(60)
    while True:
        try:
            secret = ledger.own_secret()
        except StoreUnavailable:  # a second is little where a dozen processes share one processor
            continue
        ledger.dispose()
        return secret


def in_threads(number: int, work: object) -> list[object]:
    """Run ``work(index)`` in threads that begin together. Returns results or errors, by index."""
    assert callable(work)
    results: list[object] = [None] * number
    start = threading.Barrier(number)

    def run(index: int) -> None:
        start.wait(30)
        try:
            results[index] = work(index)
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
