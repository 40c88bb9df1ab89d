"""Lanes: a share of what a site may spend is kept for visitors that its own backend vouches for.

So a flood of anonymous calls cannot shut them out. They count only where the site has a secret written
down: without one, nobody but this server can vouch for a visitor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .site_limits import Window
from .sites import Site

Lane = Literal["anonymous", "signed"]

KEPT_PERCENT = 30
"""Of a site's day and of its running calls, rounded down."""


@dataclass(frozen=True)
class Bounds:
    """What a site may spend, by lane.

    :param per_day: calls in one UTC calendar day; ``per_day_anonymous`` of them at most anonymous.
    :param running: calls at the same time; ``running_anonymous`` of them at most anonymous.
    :param visitor: each of them holds for one visitor.
    """

    per_day: int
    per_day_anonymous: int
    running: int
    running_anonymous: int
    visitor: tuple[Window, ...] = ()


def bounds(site: Site) -> Bounds:
    """The site's limits, with what is kept for signed visitors."""
    limits = site.limits
    return Bounds(
        per_day=limits.per_day,
        per_day_anonymous=_anonymous(site, limits.per_day),
        running=limits.running,
        running_anonymous=_anonymous(site, limits.running),
        visitor=limits.visitor,
    )


def lane(site: Site, verified_sub: str | None) -> Lane:
    """:param verified_sub: of a grant whose signature was verified for this very request."""
    return "signed" if site.secrets and verified_sub is not None else "anonymous"


def _anonymous(site: Site, limit: int) -> int:
    return limit - limit * KEPT_PERCENT // 100 if site.secrets else limit
