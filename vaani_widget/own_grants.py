"""Grants that this app makes itself: for a page that it writes, and for one that renews its grant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypedDict

from .call_settings import AGENT
from .errors import GrantInvalid
from .grants import sign_grant, visitor_id
from .services import Services
from .sites import Site


class Visitor(TypedDict, total=False):
    """What an app says of a visitor. A plain dict with these names does as well.

    Without ``visitor`` the bearer of the grant is anonymous, and the rest still holds.
    """

    visitor: object
    """The visitor's id, such as ``user.id``: a pseudonym, not a name or an address. Text, a whole number or a
    UUID; None, False or empty text for nobody known."""
    locked: Mapping[str, Any] | None
    """Call settings that the page can't change, such as ``{"primary_language": "hi"}``."""
    metadata: Mapping[str, Any] | None
    """For the agent; flat, 32 keys and 4 KiB at most: text, finite numbers, true, false, None. UUIDs, decimal
    numbers, dates and times become text."""


_Said = Mapping[str, object] | None
GrantLoader = Callable[[str], _Said | Awaitable[_Said]]
"""Given a site's key, says who the visitor of this request is, as a :class:`Visitor`; None for one who is not
known. May be a coroutine function where Flask's extra ``async`` is installed."""


def own_grant(services: Services, site: Site, said: Visitor) -> str | None:
    """Sign what the app says; None where that is nothing.

    Signed with the site's newest secret, or with one derived for it that only this app holds.

    :raises GrantInvalid: no site token could be had with it; ``field`` names what is wrong.
    :raises StoreUnavailable: where the key lies in a ledger that can't be reached.
    """
    visitor, locked, metadata = visitor_id(said.get("visitor")), said.get("locked"), said.get("metadata")
    if visitor is None and not locked and not metadata:
        return None
    grant = sign_grant(
        site=site.key,
        secret=site.secrets[0] if site.secrets else services.keyring.grant_secret(site.key),
        visitor=visitor,
        locked=locked,
        metadata=metadata,
        now=services.clock(),
    )
    for name in AGENT & (locked or {}).keys():
        if (locked or {})[name] not in site.agents:
            raise GrantInvalid(f"locked: this {name} is not in the site's list of agents.", field=name)
    return grant
