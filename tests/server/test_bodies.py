"""What a request's body may be: over the wire, since lengths and chunks are where bodies lie."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.parts.serving import serve
from tests.server.conftest import ORIGIN, Kit, MakeKit, is_problem
from vaani_widget.errors import BadRequest
from vaani_widget.web.bodies import MAX_BODY, parse_object

PATH = "/vaani/v1/sites/acme/token"

WRONG = {
    "nothing": b"",
    "white space": b"  \n",
    "no JSON": b"{site_token: 1}",
    "two objects": b"{}{}",
    "a list": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "a number": b"1",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a number that becomes infinite": b'{"a": 1e999}',
    "a member twice": b'{"grant": "a", "grant": "b"}',
    "a member twice, deep inside": b'{"a": {"b": [{"c": 1, "c": 1}]}}',
    "a member twice, escaped": b'{"a": 1, "\\u0061": 2}',
    "deep lists": b'{"a": ' + b"[" * 16000,
    "deep objects": b'{"a":' * 2700 + b"1" + b"}" * 2700,
    "a huge whole number": b'{"a": ' + b"9" * 5000 + b"}",
    "bytes that are no UTF-8": b'{"a": "\xff"}',
    "an overlong form": b'{"a": "\xc0\xaf"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "half a surrogate pair as a name": b'{"\\udfff": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a comment": b"{} // so",
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a raw control character": b'{"a": "\x01"}',
    "NUL after": b"{}\x00",
    "a form": b"site_token=x",
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_no_strict_json_object(kit: Kit, body: bytes) -> None:
    answer = kit.client.post(PATH, data=body, content_type="text/plain", headers={"Origin": ORIGIN})
    problem = is_problem(answer, "bad_request", 400)
    assert body.decode("latin-1")[:40] not in problem["detail"] or len(body) < 4


def test_what_strict_json_is() -> None:
    assert parse_object('{"a": [1, 2.5, true, null, "बात 🎈 \\ud83c\\udf88"]}'.encode()) == {
        "a": [1, 2.5, True, None, "बात 🎈 🎈"]
    }
    with pytest.raises(BadRequest):
        parse_object(b"[]")


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain;charset=UTF-8", "application/json", "Application/JSON; charset=utf-8"]
)
def test_content_types_that_are_taken(kit: Kit, kind: str) -> None:
    answer = kit.client.post(PATH, data=b"{}", content_type=kind, headers={"Origin": ORIGIN})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "text/json",
        "*/*",
    ],
)
def test_content_types_that_are_not(kit: Kit, kind: str | None) -> None:
    answer = kit.client.post(PATH, data=b"{}", content_type=kind, headers={"Origin": ORIGIN})
    is_problem(answer, "unsupported_media_type", 415)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "site_token"),
        ({"site_token": 7}, "site_token"),
        ({"site_token": ""}, "site_token"),
        ({"site_token": None}, "site_token"),
        ({"site_token": "x", "settings": []}, "settings"),
        ({"site_token": "x", "settings": "voice"}, "settings"),
        ({"site_token": "x", "metadata": 1}, "metadata"),
        ({"site_token": "x", "challenge_solution": {}}, "challenge_solution"),
        ({"site_token": "x", "consent": "2026-11"}, "consent"),
        ({"site_token": "x", "consent": {}}, "consent.version"),
        ({"site_token": "x", "consent": {"version": 2}}, "consent.version"),
    ],
)
def test_members_of_the_wrong_type_are_named(kit: Kit, body: dict[str, object], field: str) -> None:
    answer = kit.client.post("/vaani/v1/calls", json=body, headers={"Origin": ORIGIN})
    assert is_problem(answer, "bad_request", 400)["field"] == field


def test_null_is_absent_and_what_tomorrow_adds_is_ignored(kit: Kit) -> None:
    token = kit.token(agent=None, grant=None, tomorrow={"a": 1})
    answer = kit.call(token, settings=None, metadata=None, consent=None, challenge_solution=None, tomorrow=1)
    assert answer.status_code == 201, answer.text


@pytest.fixture(params=[None, 10, 10_000_000], ids=["no limit", "a small limit", "a large limit"])
def server(request: pytest.FixtureRequest, make_kit: MakeKit) -> Iterator[str]:
    """The host's own limit for bodies is none of our business, nor ours of it."""
    kit = make_kit(MAX_CONTENT_LENGTH=request.param)
    with serve(kit.app) as base:
        yield base


def send(base: str, *pieces: bytes, **headers: str) -> tuple[int, dict[str, str]]:
    """Writes a request as it stands and reads the answer."""
    where = urlsplit(base)
    assert where.hostname
    with socket.create_connection((where.hostname, where.port or 80), timeout=10) as connection:
        lines = [f"POST {PATH} HTTP/1.1", f"Host: {where.netloc}", f"Origin: {ORIGIN}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        for piece in pieces:
            connection.sendall(piece)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read())


def padded(size: int) -> bytes:
    return b'{"junk": "' + b"x" * (size - 12) + b'"}'


def chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 1000):
        piece = body[start : start + 1000]
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def test_the_largest_body(server: str) -> None:
    body = padded(MAX_BODY)
    assert len(body) == MAX_BODY
    status, _ = send(server, body, Content_Type="text/plain", Content_Length=str(MAX_BODY))
    assert status == 201
    status, _ = send(server, *chunks(body), Content_Type="text/plain", Transfer_Encoding="chunked")
    assert status == 201


def test_one_byte_more(server: str) -> None:
    body = padded(MAX_BODY + 1)
    status, problem = send(server, body, Content_Type="text/plain", Content_Length=str(len(body)))
    assert (status, problem["code"]) == (413, "body_too_large")
    status, problem = send(server, *chunks(body), Content_Type="text/plain", Transfer_Encoding="chunked")
    assert (status, problem["code"]) == (413, "body_too_large")


def test_a_length_that_is_a_lie(server: str) -> None:
    status, problem = send(server, b"{}", Content_Type="text/plain", Content_Length=str(10**12))
    assert (status, problem["code"]) == (413, "body_too_large")
    status, problem = send(server, padded(400), Content_Type="text/plain", Content_Length="12")
    assert (status, problem["code"]) == (400, "bad_request")
