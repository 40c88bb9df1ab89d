"""Whatever Vaani, or the way to it, does: one request, one code, in time, and the key nowhere."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
import traceback
from collections.abc import Iterator

import pytest

from tests.parts.hostile_upstream import (
    CREDENTIALS,
    Behaviour,
    HostileUpstream,
    answer,
    credentials,
    cut_short,
    drip,
    flood,
    gzip_bomb,
    hang,
    raw,
    redirect,
    reset,
    response,
    silent,
)
from vaani_widget import errors
from vaani_widget.upstream import VaaniClient
from vaani_widget.upstream_words import LEFT_OUT

KEY = "vaani_canary_5f0e1d2c3b4a"
TIMEOUT = 1.0
BODY = {
    "agent_id": "agent",
    "welcome_message": "welcomecanary to you",
    "metadata": {"plan": "metadatacanary", "who": "Jane\nDoe", "phone": 919812345678, "of": {"a": ["Zoë"]}},
}

WHOLE = response(200, json.dumps(CREDENTIALS).encode())
HTML = {"Content-Type": "text/html"}


def _of_status(status: int) -> tuple[str, str]:
    known = {
        401: "upstream_auth",
        402: "upstream_balance",
        403: "upstream_auth",
        404: "agent_not_found",
        422: "upstream_rejected",
        429: "upstream_limited",
    }
    if status in known:
        return known[status], "no"
    if 400 <= status < 500:
        return "upstream_rejected", "unknown"
    if 500 <= status < 600:
        return "upstream_unavailable", "unknown"
    return "upstream_invalid", "unknown"


def padded(size: int) -> bytes:
    """Good credentials in so many bytes."""
    return json.dumps(CREDENTIALS).encode().ljust(size)


STATUSES = [
    *range(202, 209), 226, *range(300, 309), *range(400, 419), *range(421, 430), 431, 451, 499,
    *range(500, 509), 510, 511, 520, 529, 599, 600, 999,
]  # fmt: skip

FAILURES: dict[str, tuple[Behaviour, str, str]] = {
    "hangs before it answers": (hang(), "upstream_timeout", "unknown"),
    "hangs in the headers": (hang(b"HTTP/1.1 200 OK\r\nContent-"), "upstream_timeout", "unknown"),
    "hangs in the body": (hang(WHOLE[:-20]), "upstream_timeout", "unknown"),
    "drips headers": (drip(WHOLE, every=0.05), "upstream_timeout", "unknown"),
    "resets at once": (reset(), "upstream_unavailable", "unknown"),
    "resets in the headers": (reset(WHOLE[:30]), "upstream_unavailable", "unknown"),
    "resets in the body": (reset(WHOLE[:-20]), "upstream_unavailable", "unknown"),
    "closes without a word": (raw(b""), "upstream_unavailable", "unknown"),
    "cuts the answer short": (
        cut_short(json.dumps(CREDENTIALS).encode(), missing=1),
        "upstream_invalid",
        "unknown",
    ),
    "sends 50 MB": (flood(50_000_000, announced=True), "upstream_invalid", "unknown"),
    "sends 50 MB without saying so": (flood(50_000_000, announced=False), "upstream_invalid", "unknown"),
    "sends one byte too many": (answer(200, padded(64 * 1024 + 1)), "upstream_invalid", "unknown"),
    "sends a gzip bomb": (gzip_bomb(50_000_000), "upstream_invalid", "unknown"),
    "compresses": (gzip_bomb(0), "upstream_invalid", "unknown"),
    "does not speak HTTP": (raw(b"220 mail.example.com ESMTP\r\n\r\n"), "upstream_invalid", "unknown"),
    "sends HTML": (answer(200, b"<!doctype html><p>Hello", HTML), "upstream_invalid", "unknown"),
    "sends nothing": (answer(200, b""), "upstream_invalid", "unknown"),
    "sends half of JSON": (answer(200, b'{"token": "x"'), "upstream_invalid", "unknown"),
    "sends deep JSON": (answer(200, b"[" * 60_000), "upstream_invalid", "unknown"),
    "sends a list": (answer(200, [CREDENTIALS]), "upstream_invalid", "unknown"),
    "sends null": (answer(200, None), "upstream_invalid", "unknown"),
    "sends latin-1": (answer(200, '{"token": "é"}'.encode("latin-1")), "upstream_invalid", "unknown"),
    **{
        f"sends {name} as {value!r:.20}": (credentials(**{name: value}), "upstream_invalid", "unknown")
        for name in CREDENTIALS
        for value in (None, 1, True, [], {}, "", "a\nb", "\ud800", "x" * 20_000)
    },
    **{
        f"sends {url!r} to the browser": (credentials(connection_url=url), "upstream_invalid", "unknown")
        for url in (
            "javascript:alert(1)",
            "https://livekit.example.com",
            "ws://livekit.example.com",
            "ws://127.0.0.1.example.com",
            "ws://localhost.example.com",
            "ws://2130706433",
            "wss:livekit.example.com",
            "wss:///path",
            "wss://user:password@livekit.example.com",
            "wss://livekit.example.com@evil.example",
            "wss://@livekit.example.com",
            "wss://livekit.example.com\\@evil.example",
            "wss://livekit.example.com:99999",
            "wss://livekit.example.com/#x",
            "wss://[::1",
            " wss://livekit.example.com",
            "wss://exämple.com",
            "//livekit.example.com",
        )
    },
    **{f"answers {status}": (answer(status, {}), *_of_status(status)) for status in STATUSES},
    **{
        f"answers {status} and drips": (
            drip(response(status, b"x" * 5000), every=0.0005),
            *_of_status(status),
        )
        for status in (401, 500)
    },
    "answers 402 and hangs": (hang(response(402, b"", {"Content-Length": "9"})), *_of_status(402)),
    "answers 404 and resets": (reset(response(404, b"", {"Content-Length": "9"})), *_of_status(404)),
    "answers 422 with 200 kB": (
        raw(response(422, b"x" * 200_000)),
        *_of_status(422),
    ),
}


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


def refused(client: VaaniClient) -> errors.UpstreamError:
    """The refusal of one call, with its time and its silence about secrets checked."""
    began = time.monotonic()
    with pytest.raises(errors.UpstreamError) as caught:
        client.start_call(BODY)
    took = time.monotonic() - began
    assert took < TIMEOUT + 0.25
    error = caught.value
    # Of the traceback, all but this test's own frame, whose variables are the test's.
    assert caught.tb.tb_next is not None
    shown = "".join(
        traceback.TracebackException(
            type(error), error, caught.tb.tb_next, capture_locals=True, compact=False
        ).format()
    )
    for text in (str(error), repr(error), repr(vars(error)), shown, repr(client)):
        assert "canary" not in text
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


@pytest.mark.parametrize("name", FAILURES)
def test_failure(name: str, caplog: pytest.LogCaptureFixture) -> None:
    behaviour, code, spent = FAILURES[name]
    with HostileUpstream(behaviour) as upstream:
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=TIMEOUT)
        try:
            error = refused(client)
        finally:
            client.close()
        assert (error.code, error.spent) == (code, spent)
        assert spent in error.spends, "the table of errors says otherwise"
        assert len(upstream.requests) == 1
        assert upstream.requests[0].headers["x-api-key"] == KEY
        assert upstream.sent < 20_000_000  # what the kernel's buffers took before we hung up
    assert "canary" not in caplog.text


def test_the_longest_answer_that_is_taken() -> None:
    with HostileUpstream(answer(200, padded(64 * 1024))) as upstream:
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=TIMEOUT)
        client.start_call(BODY)
        client.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(status: int) -> None:
    with (
        HostileUpstream(credentials()) as elsewhere,
        HostileUpstream(redirect(status, f"{elsewhere.url}/api/webrtc/token")) as upstream,
    ):
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=TIMEOUT)
        error = refused(client)
        client.close()
        assert error.code == "upstream_invalid"
        assert len(upstream.requests) == 1
        assert not elsewhere.requests


def test_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = VaaniClient(
            api_url=f"http://127.0.0.1:{unused.getsockname()[1]}", api_key=KEY, timeout=TIMEOUT
        )
        error = refused(client)
        client.close()
    assert (error.code, error.spent) == ("upstream_unavailable", "no")


def test_nobody_accepts() -> None:
    with silent() as (host, port):
        client = VaaniClient(api_url=f"http://{host}:{port}", api_key=KEY, timeout=TIMEOUT)
        error = refused(client)
        client.close()
    assert (error.code, error.spent) == ("upstream_timeout", "no")


def test_name_that_does_not_exist() -> None:
    client = VaaniClient(api_url="http://vaani.invalid", api_key=KEY, timeout=TIMEOUT)
    error = refused(client)
    client.close()
    assert error.code in {"upstream_unavailable", "upstream_timeout"}  # of the resolver's patience
    assert error.spent == "no"


def test_no_tls() -> None:
    with HostileUpstream(credentials(), greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as upstream:
        client = VaaniClient(api_url=upstream.url.replace("http:", "https:"), api_key=KEY, timeout=TIMEOUT)
        error = refused(client)
        client.close()
        assert not upstream.requests
    assert (error.code, error.spent) == ("upstream_unavailable", "no")


def test_tls_that_hangs() -> None:
    with HostileUpstream(credentials()) as upstream:
        client = VaaniClient(api_url=upstream.url.replace("http:", "https:"), api_key=KEY, timeout=TIMEOUT)
        for _ in range(2):
            error = refused(client)
            assert (error.code, error.spent) == ("upstream_timeout", "no")
            # The connection is not left behind open, one for each visitor.
            assert upstream.hung_up.wait(5)
            upstream.hung_up.clear()
        client.close()
        assert upstream.connections == 2
        assert not upstream.requests


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("999999", 3600),
        ("99999999999999999999", None),
        ("-5", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Fri, 31 Dec 9999 23:59:59 -0000", 3600),
        ("", None),
    ],
)
def test_retry_after(header: str, seconds: int | None) -> None:
    with HostileUpstream(answer(429, {}, {"Retry-After": header})) as upstream:
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=TIMEOUT)
        error = refused(client)
        client.close()
    assert error.code == "upstream_limited"
    assert error.retry_after == seconds


SAYINGS = [
    ({"detail": "The agent sleeps."}, "The agent sleeps."),
    ({"message": "The agent sleeps."}, "The agent sleeps."),
    ({"detail": {"message": "The agent sleeps."}}, "The agent sleeps."),
    ({"detail": [{"loc": ["body"], "msg": "too fast", "input": "what was sent"}]}, "too fast"),
    ({"detail": f"{KEY} is not a key, nor is vaani_canary_0"}, "… is not a key, nor is vaani_…"),
    ({"detail": f"vaani_can\u200bary\r\n{KEY[9:]}"}, "vaani_…"),
    ({"detail": "'welcomecanary to you' is too long"}, LEFT_OUT),
    ({"detail": "of METADATACANARY we know nothing"}, LEFT_OUT),
    ({"detail": "who is Jane\nDoe?"}, LEFT_OUT),
    ({"detail": "who is Mr Doe?"}, LEFT_OUT),
    ({"detail": "+919812345678 is no number"}, LEFT_OUT),
    ({"detail": [{"loc": ["body"], "msg": "zoë is too short"}]}, LEFT_OUT),
    ({"detail": "two\r\nlines\x1b[31m\u202e"}, "twolines[31m"),
    ({"detail": "x" * 500}, "x" * 200 + ")"),
    ({"detail": 5}, None),
    ([1], None),
    (b"<p>Bad gateway", None),
]


@pytest.mark.parametrize(("body", "logged"), SAYINGS)
@pytest.mark.parametrize("status", [401, 422, 500])
def test_what_vaani_says_is_for_the_log_only(
    status: int, body: object, logged: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with HostileUpstream(answer(status, body)) as upstream:
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=TIMEOUT)
        error = refused(client)
        client.close()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "vaani_widget.upstream"]
    assert (logged is None) == ("(" not in line.replace("(status", ""))
    if logged is not None:
        assert f"({logged}" in line
        assert logged not in error.detail
    assert "\n" not in line
    assert "what was sent" not in line
    assert not re.search("Doe\b|9198|zoë", line)
    assert "canary" not in caplog.text


def test_echoed_headers_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """httpcore writes down, at DEBUG, whatever headers come back."""

    def echo(_server: HostileUpstream, connection: socket.socket, request: object) -> None:
        connection.sendall(response(200, b"{}", {"X-Echo": KEY, "Set-Cookie": f"key={KEY}"}))

    with HostileUpstream(echo) as upstream:
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=TIMEOUT)
        refused(client)
        refused(client)
        client.close()
        assert "cookie" not in upstream.requests[1].headers
    assert "canary" not in caplog.text


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}é", "vaani_canary\x00"])
def test_key_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(errors.SettingError) as caught:
        VaaniClient(api_url="http://127.0.0.1", api_key=key, timeout=TIMEOUT)
    assert caught.tb.tb_next is not None
    shown = traceback.TracebackException(
        caught.type, caught.value, caught.tb.tb_next, capture_locals=True
    ).format()
    assert "canary" not in "".join(shown)
    assert caught.value.key == "VAANI_API_KEY"
