"""A site token starts at most one call, however many processes try: counted where the money is spent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from tests.attack.books import dump
from tests.attack.searching import no_key_in
from tests.parts.hostile_upstream import CREDENTIALS, HostileUpstream, answer
from tests.store.spending import ORIGIN, TOGETHER, caller, in_processes, start, start_each
from vaani_widget.ledger_schema import calls
from vaani_widget.services import Services
from vaani_widget.tokens import SiteToken

TOKENS = 500
PROCESSES = 16

Note = Callable[[str, object], None]
"""``make attack`` prints what comes as ``ceiling``: the attack, tries, what came through, and the bound."""


def test_16_processes_spend_500_tokens_8000_times_on_sqlite(sqlite_url: str, record_property: Note) -> None:
    """Vaani is asked exactly 500 times, once for each token."""
    unheard = tokens_that_cost_no_call(sqlite_url)
    record_property("ceiling", ("500 tokens, 16 processes, sqlite", 8000, TOKENS - len(unheard), TOKENS))
    assert unheard == set()


def test_16_processes_spend_500_tokens_8000_times_on_postgres(
    postgres_url: str, record_property: Note
) -> None:
    """The same, with the server's clock and a row lock for the site."""
    unheard = tokens_that_cost_no_call(postgres_url)
    record_property("ceiling", ("500 tokens, 16 processes, postgresql", 8000, TOKENS - len(unheard), TOKENS))
    assert unheard == set()


def tokens_that_cost_no_call(ledger_url: str) -> set[int]:
    """Spend 500 tokens 8,000 times, then each once more, and check all that holds on either database.

    :return: tokens that the ledger has as spent and Vaani never heard of.
    """
    with HostileUpstream(answer(201, CREDENTIALS)) as upstream, closing(ledger_url, upstream.url) as services:
        tokens = [site_token(services, index) for index in range(TOKENS)]

        def reached() -> Counter[int]:
            """Token → requests that Vaani got for it."""
            return Counter(int(request.json["metadata"]["token"]) for request in upstream.requests)  # type: ignore[index]

        per_process = in_processes(
            PROCESSES,
            start_each,
            lambda _: ledger_url,
            lambda _: upstream.url,
            lambda _: tokens,
            lambda name: name,
            TOGETHER,
        )
        tries = [one for process in per_process for one in process]
        codes = Counter(code for _, code in tries)
        assert len(tries) == PROCESSES * TOKENS == 8000
        assert set(codes) <= {"started", "token_spent", "store_unavailable"}, codes
        assert Counter(index for index, code in tries if code == "started") == reached()

        # A refusal for want of the ledger leaves a token that was not reserved as good as new.
        reserved = in_ledger(services)
        for index, token in enumerate(tokens):
            last = until_settled(services, index, token, tries)
            if index in reserved:
                assert last == "token_spent"

        asked = reached()
        assert set(asked.values()) == {1}, "a token reached Vaani twice"
        assert Counter(index for index, code in tries if code == "started") == asked
        no_key_in("the database", dump(services.ledger.engine))
        unheard = in_ledger(services) - asked.keys()
        assert len(asked) + len(unheard) == TOKENS
        assert unheard <= {index for index, code in tries if code == "store_unavailable"}
        assert len(upstream.requests) == TOKENS - len(unheard)
        return unheard


@contextmanager
def closing(ledger_url: str, upstream_url: str) -> Iterator[Services]:
    services = caller(ledger_url, upstream_url)
    try:
        yield services
    finally:
        services.close()


def site_token(services: Services, index: int) -> str:
    """A signed token, whose number Vaani is told with the call. It outlives a slow machine's test."""
    now = int(time.time())
    token = SiteToken(
        jti=jti(index),
        site="acme",
        origin=ORIGIN,
        agent="agent",
        issued_at=now,
        expires_at=now + 3600,
        metadata={"token": str(index)},
    )
    return services.keyring.sign_site_token(token)


def jti(index: int) -> str:
    return f"{index:032x}"


def in_ledger(services: Services) -> set[int]:
    """Tokens that the ledger has a row for."""
    with services.ledger.engine.connect() as connection:
        return {int(found, 16) for found in connection.scalars(select(calls.c.token_id))}


def until_settled(services: Services, index: int, token: str, tries: list[tuple[int, str]]) -> str:
    """Try until the ledger answers. Every try is added to ``tries``."""
    until = time.monotonic() + 60
    while True:
        code = start(services, token)
        tries.append((index, code))
        if code != "store_unavailable" or time.monotonic() > until:
            return code
