"""Tokens that nobody should take, made from what an attacker may have: other tokens, other keys, the code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ALPHABET = string.ascii_letters + string.digits + "-_"
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def jws(header: object, payload: object, key: bytes, sign_as: str = "HS256") -> str:
    """Signed by hand, whatever its header says of it. ``bytes`` go in as they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    text = ".".join(encoded(part) for part in parts)
    return f"{text}.{encoded(hmac.digest(key, text.encode(), HASHES[sign_as]))}"


@dataclass(frozen=True)
class Kind:
    """One kind of token, with its real key.

    :param named: whether its header has to name the key.
    :param now: the time at which it is good.
    :param other_keys: what else might have been taken for the key.
    """

    typ: str
    key: bytes
    claims: Mapping[str, Any]
    now: int
    kid: str | None = None
    other_keys: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def header(self) -> dict[str, Any]:
        named = {} if self.kid is None else {"kid": self.kid}
        return {"alg": "HS256", "typ": self.typ, **named}

    def make(self, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """With the real key, and these changes; ``...`` leaves one out."""
        changed = {**self.claims, **claims}
        return jws(_without_gaps({**self.header, **(header or {})}), _without_gaps(changed), self.key)


def _without_gaps(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}


def forgeries(kind: Kind, dice: random.Random) -> Iterator[tuple[str, str]]:
    """What is wrong with it, and the token."""
    yield from _by_another_key(kind)
    yield from _by_another_algorithm(kind)
    yield from _with_another_header(kind)
    yield from _with_other_claims(kind)
    yield from _of_another_time(kind)
    yield from _tampered(kind, dice)


def _by_another_key(kind: Kind) -> Iterator[tuple[str, str]]:
    keys = {
        "no key": b"",
        "a guess": b"secret",
        "a zero key": bytes(32),
        "its own header": json.dumps(kind.header).encode(),
        "its key id": (kind.kid or "").encode(),
        "its type": kind.typ.encode(),
        "the key once more": hashlib.sha256(kind.key).digest(),
        "half of the key": kind.key[:16],
        "the key and a zero": kind.key + b"\x00\x01",
        "the key as text": kind.key.hex().encode(),
        **kind.other_keys,
    }
    for name, key in keys.items():
        yield f"signed by {name}", jws(kind.header, kind.claims, key)
        own = {"kty": "oct", "k": encoded(key), "alg": "HS256"}
        yield f"signed by {name}, which it brings along", jws({**kind.header, "jwk": own}, kind.claims, key)
        jku = {**kind.header, "jku": "https://evil.test/keys", "x5u": "https://evil.test/cert"}
        yield f"signed by {name}, to be fetched", jws(jku, kind.claims, key)


def _by_another_algorithm(kind: Kind) -> Iterator[tuple[str, str]]:
    names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        " HS256",
        "hs256",
        "HS256\x00",
        "HMAC",
        "RS256",
        "ES256",
        "PS256",
    ]
    names += ["EdDSA", "dir", "A256KW", "HS384", "HS512", "HS1"]
    for alg in [*names, None, [], ["HS256"], {"HS256": 1}, 256, True, ...]:
        header = _without_gaps({**kind.header, "alg": alg})
        text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(dict(kind.claims)).encode())}"
        for name, signature in {
            "no signature": "",
            "a signature of nothing": encoded(b"\x00" * 32),
            "the real key's": jws(header, kind.claims, kind.key).rpartition(".")[2],
        }.items():
            yield f"alg {alg!r} with {name}", f"{text}.{signature}"
    for alg in ("HS384", "HS512"):
        yield f"{alg} with the real key", jws({**kind.header, "alg": alg}, kind.claims, kind.key, alg)
        yield f"HS256 made as {alg}", jws(kind.header, kind.claims, kind.key, alg)


