"""Origins that are almost the site's: none of them gets a site token, and none spends one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from tests.attack import canaries
from tests.attack.conftest import Ceiling
from tests.attack.raw import Answer, ask
from tests.attack.served import AGENT, serving, site
from tests.parts.hostile_upstream import HostileUpstream, credentials
from vaani_widget.tokens import Keyring, SiteToken

OURS = "https://www.acme.com"
EVIL = "https://evil.test"
HOSTILE = {
    "nothing": ["", "null", "NULL", "Null", "undefined", "*", "self", "'self'", "about:blank", "data:", "file://"],
    "more behind it": [
        f"{OURS}.evil.test", f"{OURS}evil.test", f"{OURS}-evil.test", f"{OURS}munity", f"{OURS}.au",
        f"{OURS}.", f"{OURS}/", f"{OURS}/a", f"{OURS}?", f"{OURS}#", f"{OURS}%00", f"{OURS}\\", "https://www.acme.co",
    ],
    "more before it": [
        "https://evilwww.acme.com", "https://evil-www.acme.com", "https://evil.www.acme.com", "https://acme.com",
        f"{EVIL}/www.acme.com", f"{EVIL}#{OURS}", f"{EVIL}?{OURS}", f"{EVIL}\\www.acme.com", f"{EVIL}/{OURS}",
        f"blob:{OURS}/1", f"view-source:{OURS}", f"{EVIL};{OURS}",
    ],
    "ports": [f"{OURS}{port}" for port in (":443", ":80", ":8443", ":0443", ":", ":443:443", ":65536", ":*")],
    "schemes": [
        "http://www.acme.com", "ftp://www.acme.com", "wss://www.acme.com", "//www.acme.com", "www.acme.com",
        "https:www.acme.com", "https:/www.acme.com", "https:///www.acme.com", "chrome-extension://www.acme.com",
    ],
    "case": [OURS.upper(), "https://WWW.acme.com", "https://www.Acme.com", "HTTPS://www.acme.com"],
    "names of other scripts": [
        "https://www.\u0430cme.com", "https://www.xn--cme-7cd.com", "https://www.acm\u00e9.com",
        "https://www\u3002acme\u3002com", "https://www.ac\u200bme.com", "https://\uff57\uff57\uff57.acme.com",
        "https://www.acme\u2024com", "https://www.acme.\u1d9c\u2092\u2098",
    ],
    "users": [
        f"{OURS}@evil.test", "https://user@www.acme.com", f"{OURS}:443@evil.test", "https://@www.acme.com",
        "https://user:word@www.acme.com", f"{EVIL}@www.acme.com",
    ],
    "white space": [
        f"{OURS} evil", "https://www. acme.com", f"{OURS}\t{EVIL}", f"\u00a0{OURS}", f"{OURS}\u2028",
    ],
    "lists": [
        f"{OURS}, {EVIL}", f"{EVIL}, {OURS}", f"{OURS} {EVIL}", f"{EVIL} {OURS}", f"{OURS},{OURS}",
        f"null, {OURS}", f'["{OURS}"]', f'"{OURS}"', f"'{OURS}'", f"<{OURS}>",
    ],
    "the star": [
        "https://*.acme.dev", "https://acme.dev", "https://a.b.acme.dev", "https://.acme.dev", "https://evilacme.dev",
        "https://a.acme.dev.evil.test", "https://a.acme.dev:8443", "https://a/.acme.dev", "https://a?.acme.dev",
        "https://a%2e.acme.dev", "https://A.acme.dev", "http://a.acme.dev", "https://a@.acme.dev",
        f"{EVIL}/.acme.dev", "https://a.acme.dev.", "https://*.*.acme.dev", "https://a..acme.dev",
    ],
}  # fmt: skip
HEADERS = {
    "none": [],
    "two, ours first": [f"Origin: {OURS}", f"Origin: {EVIL}"],
    "two, ours last": [f"Origin: {EVIL}", f"Origin: {OURS}"],
    "ours twice": [f"Origin: {OURS}", f"origin: {OURS}"],
    "null and ours": ["Origin: null", f"Origin: {OURS}"],
    "in another header": [f"Referer: {OURS}/", f"X-Forwarded-Origin: {OURS}", f"Sec-Origin: {OURS}"],
    "as a gateway would pass it": [f"HTTP_ORIGIN: {OURS}", f"Http-Origin: {OURS}"],
    "hidden by an underscore": [f"Origin: {EVIL}", f"ORIGIN_: {OURS}"],
    "with white space before the colon": [f"Origin : {OURS}"],
    "folded": [f"Origin: {EVIL}", f" {OURS}"],
    "a host that is its origin": ["Origin: http://www.acme.com", "X-Forwarded-Host: www.acme.com"],
}


def attempts() -> Iterator[tuple[str, str, list[str]]]:
    """What it is, the origin that a token would be for, and the headers."""
    for what, origins in HOSTILE.items():
        for origin in origins:
            yield f"{what}: {origin!r}", origin, [f"Origin: {origin}"]
    for what, headers in HEADERS.items():
        yield what, OURS, headers


def post(base: str, path: str, headers: list[str], body: object) -> Answer:
    data = json.dumps(body).encode()
    lines = [
        f"POST /vaani{path} HTTP/1.1",
        "Content-Type: text/plain",
        f"Content-Length: {len(data)}",
        *headers,
    ]
    return ask(base, [line.encode() for line in lines], data)


def test_no_other_origin_spends_anything(tmp_path: Path, sqlite_url: str, ceiling: Ceiling) -> None:
    """Nor with a token that was made for the very origin that sends it."""
    keyring = Keyring([canaries.SERVER_SECRET.encode()])
    acme = site(origins=[OURS, "https://*.acme.dev"])
    minted: list[str] = []
    called: list[str] = []
    with (
        HostileUpstream(credentials()) as vaani,
        serving(tmp_path, vaani=vaani.url, database=sqlite_url, sites={"acme": acme}, workers=1) as server,
    ):

        def token(number: int, origin: str) -> str:
            now = int(time.time())
            seen = origin.encode().decode("latin-1")  # as WSGI has it
            claims = SiteToken(f"jti{number}", "acme", seen, AGENT, now, now + 120)
            return keyring.sign_site_token(claims)

        tried = list(attempts())
        for number, (what, origin, headers) in enumerate(tried):
            # Behind the one proxy every attacker has an address of its own, so none is told to slow down.
            headers = [*headers, f"X-Forwarded-For: 198.51.100.{number}"]
            answers = [
                post(server.base, "/v1/sites/acme/token", headers, {}),
                post(server.base, "/v1/calls", headers, {"site_token": token(number, origin)}),
            ]
            for answer, through in zip(answers, (minted, called), strict=True):
                if answer.status < 400:
                    through.append(what)
                else:
                    assert (answer.status, answer.code) in {
                        (403, "origin_not_allowed"),
                        (400, ""),  # gunicorn's own: no HTTP
                        (401, "token_invalid"),  # there is no token for no origin
                    }, what
        ceiling("hostile origins: upstream calls", len(tried) * 2, len(vaani.requests), 0)
        assert minted == []
        assert called == []
        assert vaani.requests == []
        assert len(tried) >= 60

        for number, origin in enumerate([OURS, "https://a.acme.dev"]):
            allowed = [f"Origin: {origin}", "X-Forwarded-For: 203.0.113.9"]
            assert post(server.base, "/v1/sites/acme/token", allowed, {}).status == 201
            body = {"site_token": token(1000 + number, origin)}
            assert post(server.base, "/v1/calls", allowed, body).status == 201
        assert len(vaani.requests) == 2
