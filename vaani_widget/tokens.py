"""Site token and call token: signed by this server, for one purpose each. Pure: the clock is an argument.

Grants, which a site's own backend signs, are in :mod:`vaani_widget.grants` and can be had from here.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .errors import TokenExpired, TokenInvalid
from .grants import GRANT_SECONDS, LEEWAY, LONGEST_GRANT_SECONDS, Grant, read_grant, sign_grant
from .hidden import SecretBytes
from .signing import NotVerified, derive, key_id, sign, verify
from .visitors import network

__all__ = [
    "GRANT_SECONDS",
    "LEEWAY",
    "LONGEST_GRANT_SECONDS",
    "SITE_TOKEN_SECONDS",
    "CallToken",
    "Grant",
    "Keyring",
    "SiteToken",
    "read_grant",
    "sign_grant",
]

SITE_TOKEN_SECONDS = 120
_SITE_TYPE = "vaani-site+jwt"
_CALL_TYPE = "vaani-call+jwt"


@dataclass(frozen=True)
class SiteToken:
    """Starts at most one call, of this site, from this origin, with this agent.

    :param jti: 128 random bits as text; what the ledger spends.
    :param issued_at: seconds since 1970; ``expires_at`` likewise.
    :param sub: of a verified grant, as are ``locked`` and ``metadata``.
    """

    jti: str
    site: str
    origin: str
    agent: str
    issued_at: int
    expires_at: int
    sub: str | None = field(default=None, repr=False)
    locked: Mapping[str, object] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class CallToken:
    """Speaks for one call until ``expires_at`` (seconds since 1970), the end of its lease."""

    call_id: str
    site: str
    expires_at: int


class Keyring:
    """The keys of one server, one for each purpose, derived from its secrets.

    :param secrets: at least 32 bytes each, the newest first: it signs, all of them verify.
    :param issuer: of the tokens, and their audience.
    """

    def __init__(self, secrets: Sequence[bytes], issuer: str = "vaani-widget") -> None:
        if not secrets:
            raise ValueError("A keyring needs at least one secret.")
        self._secrets = tuple(SecretBytes(secret) for secret in secrets)
        self._issuer = issuer
        self._keys = {typ: self._derived(typ) for typ in (_SITE_TYPE, _CALL_TYPE)}
        self._visitor_keys = tuple(SecretBytes(derive(secret, "visitor")) for secret in self._secrets)
        self._challenge_keys = tuple(SecretBytes(derive(secret, "challenge")) for secret in self._secrets)

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._secrets)}>"

    def sign_site_token(self, token: SiteToken) -> str:
        claims: dict[str, object] = {
            "iat": token.issued_at,
            "exp": token.expires_at,
            "jti": token.jti,
            "site": token.site,
            "origin": token.origin,
            "agent": token.agent,
        }
        of_grant = {"sub": token.sub, "locked": dict(token.locked), "metadata": dict(token.metadata)}
        return self._sign(claims | {name: value for name, value in of_grant.items() if value}, _SITE_TYPE)

    def read_site_token(self, token: object, now: float) -> SiteToken:
        """Verify a site token. Whether it was spent already is the ledger's to say.

        :param now: seconds since 1970.
        :raises TokenInvalid: not made by this server for this purpose.
        :raises TokenExpired: made by it, and over by more than 30 s.
        """
        claims = self._verify(token, _SITE_TYPE, now)
        return SiteToken(
            jti=_text(claims, "jti"),
            site=_text(claims, "site"),
            origin=_text(claims, "origin"),
            agent=_text(claims, "agent"),
            issued_at=_second(claims, "iat"),
            expires_at=_second(claims, "exp"),
            sub=_text(claims, "sub") if "sub" in claims else None,
            locked=_object(claims, "locked"),
            metadata=_object(claims, "metadata"),
        )

    def sign_call_token(self, token: CallToken) -> str:
        claims = {"exp": token.expires_at, "call_id": token.call_id, "site": token.site}
        return self._sign(claims, _CALL_TYPE)

    def read_call_token(self, token: object, now: float) -> CallToken:
        """Verify a call token; raises as :meth:`read_site_token` does."""
        claims = self._verify(token, _CALL_TYPE, now)
        return CallToken(_text(claims, "call_id"), _text(claims, "site"), _second(claims, "exp"))

    def grant_secret(self, site: str) -> bytes:
        """The secret that signs grants of a site with none written down; only this app holds it."""
        return self.grant_secrets(site)[0]

    def grant_secrets(self, site: str) -> tuple[bytes, ...]:
        """All of them, the newest first: grants made before a rotation live on."""
        return tuple(SecretBytes(derive(secret, f"grant:{site}")) for secret in self._secrets)

    def visitor_ids(self, site: str, *, sub: str | None, address: str) -> tuple[str, ...]:
        """Names of a visitor that tell nobody who it is: one by each secret, the newest first, so that a
        rotation forgets no visitor's calls. Another site's names of the same visitor are others.

        :param sub: of a verified grant; where there is none, the address is who it is.
        """
        who = f"sub\0{sub}" if sub is not None else f"address\0{network(address)}"
        text = f"{site}\0{who}".encode("utf-8", "surrogatepass")
        return tuple(hmac.digest(key, text, "sha256")[:16].hex() for key in self._visitor_keys)

    def challenge_keys(self) -> tuple[bytes, ...]:
        """Keys that sign challenges, the newest first."""
        return self._challenge_keys

    def _derived(self, typ: str) -> dict[str, SecretBytes]:
        """Key id → key, the newest first."""
        return {key_id(secret, typ): SecretBytes(derive(secret, typ)) for secret in self._secrets}

    def _sign(self, claims: Mapping[str, object], typ: str) -> str:
        kid, key = next(iter(self._keys[typ].items()))
        return sign({"iss": self._issuer, "aud": self._issuer, **claims}, key, typ=typ, kid=kid)

    def _verify(self, token: object, typ: str, now: float) -> dict[str, object]:
        def named(header: Mapping[str, object]) -> Sequence[bytes]:
            key = self._keys[typ].get(str(header.get("kid")))
            return (key,) if key else ()

        try:
            claims = verify(token, typ=typ, keys=named)
        except NotVerified:
            raise TokenInvalid from None
        if claims.get("iss") != self._issuer or claims.get("aud") != self._issuer:
            raise TokenInvalid
        if "iat" in claims and _second(claims, "iat") > now + LEEWAY:
            raise TokenInvalid
        if now > _second(claims, "exp") + LEEWAY:
            raise TokenExpired
        return claims


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenInvalid
    return value


def _second(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TokenInvalid
    return value


def _object(claims: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = claims.get(name, {})
    if not isinstance(value, dict):
        raise TokenInvalid
    return value
