"""What a call needs, made at first use. No Flask: the standalone server, the tests and the CLI share it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx
from sqlalchemy import make_url

from . import challenges, disk
from .challenges import Challenge
from .errors import SettingError, SiteNotFound
from .ledger import Ledger
from .logs import fields
from .mint_rate import MintRate
from .notices import Notices
from .settings import Settings
from .sites import NO_AGENT, Site
from .tokens import Keyring
from .upstream import VaaniClient

_log = logging.getLogger("vaani_widget")


def _never() -> bool:
    return False


@dataclass(frozen=True, eq=False)
class Services:
    """Ledger, keys and the way to Vaani of one application.

    Making it opens nothing. Ledger and client open what they need at first use, once per process.

    :param database_url: of the ledger, for SQLAlchemy.
    :param sender: of the signals; the Flask application in a Flask application.
    :param transport: stands in for the network, in tests.
    :param own_challenge: the owner's, asked of anonymous visitors in place of the extra's.
    :param testing: whether the application is under test at this moment.
    :param clock: seconds since 1970.
    """

    settings: Settings
    database_url: str
    sender: object = None
    transport: httpx.BaseTransport | None = None
    own_challenge: Challenge | None = None
    testing: Callable[[], bool] = _never
    clock: Callable[[], float] = time.time

    def site(self, key: str) -> Site:
        """:raises SiteNotFound: where no site has this key."""
        site = self.settings.sites.get(key)
        if site is None:
            raise SiteNotFound("No site has this key. Write the key of a site that this server knows.")
        return site

    @cached_property
    def ledger(self) -> Ledger:
        """Made at first use, which is also when a disk that would forget it is named in the log."""
        url = make_url(self.database_url)
        unfit = disk.unfit(Path(url.database or "")) if url.get_backend_name() == "sqlite" else None
        if unfit:
            _log.warning(
                "The ledger %s is %s. Put it on a lasting local disk, or name a PostgreSQL in "
                "VAANI_WIDGET_DATABASE_URL.",
                url.database,
                unfit,
                extra=fields("disk_unfit"),
            )
        return Ledger(self.database_url, clock=self.clock)

    @cached_property
    def mint_rate(self) -> MintRate:
        return MintRate()

    @cached_property
    def notices(self) -> Notices:
        return Notices(lambda: self.ledger, self.clock)

    @cached_property
    def keyring(self) -> Keyring:
        """The configured keys, else the ledger's own, which all workers share.

        :raises StoreUnavailable: where the key lies in a ledger that can't be reached.
        """
        return Keyring(self.settings.secret_keys or (self.ledger.own_secret(),))

    @cached_property
    def challenge(self) -> Challenge | None:
        """What anonymous visitors are asked where a challenge is due. Made at first use, which is also when
        it is named in the log that there is none and somebody wants one.
        """
        if self.own_challenge is not None:
            return self.own_challenge
        made = challenges.proof_of_work(lambda: self.keyring.challenge_keys())
        asking = challenges.asking(self.settings.sites.values())
        if made is None and asking:
            _log.warning(
                "The challenge of %s is off: %s %s",
                asking,
                challenges.EXTRA_MISSING,
                challenges.INSTALL,
                extra=fields("challenge_off"),
            )
        return made

    @cached_property
    def _client(self) -> VaaniClient:
        return VaaniClient(
            api_url=self.settings.api_url,
            api_key=self.settings.api_key,
            timeout=self.settings.upstream_timeout,
            transport=self.transport,
        )

    @property
    def vaani(self) -> VaaniClient:
        """The way to Vaani.

        :raises SettingError: under test, unless a transport or another address was given on purpose, and for
            that other one an agent.
        """
        by_default = self.settings.sources.get("VAANI_API_URL", "default") == "default"
        if by_default and self.transport is None and self.testing():
            raise SettingError(
                "VAANI_API_URL",
                "this app is under test and a call would cost money; use vaani_widget.testing.install(app), "
                "or set it to a server of your own.",
            )
        # Also where the app is under test no longer: it was when its settings were read.
        default = self.settings.sites.get("default")
        if self.transport is None and default is not None and default.agents == (NO_AGENT,):
            raise SettingError(
                "VAANI_AGENT",
                "this app was put under test without an agent; name the one to talk to by its UUID or name.",
            )
        return self._client

    def close(self) -> None:
        """Gives back connections, where any were opened."""
        if "_client" in self.__dict__:
            self._client.close()
        if "ledger" in self.__dict__:
            self.ledger.dispose()
