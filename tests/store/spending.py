"""What runs in the many processes of the ledger's tests."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy import event

from tests.attack import canaries
from tests.attack.searching import no_key_in, searched_log
from tests.parts.reservations import WIDE, reservation
from vaani_widget import ledger_deadline
from vaani_widget.calls import Asked, start_call
from vaani_widget.errors import Refusal, StoreUnavailable
from vaani_widget.ledger import Ledger
from vaani_widget.ledger_sqlite import begin_immediate
from vaani_widget.services import Services
from vaani_widget.settings import load

ORIGIN = "https://www.acme.com"


def in_processes(number: int, work: Callable[..., Any], *arguments: Callable[[int], Any]) -> list[Any]:
    """Run ``work`` in new processes that begin together. Each argument is made from the process's index."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(number, mp_context=context) as pool:
        together = manager.Barrier(number)
        futures = [
            pool.submit(work, *(together if argument is TOGETHER else argument(i) for argument in arguments))
            for i in range(number)
        ]
        return [future.result(300) for future in futures]


def TOGETHER(_index: int) -> None:
    """Stands for the barrier."""


def caller(ledger_url: str, upstream_url: str) -> Services:
    """All that one server process needs to start calls of the site ``acme``."""
    config = {
        "VAANI_API_KEY": canaries.API_KEY,
        "VAANI_API_URL": upstream_url,
        "VAANI_WIDGET_SECRET_KEY": canaries.SERVER_SECRET,
        "VAANI_WIDGET_DATABASE_URL": ledger_url,
        "VAANI_WIDGET_SITES": {
            "acme": {
                "origins": [ORIGIN],
                "agents": ["agent"],
                "secret": canaries.SITE_SECRET,
                "limits": {"visitor": "9000/day", "site": "9000/day", "running": 9000},
            }
        },
    }
    settings = replace(load(app_config=config, environ={}), upstream_timeout=100)
    return Services(settings=settings, database_url=ledger_url)


def start(services: Services, token: str) -> str:
    """One try to start a call with this token. Returns ``started``, or the refusal's code and any cost."""
    body = {"site_token": token}
    asked = Asked(body=lambda: body, origin=ORIGIN, host="acme.test", address="192.0.2.1")
    try:
        started = start_call(services, asked)
        no_key_in("a call", started.call_id, started.call_token)
    except Refusal as refusal:
        no_key_in("a refusal", str(refusal), repr(vars(refusal)))
        return refusal.code if refusal.spent == "no" else f"{refusal.code}, spent {refusal.spent}"
    return "started"


def start_each(
    ledger_url: str, upstream_url: str, tokens: Sequence[str], name: int, together: Barrier
) -> list[tuple[int, str]]:
    """Try every token once, in a process of its own. Returns its index and what came of it, for each try."""
    # A machine busy with other things may be slow to answer; that is not what is tested.
    ledger_deadline.OPERATION_SECONDS = 30.0
    services = caller(ledger_url, upstream_url)
    # Four processes go in the same order, so that they meet at the same token; the others come later.
    order = list(range(len(tokens)))
    random.Random(name % 4).shuffle(order)
    together.wait(120)
    with searched_log():
        tries = [(index, start(services, tokens[index])) for index in order]
        services.close()
    return tries


def spend_budget(
    url: str, budget: int, tries: int, name: int, together: Barrier, listener: bool
) -> Counter[str]:
    """Reserve calls of one site until its day is used up, with or without what makes SQLite lock first."""
    ledger = Ledger(url)
    ledger.check()
    if not listener:
        event.remove(ledger.engine, "begin", begin_immediate)
        ledger.dispose()
    bounds = replace(WIDE, per_day=budget, per_day_anonymous=budget)
    result: Counter[str] = Counter()
    together.wait(60)
    for number in range(tries):
        call = f"{name}-{number}"
        try:
            ledger.reserve(reservation(call, call, bounds=bounds, visitors=(call,)))
        except Refusal as refusal:
            result[refusal.code] += 1
        else:
            result["won"] += 1
    ledger.dispose()
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
