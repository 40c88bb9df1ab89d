"""Behind the nginx and the Caddy of docs/deploying.md."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.parts.proxies import PROXIES, nginx
from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.visitor import HOST, Answer, Visitor
from tests.parts.widget_server import WidgetServer, widget_server

STALLED = 200
THREADS = 2 * 16
"""Of all workers together, as ``serve`` has them by default."""

Ceiling = Callable[[str, int, int, int], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WidgetServer]:
    with SlowVaani(0) as vaani:
        config = vaani.config(
            "trusted_proxies = 1",
            site("acme"),
            site("twice", limits='visitor = "2/day"'),
            site("shared", "share = true"),
        )
        with widget_server(tmp_path_factory.mktemp("served"), config) as running:
            yield running


@pytest.fixture(scope="module", params=PROXIES)
def way(request: pytest.FixtureRequest, server: WidgetServer) -> Iterator[Visitor]:
    """In, through one of the proxies."""
    with PROXIES[request.param](server.port) as visitor:
        yield visitor


@pytest.fixture
def ceiling(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Ceiling:
    """Says what an attack came to, with the proxy's name: the tries, what came through, and what may.
    ``make attack`` prints it."""
    proxy = request.node.callspec.params["way"]

    def say(attack: str, tries: int, through: int, bound: int) -> None:
        record_property("ceiling", (f"behind {proxy}: {attack}", tries, through, bound))

    return say


def test_a_call_starts_and_self_is_the_address_that_visitors_know(way: Visitor) -> None:
    """The server itself listens at another host and port, without TLS; browsers leave out no port but 443."""
    assert way.another().call().status == 201
    for origin in (
        f"https://{HOST}",
        f"https://{HOST}:1",
        "https://evil.test",
        f"https://evil.test:{way.port}",
    ):
        assert way.another(Origin=origin).mint().json["code"] == "origin_not_allowed"


def test_pages_that_the_server_makes_name_the_address_that_visitors_know(way: Visitor) -> None:
    assert f"https://{HOST}:{way.port}/vaani/widget.js" in way.ask("GET", "/").body.decode()
    assert way.ask("GET", "/vaani/call/shared").status == 200


@pytest.mark.parametrize(
    "made_up",
    [
        {"X-Forwarded-For": "{}"},
        {"X-Forwarded-For": "{}, {}"},
        {"Forwarded": "for={}"},
        {"X-Real-IP": "{}"},
        {"X_Forwarded_For": "{}", "REMOTE_ADDR": "{}"},
    ],
    ids=lambda headers: " ".join(f"{name}: {value}" for name, value in headers.items()),
)
def test_an_address_that_a_visitor_makes_up_is_not_believed(
    way: Visitor, made_up: dict[str, str], ceiling: Ceiling
) -> None:
    visitor = way.another()
    statuses = []
    for number in range(3):
        headers = {name: value.replace("{}", f"192.0.2.{number}") for name, value in made_up.items()}
        answer = Visitor(way.port, way.tls, visitor.address, headers).call("twice")
        statuses.append(answer.status if answer.status == 201 else answer.json["code"])
    sent = "; ".join(f"{name}: {value}" for name, value in made_up.items())
    ceiling(f"calls of one visitor, {sent}", 3, statuses.count(201), 2)
    assert statuses == [201, 201, "rate_limited"]
    assert way.another().call("twice").status == 201


def test_a_host_that_a_visitor_makes_up_is_not_believed(way: Visitor) -> None:
    """Nor is a path, which gunicorn takes from such a header of a proxy that it trusts."""
    evil = {"Origin": "https://evil.test", "X-Forwarded-Host": "evil.test", "X-Forwarded-Port": "443"}
    assert way.another(**evil).mint().json["code"] == "origin_not_allowed"
    assert way.ask("GET", "/vaani/healthz", SCRIPT_NAME="/x", PATH_INFO="/evil").status == 200
    assert "evil" not in way.ask("GET", "/", **evil, SCRIPT_NAME="/evil").body.decode()


def test_behind_a_cdn_and_nginx_the_address_is_the_visitors_and_the_host_what_visitors_know(
    tmp_path: Path,
) -> None:
    def by_cdn(visitor: Visitor, number: int, **made_up: str) -> Answer:
        """As a CDN forwards it, which adds the visitor's address to what the visitor says it is."""
        named = ", ".join([*made_up.values(), f"203.0.113.{number}"])
        return Visitor(visitor.port, visitor.tls, headers={**made_up, "X-Forwarded-For": named}).call("twice")

    with SlowVaani(0) as vaani:
        config = vaani.config("trusted_proxies = 2", site("twice", limits='visitor = "2/day"'))
        with (
            widget_server(tmp_path, config, "--workers", "1") as server,
            nginx(server.port, behind_another=True) as way,
        ):
            assert f"https://{HOST}:{way.port}/vaani/widget.js" in way.ask("GET", "/").body.decode()
            assert [by_cdn(way, 1, **{"X-Forwarded-For": f"192.0.2.{n}"}).status for n in range(3)] == [
                201, 201, 429
            ]  # fmt: skip
            assert by_cdn(way, 2).status == 201
            evil = {"X-Forwarded-Host": "evil.test, evil.test", "X-Forwarded-Proto": "http, http"}
            assert "evil" not in way.ask("GET", "/", **evil).body.decode()
            assert "http:" not in way.ask("GET", "/", **evil).body.decode()
            refused = way.another(**evil, Origin="https://evil.test").mint("twice")
            assert refused.json["code"] == "origin_not_allowed"


