"""Several servers, backends and visitors whose clocks differ, and keys that change while calls are made.

It is a simulation: hours of the clock pass in seconds, in one order that does not depend on the machine. The
checks, the signatures and the ledger are the real ones.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.attack import canaries
from tests.attack.books import dump
from tests.attack.searching import no_key_in
from tests.attack.wire import ORIGIN
from vaani_widget.calls import Asked, Started, mint_site_token, start_call
from vaani_widget.errors import Refusal
from vaani_widget.ledger import Ledger
from vaani_widget.mint_rate import MintRate
from vaani_widget.progress import record_progress
from vaani_widget.services import Services
from vaani_widget.settings import load
from vaani_widget.testing import VaaniTransport
from vaani_widget.tokens import sign_grant

T = TypeVar("T")

MINUTE = 60.0
CLOCKS = (-15.0, 0.0, 15.0)
"""Seconds by which the servers' clocks are off, and the backends': any two differ by up to 30."""

SITE_TOKEN_AGE, GRANT_AGE, CALL_AGE = 119.0, 3599.0, 655.0
"""Seconds, at most, that a visitor keeps each before it is used: until just before it is over."""


class World:
    """One ledger, servers that share it, and the time.

    :param limits: of the site.
    """

    def __init__(self, ledger_url: str, start: float, limits: Mapping[str, object]) -> None:
        self.now = start
        self.vaani = VaaniTransport()
        self.ledger = Ledger(ledger_url, clock=lambda: self.now)
        self.servers = [Server(self, number, off, limits) for number, off in enumerate(CLOCKS)]
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def at(self, when: float, event: Callable[[], object]) -> None:
        heapq.heappush(self._events, (when, next(self._order), event))

    def run(self) -> None:
        """Until nothing is left to happen."""
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()

    def close(self) -> None:
        """Nothing of the keys is left in the database."""
        for server in self.servers:
            server.services.close()
        no_key_in("the database", dump(self.ledger.engine))
        self.ledger.dispose()


class Server:
    """One process, which is started anew with other keys.

    :param off: seconds by which its clock is ahead.
    """

    def __init__(self, world: World, number: int, off: float, limits: Mapping[str, object]) -> None:
        self._world = world
        self._limits = limits
        self._off = off
        self.number = number
        self.services: Services

    def restart(self, server_keys: Sequence[str], site_keys: Sequence[str]) -> None:
        if hasattr(self, "services"):
            self.services._client.close()
        site = {"origins": [ORIGIN], "agents": ["agent"], "secret": list(site_keys), "limits": self._limits}
        config = {
            "VAANI_API_KEY": canaries.API_KEY,
            "VAANI_WIDGET_SECRET_KEY": list(server_keys),
            "VAANI_WIDGET_SITES": {"acme": {**site, "challenge": "off"}},
        }
        self.services = Services(
            settings=load(app_config=config, environ={}),
            database_url="sqlite:///not-used",
            transport=self._world.vaani,
            clock=lambda: self._world.now + self._off,
        )
        self.services.__dict__.update(ledger=self._world.ledger, mint_rate=MintRate(1_000_000))

    def mint(self, grant: str | None = None, address: str = "192.0.2.1") -> str:
        """:raises Refusal: it did not."""
        asked = _asked({} if grant is None else {"grant": grant}, address)
        minted = _searched(lambda: mint_site_token(self.services, "acme", asked))
        no_key_in("a site token", minted.site_token)
        return minted.site_token

    def call(self, site_token: str, address: str = "192.0.2.1") -> Started:
        """:raises Refusal: it did not."""
        asked = _asked({"site_token": site_token}, address)
        started = _searched(lambda: start_call(self.services, asked))
        no_key_in("a call", started.call_id, started.call_token)
        return started

    def tell(self, call: Started, event: str) -> None:
        """:raises Refusal: it did not listen."""
        asked = _asked({"call_token": call.call_token, "event": event}, "192.0.2.1")
        _searched(lambda: record_progress(self.services, call.call_id, asked))


def _searched(step: Callable[[], T]) -> T:
    """What it comes to; a refusal has no key in anything that it says."""
    try:
        return step()
    except Refusal as refusal:
        no_key_in("a refusal", str(refusal), repr(vars(refusal)))
        raise


def _asked(body: dict[str, Any], address: str) -> Asked:
    return Asked(body=lambda: body, origin=ORIGIN, host="acme.test", address=address)


@dataclass
class Visits:
    """Visitors who come all the time, some of them with a grant, and meet another server at every step."""

    world: World
    backend_key: Callable[[], str]
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    tries: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def come(self, number: int, since: float, until: float) -> None:
        for index in range(number):
            self.world.at(self.dice.uniform(since, until), lambda index=index: self._page(index))  # type: ignore[misc]

    def _page(self, index: int) -> None:
        """A page is made, for every second visitor with a grant."""
        grant = None
        if index % 2:
            off = self.dice.choice(CLOCKS)
            key = self.backend_key().encode()
            now = self.world.now + off
            grant = sign_grant(site="acme", secret=key, visitor=f"visitor {index}", now=now)
        address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        self._later(GRANT_AGE, lambda: self._point(grant, address))

    def _point(self, grant: str | None, address: str) -> None:
        token = self._try(lambda server: server.mint(grant, address))
        if token is not None:
            self._later(SITE_TOKEN_AGE, lambda: self._click(token, address))

    def _click(self, token: str, address: str) -> None:
        call = self._try(lambda server: server.call(token, address))
        if call is not None:
            self._later(1, lambda: self._try(lambda server: server.tell(call, "connected")))
            self._later(CALL_AGE, lambda: self._try(lambda server: server.tell(call, "ended")))

    def _later(self, at_most: float, event: Callable[[], object]) -> None:
        # Many do it at once, many at the last moment.
        share = self.dice.choice((0.0, self.dice.random(), 1.0))
        self.world.at(self.world.now + at_most * share, event)

    def _try(self, step: Callable[[Server], T]) -> T | None:
        server = self.dice.choice(self.world.servers)
        self.tries += 1
        try:
            return step(server)
        except Refusal as refusal:
            self.refused[refusal.code] += 1
            return None
