"""The client as it works: what it sends, what it keeps, and what it survives."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.parts.hostile_upstream import (
    CREDENTIALS,
    HostileUpstream,
    answer,
    credentials,
    hang,
    raw,
    response,
    silent,
)
from vaani_widget import errors, upstream_network
from vaani_widget.upstream import Credentials, VaaniClient
from vaani_widget.upstream_network import KEEPALIVE_SECONDS

KEY = "vaani_canary_5f0e1d2c3b4a"


@pytest.fixture
def upstream() -> Iterator[HostileUpstream]:
    with HostileUpstream(credentials()) as server:
        yield server


@pytest.fixture
def client(upstream: HostileUpstream) -> Iterator[VaaniClient]:
    made = VaaniClient(api_url=upstream.url + "/", api_key=KEY, timeout=5)
    yield made
    made.close()


def test_sends_what_it_is_given(upstream: HostileUpstream, client: VaaniClient) -> None:
    body = {"agent_id": "x", "voice_speed": 1.2, "metadata": {"name": "தமிழ்"}}
    assert client.start_call(body) == Credentials(**CREDENTIALS)
    (request,) = upstream.requests
    assert (request.method, request.path) == ("POST", "/api/webrtc/token")
    assert request.headers["x-api-key"] == KEY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.json == body


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ("wss://captions.example.com/x?y=z", True),
        ("ws://localhost:7880", True),
        ("ws://example.com", False),
        ("javascript:alert(1)", False),
        (7, False),
        (None, False),
    ],
)
def test_captions_address(
    upstream: HostileUpstream, client: VaaniClient, given: object, passed_on: bool
) -> None:
    upstream.behaviour = credentials(live_captions_url=given)
    assert client.start_call({}).live_captions_url == (given if passed_on else None)


@pytest.mark.parametrize(
    "url",
    [
        "wss://livekit.example.com",
        "WSS://LIVEKIT.EXAMPLE.COM:443/rtc?x=%20",
        "ws://127.0.0.1:7880",
        "ws://127.9.9.9",
        "ws://[::1]:7880",
        "ws://localhost:7880",
    ],
)
def test_addresses_that_are_fine(upstream: HostileUpstream, client: VaaniClient, url: str) -> None:
    upstream.behaviour = credentials(connection_url=url)
    assert client.start_call({}).connection_url == url


def test_created_is_as_good_as_ok(upstream: HostileUpstream, client: VaaniClient) -> None:
    upstream.behaviour = answer(201, CREDENTIALS)
    assert client.start_call({}).room_name == CREDENTIALS["room_name"]


def test_token_is_in_no_representation(client: VaaniClient) -> None:
    assert CREDENTIALS["token"] not in repr(client.start_call({}))


def test_keeps_connections(upstream: HostileUpstream, client: VaaniClient) -> None:
    for _ in range(5):
        client.start_call({})
    assert [request.connection for request in upstream.requests] == [0] * 5


def test_connection_closed_while_idle_is_no_failure(upstream: HostileUpstream, client: VaaniClient) -> None:
    client.start_call({})
    upstream.hang_up()
    assert upstream.hung_up.wait(5)
    client.start_call({})
    assert [request.connection for request in upstream.requests] == [0, 1]


def test_idle_connection_is_left_before_servers_leave_it(
    upstream: HostileUpstream, client: VaaniClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEEPALIVE_SECONDS < 2
    client.start_call({})
    # httpcore's clock, not ours: an hour passes in between.
    monkeypatch.setattr(time, "monotonic", lambda was=time.monotonic: was() + 3600)
    client.start_call({})
    assert [request.connection for request in upstream.requests] == [0, 1]


def test_connection_closed_in_the_moment_of_sending_is_not_repeated(
    upstream: HostileUpstream, client: VaaniClient
) -> None:
    client.start_call({})
    upstream.behaviour = raw(b"")
    with pytest.raises(errors.UpstreamUnavailable) as caught:
        client.start_call({})
    assert caught.value.spent == "unknown"
    assert len(upstream.requests) == 2


def test_many_threads(upstream: HostileUpstream, client: VaaniClient) -> None:
    found: list[Credentials] = []
    threads = [threading.Thread(target=lambda: found.append(client.start_call({}))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(upstream.requests) == 40


def test_a_name_that_is_not_resolved_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that says nothing can't be had here without changing the machine's own."""
    resolving, done = threading.Event(), threading.Event()

    def resolve(*_arguments: object, **_options: object) -> list[object]:
        resolving.set()
        done.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    client = VaaniClient(api_url="http://vaani.example", api_key=KEY, timeout=0.5)
    began = time.monotonic()
    with pytest.raises(errors.UpstreamTimeout) as caught:
        client.start_call({})
    assert time.monotonic() - began < 0.75
    assert resolving.is_set()
    assert caught.value.spent == "no"
    client.close()
    done.set()