def test_a_body_that_is_too_large_is_refused_so_that_pages_can_read_it(way: Visitor) -> None:
    answer = way.ask("POST", "/vaani/v1/calls", b"x" * 17_000)
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_body_far_too_large_is_refused_by_the_proxy(way: Visitor) -> None:
    answer = way.ask("POST", "/vaani/v1/calls", b"x" * 60_000)
    assert answer.status == 413
    assert answer.headers["Content-Type"] != "application/problem+json"


def test_packed_scripts_pass_untouched(way: Visitor, server: WidgetServer) -> None:
    directly = Visitor(server.port)
    for packed in ("br", "gzip", "identity"):
        theirs = directly.ask("GET", "/vaani/widget.js", **{"Accept-Encoding": packed})
        ours = way.ask("GET", "/vaani/widget.js", **{"Accept-Encoding": packed})
        assert ours.status == 200
        assert ours.body == theirs.body
        for name in ("Content-Encoding", "ETag", "Vary", "Cache-Control", "Content-Length"):
            assert ours.headers[name] == theirs.headers[name]
        assert ours.headers["Content-Encoding"] == (None if packed == "identity" else packed)
        again = {"Accept-Encoding": packed, "If-None-Match": ours.headers["ETag"]}
        assert way.ask("GET", "/vaani/widget.js", **again).status == 304


def test_calls_start_beside_two_hundred_stalled_bodies(way: Visitor, ceiling: Ceiling) -> None:
    with ExitStack() as open_connections:
        stalled = [way.another().stall(chunked=number % 2 == 1) for number in range(STALLED)]
        for connection in stalled:
            open_connections.enter_context(connection)
        begun = [way.another().call().status for _ in range(5)]
        ceiling("calls that 200 stalled bodies held up", STALLED, len(begun) - begun.count(201), 0)
        assert begun == [201] * 5
        waiting = sum(is_waiting(connection) for connection in stalled)
    assert waiting > THREADS, "they were hung up on before the calls were over"


def is_waiting(connection: socket.socket) -> bool:
    """Whether the other side has neither answered nor hung up."""
    connection.setblocking(False)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        pass
    return False


def test_without_a_proxy_as_many_as_there_are_threads_stop_everything(server: WidgetServer) -> None:
    """Why there has to be one."""
    visitor = Visitor(server.port)
    with ExitStack() as open_connections:
        for _ in range(10):  # not all workers take their share at once
            for _ in range(THREADS):
                open_connections.enter_context(visitor.stall())
            try:
                visitor.ask("GET", "/vaani/healthz", timeout=2)
            except TimeoutError:
                break
        else:
            pytest.fail("it goes without a proxy, too: what are they there for?")
    assert visitor.ask("GET", "/vaani/healthz").status == 200
