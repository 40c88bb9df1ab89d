"""What stands between an anonymous visitor and a call once half of the anonymous share is spent.

A challenge bounds nothing, it raises the price of a flood: the ledger bounds. One interface, so that an
owner can plug in another than the proof of work that comes with the extra ``[challenge]``. ::

    class Captcha:
        def issue(self, token): ...
        def solved(self, token, solution): ...

    VaaniWidget(app, challenge=Captcha())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Protocol

from .sites import Site
from .tokens import SiteToken

EXTRA_MISSING = "the extra [challenge] is not installed."
INSTALL = "Run pip install 'vaani-widget[challenge]', or write challenge = \"off\" where that is meant."


class Challenge(Protocol):
    """Asked of visitors where one is due. Called from many threads at once."""

    def issue(self, token: SiteToken) -> Mapping[str, object]:
        """What the browser gets to solve: JSON, with ``kind`` to know its solver by.

        :param token: the site token that the solution has to come with. Bind the challenge to its ``jti``:
            spending the token is then what makes a solution good for one call only.
        """

    def solved(self, token: SiteToken, solution: str) -> bool:
        """Whether this solves what was issued for this token. Never raises, whatever was sent."""


def proof_of_work(keys: Callable[[], Sequence[bytes]]) -> Challenge | None:
    """ALTCHA's, where its extra is installed.

    :param keys: that sign what is issued, the newest first.
    """
    if find_spec("altcha") is None:
        return None
    from .challenges_altcha import Altcha

    return Altcha(keys)


def asking(sites: Iterable[Site]) -> str:
    """The keys of the sites that want anonymous visitors challenged, as text; empty where none does."""
    return ", ".join(site.key for site in sites if site.challenge == "auto" and site.require == "any")
