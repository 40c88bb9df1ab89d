"""Grants: what a site's own backend says of a visitor, as a JWT that it signs with the site's secret."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from .call_settings import check_grant_locked, check_grant_metadata
from .errors import GrantExpired, GrantInvalid
from .signing import NotVerified, sign, verify

GRANT_TYPE = "vaani-grant+jwt"
GRANT_AUDIENCE = "vaani-widget"
GRANT_SECONDS = 3600
"""How long a grant lives where its maker says nothing."""

LONGEST_GRANT_SECONDS = 12 * 3600
LEEWAY = 30
"""Seconds by which two clocks may differ."""

LONGEST_VISITOR = 256
_NAME = f"text of 1 to {LONGEST_VISITOR} printable characters"


@dataclass(frozen=True)
class Grant:
    """A verified grant.

    :param sub: the site's pseudonymous id of the visitor; without it the bearer is anonymous.
    :param locked: call settings that the page can't change; see :attr:`agent` for an agent among them.
    :param metadata: trusted key-value pairs for the agent.
    """

    sub: str | None = field(default=None, repr=False)
    locked: Mapping[str, object] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def agent(self) -> str | None:
        """The agent that it locks, if it locks one. Whether the site has it is not checked here."""
        agent = self.locked.get("agent_id", self.locked.get("agent_name"))
        return agent if isinstance(agent, str) else None


def sign_grant(
    *,
    site: str,
    secret: bytes,
    visitor: object = None,
    locked: Mapping[str, object] | None = None,
    metadata: Mapping[str, object] | None = None,
    lifetime: float = GRANT_SECONDS,
    now: float,
) -> str:
    """Make a grant.

    :param site: the site's key.
    :param secret: the site's, or the one derived for it where it has none.
    :param visitor: its id at the site, as :func:`visitor_id` takes it; nobody leaves the bearer anonymous.
    :param metadata: flat. UUIDs and decimal numbers travel as text, dates and times as ISO 8601 writes them.
    :param lifetime: seconds, at most 12 hours.
    :param now: seconds since 1970.
    :raises GrantInvalid: a value that no reader would accept.
    """
    if not 1 <= lifetime <= LONGEST_GRANT_SECONDS:
        raise GrantInvalid("A grant lives from 1 second to 12 hours.", field="exp")
    claims: dict[str, object] = {
        "iss": site,
        "aud": GRANT_AUDIENCE,
        "iat": int(now),
        "exp": int(now + lifetime),
    }
    if (sub := visitor_id(visitor)) is not None:
        claims["sub"] = sub
    if locked:
        claims["locked"] = check_grant_locked(locked)
    if metadata:
        claims["metadata"] = check_grant_metadata(_as_json(metadata))
    return sign(claims, secret, typ=GRANT_TYPE)


def _as_json(metadata: object) -> object:
    """What a database gives and JSON does not have, as text. Whatever else is wrong is left to the check."""
    if not isinstance(metadata, Mapping):
        return metadata
    return {key: _value_as_json(value) for key, value in metadata.items()}


def _value_as_json(value: object) -> object:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, UUID) or (isinstance(value, Decimal) and value.is_finite()):
        return str(value)
    return value


def visitor_id(value: object) -> str | None:
    """What names a visitor, as text. None for nobody: None, False and empty text are what a template has of
    somebody who is not logged in (``user.is_authenticated and user.id``).

    Nothing else has a text form that names one visitor and nobody else: ``True`` would be all of them, and an
    object another one in each process.

    :param value: text, a whole number or a UUID.
    :raises GrantInvalid: of any other type, or text that no reader would accept. It never has the value.
    """
    if isinstance(value, bool | str | None) and not value:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise GrantInvalid(
            f"visitor is of type {value.__class__.__name__}; pass an id, such as user.id, as text, a whole "
            "number or a UUID, and None for nobody.",
            field="visitor",
        )
    text = str(value)
    if not _names(text):
        raise GrantInvalid(f"visitor is {_NAME}.", field="visitor")
    return text


def read_grant(token: object, *, site: str, secrets: Sequence[bytes], now: float) -> Grant:
    """Verify a grant for this site.

    :param secrets: any of them may have signed it.
    :raises GrantInvalid: of any other make; where the signature is right, ``field`` names the wrong claim.
    :raises GrantExpired: its ``exp`` has passed by more than 30 s.
    """
    try:
        claims = verify(token, typ=GRANT_TYPE, keys=lambda header: secrets)
    except NotVerified:
        raise GrantInvalid from None
    if claims.get("iss") != site:
        raise GrantInvalid("The grant's iss is not this site's key.", field="iss")
    audience = claims.get("aud")
    if audience != GRANT_AUDIENCE and not (isinstance(audience, list) and GRANT_AUDIENCE in audience):
        raise GrantInvalid(f"The grant's aud is not {GRANT_AUDIENCE}.", field="aud")
    _check_times(claims, now)
    visitor = claims.get("sub")
    return Grant(
        sub=None if visitor is None else _visitor(visitor),
        locked=check_grant_locked(_object(claims, "locked")),
        metadata=check_grant_metadata(_object(claims, "metadata")),
    )


def _check_times(claims: Mapping[str, object], now: float) -> None:
    for name in ("iat", "nbf"):
        if name in claims:
            start = _moment(claims[name])
            if start is None or start > now + LEEWAY:
                raise GrantInvalid(f"The grant's {name} is in the future, or not in seconds.", field=name)
    end = _moment(claims.get("exp"))
    if end is None:
        raise GrantInvalid("A grant has an exp, in seconds since 1970.", field="exp")
    if now > end + LEEWAY:
        raise GrantExpired
    if end > now + LONGEST_GRANT_SECONDS + LEEWAY:
        raise GrantInvalid("The grant's exp is over 12 hours ahead; it counts seconds.", field="exp")


def _visitor(value: object) -> str:
    if not isinstance(value, str) or not _names(value):
        raise GrantInvalid(f"sub is {_NAME}.", field="sub")
    return value


def _names(text: str) -> bool:
    return 1 <= len(text) <= LONGEST_VISITOR and text.isprintable()


def _object(claims: Mapping[str, object], name: str) -> object:
    value = claims.get(name)
    # PHP writes an empty array as [], and most languages an absent object as null.
    return {} if value is None or value == [] else value


def _moment(value: object) -> int | float | None:
    """A NumericDate (RFC 7519): a finite number of seconds since 1970, else ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None
