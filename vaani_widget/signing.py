"""Compact JWS with HS256, and keys derived for one purpose each. Pure: no clock, no store.

PyJWT does the signature; times and claims are the readers' own, so that every malformed claim is one refusal
and the clock is an argument.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn

import jwt

ALGORITHM = "HS256"
LONGEST = 12_288
"""Characters of a token: 4 KiB of metadata, a welcome message and the rest, in base64; a body has 16 KiB."""

_SALT = b"vaani-widget"
_jws = jwt.PyJWS(algorithms=[ALGORITHM])


class NotVerified(Exception):
    """Not one of our tokens, or not of this kind."""


def hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-SHA256 as in RFC 5869; at most 255 × 32 bytes."""
    pseudorandom = hmac.digest(salt, secret, hashlib.sha256)
    output = block = b""
    counter = 0
    while len(output) < length:
        counter += 1
        block = hmac.digest(pseudorandom, block + info + bytes([counter]), hashlib.sha256)
        output += block
    return output[:length]


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes that serves this purpose only and tells nothing of the secret."""
    return hkdf(secret, salt=_SALT, info=purpose.encode())


def key_id(secret: bytes, purpose: str) -> str:
    """A short public name of the key; derived apart from it, so that it says nothing about it."""
    return hkdf(secret, salt=_SALT, info=f"kid:{purpose}".encode(), length=6).hex()


def sign(claims: Mapping[str, object], key: bytes, *, typ: str, kid: str | None = None) -> str:
    """:raises ValueError: the claims are no JSON."""
    # Not escaped: Hindi in \uXXXX is twice as long, and the token has to fit into a body.
    payload = json.dumps(dict(claims), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    header = {"typ": typ} if kid is None else {"typ": typ, "kid": kid}
    return _jws.encode(payload.encode(), key, algorithm=ALGORITHM, headers=header)


def verify(
    token: object, *, typ: str, keys: Callable[[Mapping[str, object]], Sequence[bytes]]
) -> dict[str, object]:
    """Return the claims of a token, whatever it claims about times.

    :param keys: the keys that may have signed a token with this header.
    :raises NotVerified: for every other thing that could be sent in a token's place.
    """
    if not isinstance(token, str) or len(token) > LONGEST:
        raise NotVerified
    try:
        header = _header(token.partition(".")[0])
        # "crit" asks for extensions, and we have none (RFC 7515, 4.1.11).
        if header.get("alg") != ALGORITHM or header.get("typ") != typ or "crit" in header or "b64" in header:
            raise NotVerified
        claims = json.loads(_payload(token, keys(header)), parse_constant=_no_constant)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise NotVerified from None
    if not isinstance(claims, dict):
        raise NotVerified
    return claims


@lru_cache(maxsize=32)
def _header(segment: str) -> Mapping[str, object]:
    """What a token's first part claims; nothing of it is trusted before the signature over it is verified.

    PyJWT would unpack the whole token for it, and again to verify it. Ours all begin alike.

    :raises ValueError: it is no JSON object.
    """
    header = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    if not isinstance(header, dict):
        raise ValueError("a header is an object")
    return MappingProxyType(header)


def _payload(token: str, keys: Sequence[bytes]) -> bytes:
    for key in keys:
        try:
            payload: bytes = _jws.decode(token, key, algorithms=[ALGORITHM])
        except jwt.InvalidSignatureError:
            continue
        return payload
    raise NotVerified


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