def _with_another_header(kind: Kind) -> Iterator[tuple[str, str]]:
    for crit in (["b64"], ["exp"], [], "b64", None, {}, ["vaani"], 1):
        yield f"crit {crit!r}", kind.make(header={"crit": crit, "vaani": 1})
    for b64 in (False, True, None, "false"):
        yield f"b64 {b64!r}", kind.make(header={"b64": b64})
        yield f"b64 {b64!r}, critical", kind.make(header={"b64": b64, "crit": ["b64"]})
    for typ in (
        ...,
        None,
        "",
        "JWT",
        "jwt",
        "at+jwt",
        kind.typ.upper(),
        f"application/{kind.typ}",
        f"{kind.typ} ",
    ):
        yield f"typ {typ!r}", kind.make(header={"typ": typ})
    for typ in ("vaani-site+jwt", "vaani-call+jwt", "vaani-grant+jwt", ["vaani-site+jwt"], {}, 1):
        if typ != kind.typ:
            yield f"typ {typ!r}", kind.make(header={"typ": typ})
    if kind.kid is not None:
        unknown = [
            "",
            "0" * 12,
            kind.kid[:-1],
            kind.kid + "0",
            kind.kid.upper() + "X",
            "../../dev/null",
            "x" * 5000,
        ]
        for kid in (..., None, *unknown, "' OR 1=1 --", "\x00", [kind.kid], {"kid": kind.kid}, 0, True):
            yield f"kid {str(kid)[:20]!r}", kind.make(header={"kid": kid})
    for header in (b"", b"null", b"[]", b'"HS256"', b"{", b"\xff", b"{}" * 2, b'{"alg":NaN}', b"[" * 5000):
        yield f"the header {header[:10]!r}", jws(header, kind.claims, kind.key)
    twice = json.dumps(kind.header)[:-1].encode() + b', "alg": "none"}'
    yield "alg twice, none at last", jws(twice, kind.claims, kind.key)


def _with_other_claims(kind: Kind) -> Iterator[tuple[str, str]]:
    for name in ("iss", "aud"):
        for value in (..., None, "", "evil", [], {}, True, 0, ["evil"], str(kind.claims[name]).upper() + "."):
            yield f"{name} {value!r}", kind.make(**{name: value})
    for payload in (b"", b"null", b"[]", b"{}", b'"x"', b"{", b"\xff\xfe", b'{"exp": NaN}', b"[" * 5000):
        yield f"the payload {payload[:10]!r}", jws(kind.header, payload, kind.key)


def _of_another_time(kind: Kind) -> Iterator[tuple[str, str]]:
    for ago in (31, 32, 60, 120, 3600, 86_400, kind.now):
        yield f"over since {ago} s", kind.make(iat=kind.now - ago - 60, exp=kind.now - ago)
    for exp in (..., None, "", "tomorrow", str(kind.now + 60), True, [], {}, -1, 0, 1, [kind.now + 60]):
        yield f"exp {exp!r}", kind.make(exp=exp)
    for ahead in (31, 60, 3600, 10**9, 10**18):
        yield f"made in {ahead} s", kind.make(iat=kind.now + ahead)
    yield "over since 31 s, in milliseconds", kind.make(exp=-(kind.now - 31) * 1000)


def _tampered(kind: Kind, dice: random.Random) -> Iterator[tuple[str, str]]:
    real = kind.make()
    header, payload, signature = real.split(".")
    another = kind.make(iat=kind.now - 1).split(".")
    yield "another's signature", f"{header}.{payload}.{another[2]}"
    yield "another's payload", f"{header}.{another[1]}.{signature}"
    more = encoded(json.dumps({**kind.claims, "sub": "somebody", "site": "other"}).encode())
    yield "a payload with more in it", f"{header}.{more}.{signature}"
    yield "parts in another order", f"{payload}.{header}.{signature}"
    as_json = json.dumps({"protected": header, "payload": payload, "signature": signature})
    for text in (
        f"{real}.", f".{real}", f"{real}.{signature}", f"{header}.{payload}", f"{header}.{payload}.",
        f"{header}..{signature}", f"{header},{payload},{signature}", f"Bearer {real}", real * 2, as_json,
        "", ".", "..", "...", "a.b.c", real + "\x00.", "é.é.é", real.replace(".", "．"),
    ):  # fmt: skip
        yield "another form", text
    for cut in dice.sample(range(len(real)), 40):
        yield f"cut at {cut}", real[:cut]
    for _ in range(100):
        at = dice.randrange(len(real))
        text = real[:at] + dice.choice(ALPHABET) + real[at + 1 :]
        if _says_something_else(text, real):
            yield f"another letter at {at}", text


def _says_something_else(text: str, real: str) -> bool:
    """The last letter of base64 has bits that mean nothing: with others in them it is the same token."""
    if text.count(".") != 2:
        return True
    return [decoded(part) for part in text.split(".")] != [decoded(part) for part in real.split(".")]
