"""Grants: what a site's backend may say of a visitor, and what it may not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid

import jwt
import pytest

from vaani_widget.errors import GrantExpired, GrantInvalid
from vaani_widget.tokens import (
    GRANT_SECONDS,
    LEEWAY,
    LONGEST_GRANT_SECONDS,
    Grant,
    Keyring,
    SiteToken,
    read_grant,
    sign_grant,
)

NOW = 1_800_000_000
SECRET, OLD = b"secret-of-acme-" * 3, b"old-secret-of-acme-" * 3
TYP = "vaani-grant+jwt"


def forge(*, key=SECRET, typ=TYP, drop=(), **change):
    claims = {"iss": "acme", "aud": "vaani-widget", "exp": NOW + 600, **change}
    claims = {name: value for name, value in claims.items() if name not in drop}
    # Not jwt.encode, which looks at some claims.
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm="HS256", headers={"typ": typ})


def read(token, *, site="acme", secrets=(SECRET,), now=NOW):
    return read_grant(token, site=site, secrets=secrets, now=now)


def test_a_grant_comes_back_as_it_was():
    locked, metadata = {"voice_speed": 1.2, "agent_id": "a2"}, {"plan": "प्रो", "seats": 3}
    text = sign_grant(site="acme", secret=SECRET, visitor="v-7", locked=locked, metadata=metadata, now=NOW)
    assert read(text) == Grant("v-7", locked, metadata)
    assert read(text).agent == "a2"
    assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": TYP}
    claims = jwt.decode(text, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], claims["exp"]) == ("acme", "vaani-widget", NOW + GRANT_SECONDS)


def test_ten_lines_without_a_library_make_one():
    """As a backend in another language would write it."""

    def encode(part):
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")

    head = encode({"alg": "HS256", "typ": TYP})
    body = encode({"iss": "acme", "aud": "vaani-widget", "exp": NOW + 60, "sub": "v-7", "locked": []})
    signature = base64.urlsafe_b64encode(hmac.digest(SECRET, head + b"." + body, hashlib.sha256)).rstrip(b"=")
    assert read((head + b"." + body + b"." + signature).decode()) == Grant("v-7", {}, {})


@pytest.mark.parametrize(
    ("claims", "grant"),
    [
        ({}, Grant()),
        ({"sub": None, "locked": None, "metadata": None}, Grant()),
        ({"locked": [], "metadata": []}, Grant()),
        ({"aud": ["other", "vaani-widget"]}, Grant()),
        ({"exp": NOW + 0.5}, Grant()),
        ({"iat": NOW + LEEWAY, "nbf": NOW + LEEWAY}, Grant()),
        ({"sub": "v-7", "name": "of another use", "jti": "x"}, Grant("v-7")),
        ({"locked": {"agent_name": "a2"}}, Grant(locked={"agent_name": "a2"})),
    ],
)
def test_grants_that_are_right(claims, grant):
    assert read(forge(**claims)) == grant


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ({"iss": "shop"}, "iss"),
        ({"iss": None}, "iss"),
        ({"iss": 5}, "iss"),
        ({"drop": ["iss"]}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": 5}, "aud"),
        ({"aud": {"vaani-widget": 1}}, "aud"),
        ({"drop": ["aud"]}, "aud"),
        ({"drop": ["exp"]}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": str(NOW + 60)}, "exp"),
        ({"exp": [NOW]}, "exp"),
        ({"exp": NOW * 1000}, "exp"),
        ({"exp": 10**300}, "exp"),
        ({"exp": NOW + LONGEST_GRANT_SECONDS + LEEWAY + 1}, "exp"),
        ({"iat": NOW + LEEWAY + 1}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": NOW + LEEWAY + 1}, "nbf"),
        ({"nbf": []}, "nbf"),
        ({"sub": 7}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": True}, "sub"),
        ({"sub": ["v"]}, "sub"),
        ({"sub": "x" * 257}, "sub"),
        ({"sub": "a\nb"}, "sub"),
        ({"locked": "voice_speed"}, "locked"),
        ({"locked": [1]}, "locked"),
        ({"locked": {"websocket_url": "wss://evil.example"}}, "websocket_url"),
        ({"locked": {"env_flag": "x"}}, "env_flag"),
        ({"locked": {"voice_speed": 9}}, "voice_speed"),
        ({"locked": {"voice_speed": True}}, "voice_speed"),
        ({"locked": {"voice_sped": 1}}, "voice_sped"),
        ({"locked": {"metadata": {}}}, "metadata"),
        ({"locked": {"agent_id": ""}}, "agent_id"),
        ({"metadata": "plan"}, "metadata"),
        ({"metadata": {"plan": {"deep": 1}}}, "metadata.plan"),
        ({"metadata": {str(n): n for n in range(33)}}, "metadata"),
        ({"metadata": {"k": "x" * 4096}}, "metadata"),
    ],
)
def test_a_claim_that_is_wrong_is_named(claims, field):
    with pytest.raises(GrantInvalid) as caught:
        read(forge(**claims))
    assert caught.value.field == field
    assert "evil" not in caught.value.detail


@pytest.mark.parametrize("lifetime", [1, 60, LONGEST_GRANT_SECONDS])
def test_how_long_a_grant_lives(lifetime):
    text = sign_grant(site="acme", secret=SECRET, lifetime=lifetime, now=NOW)
    assert read(text, now=NOW - LEEWAY)
    assert read(text, now=NOW + lifetime + LEEWAY)
    with pytest.raises(GrantExpired):
        read(text, now=NOW + lifetime + LEEWAY + 1)


@pytest.mark.parametrize("lifetime", [0, -1, LONGEST_GRANT_SECONDS + 1, float("nan"), float("inf")])
def test_no_grant_is_made_that_nobody_would_read(lifetime):
    with pytest.raises(GrantInvalid) as caught:
        sign_grant(site="acme", secret=SECRET, lifetime=lifetime, now=NOW)
    assert caught.value.field == "exp"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"visitor": "x" * 257}, "visitor"),
        ({"visitor": "a\nb"}, "visitor"),
        ({"visitor": True}, "visitor"),
        ({"visitor": 3.5}, "visitor"),
        ({"visitor": b"v"}, "visitor"),
        ({"visitor": object()}, "visitor"),
        ({"visitor": []}, "visitor"),
        ({"locked": {"websocket_url": "wss://a.example"}}, "websocket_url"),
        ({"locked": {"voice_speed": 9}}, "voice_speed"),
        ({"metadata": {"a": []}}, "metadata.a"),
    ],
)
def test_signing_checks_as_reading_does(arguments, field):
    with pytest.raises(GrantInvalid) as caught:
        sign_grant(site="acme", secret=SECRET, now=NOW, **arguments)
    assert caught.value.field == field


def test_a_visitor_is_an_id_or_nobody():
    one = uuid.UUID(int=7)
    nobody = ((None, None), (False, None), ("", None))
    for visitor, sub in ((7, "7"), ("v", "v"), (one, str(one)), (0, "0"), ("0", "0"), *nobody):
        assert read(sign_grant(site="acme", secret=SECRET, visitor=visitor, now=NOW)).sub == sub


def test_secrets_rotate():
    text = sign_grant(site="acme", secret=OLD, visitor="v", now=NOW)
    assert read(text, secrets=(SECRET, OLD)).sub == "v"
    with pytest.raises(GrantInvalid):
        read(text, secrets=(SECRET,))
    with pytest.raises(GrantInvalid):
        read(text, secrets=())


def test_a_grant_of_one_site_is_none_of_another_even_with_its_secret():
    text = sign_grant(site="shop", secret=SECRET, visitor="v", now=NOW)
    with pytest.raises(GrantInvalid):
        read(text, site="acme")


def test_a_site_without_a_secret_has_one_that_only_this_app_holds():
    ring, other = Keyring([SECRET]), Keyring([OLD])
    text = sign_grant(site="acme", secret=ring.grant_secret("acme"), visitor="v", now=NOW)
    assert read(text, secrets=ring.grant_secrets("acme")).sub == "v"
    assert read(text, secrets=Keyring([OLD, SECRET]).grant_secrets("acme")).sub == "v"
    for secrets in (other.grant_secrets("acme"), ring.grant_secrets("shop"), (SECRET,)):
        with pytest.raises(GrantInvalid):
            read(text, secrets=secrets)


def test_other_tokens_are_no_grants():
    ring = Keyring([SECRET])
    site_token = ring.sign_site_token(SiteToken("j", "acme", "https://a.com", "a1", NOW, NOW + 60))
    none = jwt.encode({"iss": "acme"}, None, algorithm="none", headers={"typ": TYP})
    long_hash = jwt.encode({"iss": "acme"}, SECRET * 2, algorithm="HS512", headers={"typ": TYP})
    for text in (
        site_token, none, long_hash, forge(typ="JWT"), forge(typ="vaani-site+jwt"), forge(key=OLD),
        forge() + "x", forge()[:-1], "", "a.b.c", None, 5, b"x", "\ud800", forge(padding="x" * 12288),
    ):  # fmt: skip
        with pytest.raises(GrantInvalid) as caught:
            read(text)
        assert caught.value.field is None


def test_what_is_wrong_inside_is_told_only_to_who_holds_the_secret():
    with pytest.raises(GrantInvalid) as caught:
        read(forge(key=OLD, exp="wrong"))
    assert caught.value.field is None
    with pytest.raises(GrantInvalid):
        read(forge(key=OLD, exp=NOW - 1000))


def test_a_grant_shows_nothing():
    grant = Grant("hush", {"welcome_message": "hush"}, {"phone": "hush"})
    assert "hush" not in repr(grant)
