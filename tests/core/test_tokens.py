"""Site token and call token: each opens one door, for a time, and everything else is one refusal."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import warnings

import jwt
import pytest

from vaani_widget.errors import TokenExpired, TokenInvalid
from vaani_widget.signing import LONGEST, derive, hkdf, key_id
from vaani_widget.tokens import LEEWAY, SITE_TOKEN_SECONDS, CallToken, Keyring, SiteToken, sign_grant

NOW = 1_800_000_000
OLD, NEW, ALIEN = b"old-secret-" * 4, b"new-secret-" * 4, b"alien-secret-" * 4
SITE = "vaani-site+jwt"
CALL = "vaani-call+jwt"

TOKEN = SiteToken(
    jti="0123456789abcdef0123456789abcdef",
    site="acme",
    origin="https://www.acme.com",
    agent="a1",
    issued_at=NOW,
    expires_at=NOW + SITE_TOKEN_SECONDS,
    sub="visitor-7",
    locked={"voice_speed": 1.2},
    metadata={"plan": "प्रो", "seats": 3},
)
CALL_TOKEN = CallToken(call_id="c-1", site="acme", expires_at=NOW + 660)


@pytest.fixture
def ring():
    return Keyring([NEW, OLD])


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def forge(ring_secret=NEW, typ=SITE, *, change=None, drop=(), header=None, algorithm="HS256", purpose=None):
    """A token with the right key and whatever else is asked for."""
    claims = {
        "iss": "vaani-widget",
        "aud": "vaani-widget",
        "iat": NOW,
        "exp": NOW + 120,
        "jti": "j",
        "site": "acme",
        "origin": "https://www.acme.com",
        "agent": "a1",
        "call_id": "c-1",
        **(change or {}),
    }
    payload = json.dumps({name: value for name, value in claims.items() if name not in drop}).encode()
    purpose = purpose or typ
    headers = {"typ": typ, "kid": key_id(ring_secret, purpose), **(header or {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.PyJWS().encode(payload, derive(ring_secret, purpose), algorithm=algorithm, headers=headers)


def raw(header, payload, key):
    """The same by hand, for headers that PyJWT would not write."""
    segments = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload)]
    signature = hmac.digest(key, b".".join(segments), hashlib.sha256)
    return b".".join([*segments, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_hkdf_is_that_of_rfc_5869():
    # Appendix A.1 and A.3.
    okm = hkdf(
        b"\x0b" * 22,
        salt=bytes.fromhex("000102030405060708090a0b0c"),
        info=bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"),
        length=42,
    )
    assert okm.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    okm = hkdf(b"\x0b" * 22, salt=b"", info=b"", length=42)
    assert okm.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_a_site_token_comes_back_as_it_was(ring):
    assert ring.read_site_token(ring.sign_site_token(TOKEN), NOW) == TOKEN
    bare = SiteToken("j", "acme", "https://www.acme.com", "a1", NOW, NOW + 120)
    text = ring.sign_site_token(bare)
    assert ring.read_site_token(text, NOW) == bare
    assert set(claims_of(text)) == {"iss", "aud", "iat", "exp", "jti", "site", "origin", "agent"}
    assert set(claims_of(ring.sign_site_token(TOKEN))) >= {"sub", "locked", "metadata"}


def test_its_header_is_that_of_the_protocol(ring):
    header = jwt.get_unverified_header(ring.sign_site_token(TOKEN))
    assert (header["alg"], header["typ"]) == ("HS256", SITE)
    assert header["kid"] == key_id(NEW, SITE)
    assert jwt.get_unverified_header(ring.sign_call_token(CALL_TOKEN))["typ"] == CALL


def test_a_call_token_comes_back_as_it_was(ring):
    text = ring.sign_call_token(CALL_TOKEN)
    assert ring.read_call_token(text, NOW) == CALL_TOKEN
    assert set(claims_of(text)) == {"iss", "aud", "exp", "call_id", "site"}


def test_the_helper_makes_tokens_that_are_right(ring):
    assert ring.read_site_token(forge(), NOW).jti == "j"
    assert ring.read_call_token(forge(typ=CALL), NOW).call_id == "c-1"


def test_old_keys_verify_and_the_newest_signs(ring):
    old = Keyring([OLD]).sign_site_token(TOKEN)
    assert ring.read_site_token(old, NOW) == TOKEN
    with pytest.raises(TokenInvalid):
        Keyring([OLD]).read_site_token(ring.sign_site_token(TOKEN), NOW)
    with pytest.raises(TokenInvalid):
        Keyring([NEW]).read_site_token(old, NOW)


def test_keys_are_different_for_each_purpose(ring):
    keys = [derive(NEW, purpose) for purpose in (SITE, CALL, "grant:acme", "grant:shop")]
    assert len({*keys, NEW}) == 5
    assert ring.grant_secret("acme") == derive(NEW, "grant:acme")
    assert ring.grant_secrets("acme") == (derive(NEW, "grant:acme"), derive(OLD, "grant:acme"))


def test_a_keyring_without_keys_is_none():
    with pytest.raises(ValueError, match="at least one"):
        Keyring([])


@pytest.mark.parametrize(
    ("now", "error"),
    [
        (NOW - LEEWAY, None),
        (NOW, None),
        (NOW + 120, None),
        (NOW + 120 + LEEWAY, None),
        (NOW + 120 + LEEWAY + 1, TokenExpired),
        (NOW * 1000, TokenExpired),
        (NOW - LEEWAY - 1, TokenInvalid),
    ],
)
def test_times_are_seconds_by_the_given_clock_with_leeway(ring, now, error):
    text = ring.sign_site_token(TOKEN)
    if error is None:
        assert ring.read_site_token(text, float(now)) == TOKEN
    else:
        with pytest.raises(error):
            ring.read_site_token(text, float(now))


def test_a_call_token_ends_with_its_lease(ring):
    text = ring.sign_call_token(CALL_TOKEN)
    assert ring.read_call_token(text, CALL_TOKEN.expires_at + LEEWAY)
    with pytest.raises(TokenExpired):
        ring.read_call_token(text, CALL_TOKEN.expires_at + LEEWAY + 1)


BAD_CLAIMS = [None, True, [], {}, "", 5.5, [1], {"a": 1}, float("nan"), float("inf"), "x" * 5]
TEXTS = ("jti", "site", "origin", "agent")


@pytest.mark.parametrize("name", ["iss", "aud", "iat", "exp", *TEXTS])
@pytest.mark.parametrize("value", BAD_CLAIMS, ids=repr)
def test_a_malformed_claim_is_an_invalid_token(ring, name, value):
    if name in TEXTS and value == "x" * 5:
        value = 5
    with pytest.raises(TokenInvalid):
        ring.read_site_token(forge(change={name: value}), NOW)


@pytest.mark.parametrize("name", ["sub", "locked", "metadata"])
@pytest.mark.parametrize("value", [None, True, 5, [], ["a"]], ids=repr)
def test_a_malformed_claim_of_a_grant_is_an_invalid_token(ring, name, value):
    with pytest.raises(TokenInvalid):
        ring.read_site_token(forge(change={name: value}), NOW)


@pytest.mark.parametrize("name", ["iss", "aud", "iat", "exp", *TEXTS])
def test_a_missing_claim_is_an_invalid_token(ring, name):
    with pytest.raises(TokenInvalid):
        ring.read_site_token(forge(drop=[name]), NOW)


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "call_id", "site"])
def test_a_call_token_without_a_claim_is_invalid(ring, name):
    with pytest.raises(TokenInvalid):
        ring.read_call_token(forge(typ=CALL, drop=[name]), NOW)
    with pytest.raises(TokenInvalid):
        ring.read_call_token(forge(typ=CALL, change={name: 5.5 if name != "exp" else "5"}), NOW)


@pytest.mark.parametrize("exp", [10**400, -(10**400), 0, -1])
def test_no_time_is_too_large_to_be_read(ring, exp):
    token = raw(
        json.dumps({"alg": "HS256", "typ": SITE, "kid": key_id(NEW, SITE)}).encode(),
        json.dumps({**claims_of(forge()), "exp": exp}).encode(),
        derive(NEW, SITE),
    )
    if exp > 0:
        assert ring.read_site_token(token, NOW).expires_at == exp
    else:
        with pytest.raises(TokenExpired):
            ring.read_site_token(token, NOW)


def test_a_token_of_one_kind_is_none_of_another(ring):
    site, call = ring.sign_site_token(TOKEN), ring.sign_call_token(CALL_TOKEN)
    grant = sign_grant(site="acme", secret=ring.grant_secret("acme"), visitor="v", now=NOW)
    for text in (call, grant, forge(typ=CALL, purpose=SITE), forge(typ=SITE, purpose=CALL)):
        with pytest.raises(TokenInvalid):
            ring.read_site_token(text, NOW)
    for text in (site, grant, forge(typ=SITE, purpose=CALL), forge(typ=CALL, purpose=SITE)):
        with pytest.raises(TokenInvalid):
            ring.read_call_token(text, NOW)


def test_another_servers_tokens_are_not_ours(ring):
    with pytest.raises(TokenInvalid):
        ring.read_site_token(Keyring([ALIEN]).sign_site_token(TOKEN), NOW)
    with pytest.raises(TokenInvalid):
        ring.read_site_token(Keyring([NEW], issuer="other").sign_site_token(TOKEN), NOW)
    # Its key under our kid.
    with pytest.raises(TokenInvalid):
        ring.read_site_token(forge(ALIEN, header={"kid": key_id(NEW, SITE)}), NOW)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "application/vaani-site+jwt"},
        {"typ": SITE.upper()},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": key_id(NEW, CALL)},
        {"crit": ["exp"]},
    ],
)
def test_a_header_other_than_ours_is_refused(ring, header):
    with pytest.raises(TokenInvalid):
        ring.read_site_token(forge(header=header), NOW)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "hs256"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": ["HS256"]},
        {"alg": {"HS256": 1}},
        {"alg": None},
        {"kid": 5},
        {"kid": ["a"]},
        {"typ": [SITE]},
        {"b64": False, "crit": ["b64"]},
        {"crit": []},
        {"jwk": {"kty": "oct", "k": "AAAA"}, "kid": "unknown"},
    ],
)
def test_an_algorithm_other_than_ours_is_refused(ring, header):
    base = {"alg": "HS256", "typ": SITE, "kid": key_id(NEW, SITE)}
    payload = json.dumps(claims_of(forge())).encode()
    assert ring.read_site_token(raw(json.dumps(base).encode(), payload, derive(NEW, SITE)), NOW)
    with pytest.raises(TokenInvalid):
        ring.read_site_token(raw(json.dumps({**base, **header}).encode(), payload, derive(NEW, SITE)), NOW)


def test_alg_none_without_a_signature_is_refused(ring):
    header, payload, _ = forge().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": SITE}).encode()).rstrip(b"=").decode()
    for text in (f"{none}.{payload}.", f"{none}.{payload}", f"{header}.{payload}.", f"{header}.{payload}"):
        with pytest.raises(TokenInvalid):
            ring.read_site_token(text, NOW)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"exp":NaN}',
        b"[" * 5000,
        b'{"exp":' + b"9" * 5000 + b"}",
    ],
    ids=repr,
)
def test_a_payload_that_is_no_claims_is_refused(ring, payload):
    header = json.dumps({"alg": "HS256", "typ": SITE, "kid": key_id(NEW, SITE)}).encode()
    with pytest.raises(TokenInvalid):
        ring.read_site_token(raw(header, payload, derive(NEW, SITE)), NOW)


GARBAGE = [
    None, 5, b"abc", [], {}, "", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "\x00", "\ud800", "ü.ü.ü", " ",
    "=.=.=", "e30.e30.e30", "W10.e30.", "bnVsbA.e30.", "x" * LONGEST, "x" * (LONGEST + 1), "." * LONGEST,
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda value: repr(value)[:20])
def test_garbage_is_refused(ring, garbage):
    for read in (ring.read_site_token, ring.read_call_token):
        with pytest.raises(TokenInvalid):
            read(garbage, NOW)


def test_a_header_nested_without_end_is_refused(ring):
    for header in (b"[" * 6000, b'{"a":' * 1500, b'{"alg":' + b"9" * 5000 + b"}"):
        with pytest.raises(TokenInvalid):
            ring.read_site_token(raw(header, b"{}", derive(NEW, SITE)), NOW)


def test_an_oversized_token_is_refused_whatever_its_signature(ring):
    large = forge(change={"padding": "x" * LONGEST})
    assert len(large) > LONGEST
    with pytest.raises(TokenInvalid):
        ring.read_site_token(large, NOW)


def test_the_largest_token_that_can_be_made_can_be_read(ring):
    """32 keys and 4 KiB of metadata in three bytes a letter, a whole welcome message, a long visitor."""
    metadata = {"k": "अ" * ((4096 - len('{"k":""}')) // 3)}
    locked = {"welcome_message": "अ" * 500, "primary_language": "hi", "voice_speed": 1.25}
    token = SiteToken(
        "j" * 32, "s" * 64, "https://" + "o" * 253, "अ" * 200, NOW, NOW + 1, "अ" * 256, locked, metadata
    )
    text = ring.sign_site_token(token)
    assert len(text) <= LONGEST
    assert ring.read_site_token(text, NOW) == token


def test_no_mutation_of_a_token_is_anything_but_invalid(ring):
    """One letter changed, anywhere: never another exception, never accepted as something else."""
    text = ring.sign_site_token(TOKEN)
    chance = random.Random(7)
    letters = "ABCxyz019-_.=\x00ü"
    for _ in range(2000):
        at = chance.randrange(len(text))
        letter = chance.choice(letters)
        mutated = chance.choice([text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :], text[:at]])
        if mutated == text:
            continue
        # Older PyJWT reads a signature with junk in it as the same bytes: then it is the same token.
        try:
            assert ring.read_site_token(mutated, NOW) == TOKEN
            assert mutated.rpartition(".")[0] == text.rpartition(".")[0]
        except TokenInvalid:
            pass


def test_nothing_warns_and_nothing_secret_shows(ring):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ring.read_site_token(ring.sign_site_token(TOKEN), NOW)
    assert "secret" not in repr(ring)
    assert "secret-" not in repr(vars(ring))
    assert derive(NEW, "grant:acme").hex() not in repr(ring.grant_secret("acme"))
    for hidden in ("visitor-7", "प्रो", "1.2"):
        assert hidden not in repr(TOKEN)