def test_an_address_that_is_silent_is_not_waited_for(
    upstream: HostileUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(upstream.url.rpartition(":")[2])
    with silent() as (silent_host, silent_port):
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (silent_host, silent_port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: addresses)
        client = VaaniClient(api_url=f"http://vaani.example:{port}", api_key=KEY, timeout=5)
        began = time.monotonic()
        client.start_call({})
        assert time.monotonic() - began < 3
        client.close()


class UnderWay:
    """A call in a thread of its own, which has reached Vaani."""

    def __init__(self, client: VaaniClient, upstream: HostileUpstream) -> None:
        self.refused: list[errors.UpstreamError] = []
        self._client = client
        self._thread = threading.Thread(target=self._call)
        self._thread.start()
        until = time.monotonic() + 10
        while not upstream.requests and time.monotonic() < until:
            time.sleep(0.01)

    def _call(self) -> None:
        try:
            self._client.start_call({})
        except errors.UpstreamError as error:
            self.refused.append(error)

    def outcome(self) -> list[tuple[str, str]]:
        """Of the refusal, where it was one."""
        self._thread.join(5)
        return [(error.code, error.spent) for error in self.refused]


def test_all_connections_are_in_use(upstream: HostileUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_network, "MAX_CONNECTIONS", 1)
    upstream.behaviour = hang()
    patient = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=30)
    client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=0.5)
    client._network = patient._here()
    under_way = UnderWay(patient, upstream)
    with pytest.raises(errors.UpstreamTimeout) as late:
        client.start_call({})
    patient.close()
    assert late.value.spent == "no"
    assert under_way.outcome() == [("upstream_unavailable", "unknown")]
    assert len(upstream.requests) == 1


def test_what_is_over_is_not_sent(upstream: HostileUpstream) -> None:
    client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=0)
    with pytest.raises(errors.UpstreamTimeout) as caught:
        client.start_call({})
    client.close()
    assert caught.value.spent == "no"
    assert not upstream.requests


def test_environment_proxies_are_not_used(upstream: HostileUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    with HostileUpstream(credentials()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=5)
        client.start_call({})
        client.close()
        assert not proxy.requests


def test_nothing_happens_before_the_first_use() -> None:
    before = threading.active_count()
    client = VaaniClient(api_url="http://127.0.0.1:1", api_key=KEY, timeout=5)
    assert threading.active_count() == before
    client.close()


def test_goes_on_after_close(upstream: HostileUpstream, client: VaaniClient) -> None:
    client.start_call({})
    client.close()
    client.close()
    client.start_call({})
    assert [request.connection for request in upstream.requests] == [0, 1]


def test_close_lets_go_of_who_waits(upstream: HostileUpstream) -> None:
    upstream.behaviour = hang()
    client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=30)
    under_way = UnderWay(client, upstream)
    client.close()
    assert under_way.outcome() == [("upstream_unavailable", "unknown")]


def test_client_that_nobody_closed_takes_its_connections_along(upstream: HostileUpstream) -> None:
    client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=5)
    client.start_call({})
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
    assert upstream.hung_up.wait(5)


def test_works_after_fork(upstream: HostileUpstream, client: VaaniClient) -> None:
    client.start_call({})
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(20)
            client.start_call({})
            client.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    client.start_call({})
    # The child made its own connection, and the parent's was still good.
    assert [request.connection for request in upstream.requests] == [0, 1, 0]


def test_interpreter_ends_at_once_and_quietly(upstream: HostileUpstream, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from vaani_widget.upstream import VaaniClient\n"
        "client = VaaniClient(api_url=sys.argv[1], api_key='x', timeout=5)\n"
        "client.start_call({})\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script, upstream.url], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_given_transport_is_used() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=CREDENTIALS)

    transport = httpx.MockTransport(handle)
    client = VaaniClient(api_url="https://api.example.com", api_key=KEY, timeout=5, transport=transport)
    assert client.start_call({"agent_id": "x"}) == Credentials(**CREDENTIALS)
    assert str(seen[0].url) == "https://api.example.com/api/webrtc/token"
    client.close()


@pytest.mark.parametrize(
    ("error", "code", "spent"),
    [
        (httpx.ConnectError("refused"), "upstream_unavailable", "no"),
        (httpx.ConnectTimeout("late"), "upstream_timeout", "no"),
        (httpx.ReadTimeout("late"), "upstream_timeout", "unknown"),
        (httpx.ReadError("reset"), "upstream_unavailable", "unknown"),
        (RuntimeError("a mistake in the transport"), "upstream_unavailable", "unknown"),
    ],
)
def test_given_transport_fails(error: Exception, code: str, spent: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    client = VaaniClient(
        api_url="https://api.example.com", api_key=KEY, timeout=5, transport=httpx.MockTransport(handle)
    )
    with pytest.raises(errors.UpstreamError) as caught:
        client.start_call({})
    assert (caught.value.code, caught.value.spent) == (code, spent)
    client.close()


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_probe_takes_any_answer_and_sends_no_key(
    upstream: HostileUpstream, client: VaaniClient, status: int
) -> None:
    upstream.behaviour = answer(status, b"hello")
    client.probe()
    (request,) = upstream.requests
    assert (request.method, request.path) == ("GET", "/")
    assert KEY not in str(request.headers)


@pytest.mark.parametrize("behaviour", [hang(), raw(b""), hang(response(200)[:10])])
def test_probe_says_when_there_is_none(upstream: HostileUpstream, behaviour: object) -> None:
    upstream.behaviour = behaviour  # type: ignore[assignment]
    client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=0.5)
    with pytest.raises(errors.UpstreamError) as caught:
        client.probe()
    client.close()
    assert caught.value.spent == "no"
