"""Vaani is asked over TLS: who is believed, what is kept, what hangs, and what the wire shows."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.parts.hostile_upstream import CREDENTIALS, HostileUpstream, credentials, drip, hang, response
from vaani_widget import errors, upstream_network
from vaani_widget.upstream import VaaniClient

KEY = "vaani_canary_5f0e1d2c3b4a"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def served_by(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def upstream(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileUpstream]:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    monkeypatch.setattr(upstream_network, "_trust", lambda: trusted)
    with HostileUpstream(credentials(), tls=served_by(authority, "127.0.0.1")) as server:
        yield server


@pytest.fixture
def client(upstream: HostileUpstream) -> Iterator[VaaniClient]:
    made = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=2)
    yield made
    made.close()


def refused(client: VaaniClient) -> errors.UpstreamError:
    with pytest.raises(errors.UpstreamError) as caught:
        client.start_call({})
    return caught.value


def test_a_connection_is_kept(upstream: HostileUpstream, client: VaaniClient) -> None:
    for _ in range(5):
        assert client.start_call({}).room_name == CREDENTIALS["room_name"]
    assert [request.connection for request in upstream.requests] == [0] * 5
    assert upstream.requests[0].headers["x-api-key"] == KEY


def test_another_name(authority: trustme.CA, upstream: HostileUpstream, client: VaaniClient) -> None:
    upstream.tls = served_by(authority, "api.example.com")
    error = refused(client)
    assert (error.code, error.spent) == ("upstream_unavailable", "no")
    assert not upstream.requests


def test_an_authority_that_nobody_knows(upstream: HostileUpstream, client: VaaniClient) -> None:
    upstream.tls = served_by(trustme.CA(), "127.0.0.1")
    error = refused(client)
    assert (error.code, error.spent) == ("upstream_unavailable", "no")
    assert not upstream.requests


def test_the_authorities_of_the_package_are_the_default(authority: trustme.CA) -> None:
    with HostileUpstream(credentials(), tls=served_by(authority, "127.0.0.1")) as upstream:
        client = VaaniClient(api_url=upstream.url, api_key=KEY, timeout=2)
        error = refused(client)
        client.close()
    assert (error.code, error.spent) == ("upstream_unavailable", "no")
    assert not upstream.requests


@pytest.mark.parametrize("name", ["hangs", "drips"])
def test_the_deadline_holds(name: str, upstream: HostileUpstream, client: VaaniClient) -> None:
    upstream.behaviour = hang() if name == "hangs" else drip(response(200, b" " * 2000), every=0.05)
    began = time.monotonic()
    error = refused(client)
    assert time.monotonic() - began < 2.25
    assert (error.code, error.spent) == ("upstream_timeout", "unknown")
    assert upstream.hung_up.wait(5)


def test_close_in_the_handshake_sends_nothing(upstream: HostileUpstream) -> None:
    """The other side takes its time with its first word, and is not asked when it says it."""
    said, go_on, read = threading.Event(), threading.Event(), []
    tls = upstream.tls
    assert tls is not None

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            said.set()
            go_on.wait(10)
            try:
                with tls.wrap_socket(connection, server_side=True) as secured:
                    read.append(secured.recv(65536))
            except OSError:
                read.append(b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        client = VaaniClient(
            api_url=f"https://127.0.0.1:{listener.getsockname()[1]}", api_key=KEY, timeout=10
        )
        caught: list[errors.UpstreamError] = []
        caller = threading.Thread(target=lambda: caught.append(refused(client)))
        caller.start()
        assert said.wait(5)
        client.close()
        caller.join(5)
        go_on.set()
        server.join(5)
    assert [(error.code, error.spent) for error in caught] == [("upstream_unavailable", "no")]
    assert read == [b""]


def test_close_does_not_open_what_is_being_sent(
    upstream: HostileUpstream, client: VaaniClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SSLSocket.shutdown`` takes TLS off first; what is sent in that moment would go out in the clear."""
    wire: list[bytes] = []
    shutdown, send = socket.socket.shutdown, socket.socket.send

    def shut(self: socket.socket, how: int) -> None:
        if isinstance(self, ssl.SSLSocket) and not self.server_side:
            self.send(b"X-API-Key: " + KEY.encode())  # another thread's, in this very moment
        shutdown(self, how)

    def sent(self: socket.socket, data: bytes, *flags: int) -> int:
        wire.append(bytes(data))
        return send(self, data, *flags)

    client.start_call({})
    monkeypatch.setattr(socket.socket, "shutdown", shut)
    monkeypatch.setattr(socket.socket, "send", sent)
    client.close()
    assert KEY.encode() not in b"".join(wire)


def test_no_descriptor_is_left(upstream: HostileUpstream, client: VaaniClient) -> None:
    client.start_call({})
    client.close()
    assert upstream.hung_up.wait(5)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        client.start_call({})
        upstream.hung_up.clear()
        client.close()
        assert upstream.hung_up.wait(5)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
