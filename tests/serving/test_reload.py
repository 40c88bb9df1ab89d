"""SIGHUP: the configuration is read anew, keys too, and nothing that was in flight is dropped."""

from __future__ import annotations

import http.client
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.attack import canaries
from tests.parts.proxies import caddy, nginx
from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.visitor import Visitor
from tests.parts.widget_server import widget_server

RELOADS = 10
CALLERS = 2
"""For each way in."""

A, B, C, D = (f"{canaries.SERVER_SECRET}, {letter}" for letter in "ABCD")
KEYS = [[A], [A, B], [B, A], [B], [B, C], [C, B], [C], [C, D], [D, C], [D], [D]]
"""The server's, before the first reload and after each: what signs stands first. A new one is known to all
before it signs, and an old one goes when nothing is signed with it any more."""


class Crowd:
    """Visitors who call without a pause until they are told to stop, by several ways at once."""

    def __init__(self, **ways: Visitor) -> None:
        self.answered: Counter[str] = Counter()
        self.dropped: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._calls, args=(name, way))
            for name, way in ways.items()
            for _ in range(CALLERS)
        ]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _calls(self, name: str, way: Visitor) -> None:
        while not self._stop.is_set():
            try:
                answer = way.another().call()
            except (OSError, http.client.HTTPException) as error:
                self._note(name, repr(error))
            else:
                self._note(name, None if answer.status == 201 else f"{answer.status} {answer.body!r}")

    def _note(self, name: str, trouble: str | None) -> None:
        with self._lock:
            if trouble is None:
                self.answered[name] += 1
            else:
                self.dropped.append(f"{name}: {trouble}")


def name_of(way: Visitor) -> str:
    """The site's name, as whichever worker answers knows it."""
    answer = way.another().mint()
    assert answer.status == 201, answer.body
    return str(answer.json["site"]["name"])


def test_ten_reloads_and_three_keys_under_load_drop_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with SlowVaani(0.3) as vaani:

        def config(name: str, keys: list[str]) -> str:
            return vaani.config("trusted_proxies = 1", site("acme", f'name = "{name}"'), secret_key=keys)

        with (
            widget_server(tmp_path, config("before", KEYS[0])) as server,
            nginx(server.port) as by_nginx,
            caddy(server.port) as by_caddy,
        ):
            directly = Visitor(server.port)
            of_first_key = directly.another().mint().json["site_token"]
            with Crowd(directly=directly, nginx=by_nginx, caddy=by_caddy) as crowd:
                for number in range(RELOADS):
                    calls = sum(crowd.answered.values())
                    (tmp_path / "widget.toml").write_text(config(f"reload {number}", KEYS[number + 1]))
                    server.reload()
                    assert name_of(directly) == f"reload {number}"
                    server.wait_for(lambda: sum(crowd.answered.values()) > calls + CALLERS)  # noqa: B023
            tries = sum(crowd.answered.values()) + len(crowd.dropped)
            row = ("10 reloads, 3 keys, calls without a pause: calls dropped", tries, len(crowd.dropped), 0)
            record_property("ceiling", row)
            assert crowd.dropped == []
            assert set(crowd.answered) == {"directly", "nginx", "caddy"}
            assert vaani.asked == sum(crowd.answered.values())
            assert server.log.count("Reloaded") == RELOADS
            asked = vaani.asked
            assert directly.start(of_first_key).json["code"] == "token_invalid"
            assert vaani.asked == asked


MISTAKES = {
    "trusted_proxy = 1\n": "trusted_proxies",
    "[sites.acme\n": "is not TOML",
    '[sites.acme]\norigins = ["*"]\nagents = ["a"]\n': "origins",
    None: "can't be read",
}
"""The text of a configuration, where there is a file at all, and what has to be said of it."""


def test_a_wrong_configuration_is_said_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "widget.toml"
    with SlowVaani(0) as vaani:
        config = vaani.config(site("acme", 'name = "before"'))
        with widget_server(tmp_path, config, "--workers", "1") as server:
            way = Visitor(server.port)
            for number, (mistake, said) in enumerate(MISTAKES.items(), 1):
                file.unlink() if mistake is None else file.write_text(mistake)
                server.process.send_signal(signal.SIGHUP)
                server.wait_for(lambda: server.log.count("Not reloaded") == number)  # noqa: B023
                *_, line = [line for line in server.log.splitlines() if "Not reloaded" in line]
                assert said in line
                assert way.another().call().status == 201
            assert name_of(way) == "before"
            file.write_text(vaani.config(site("acme", 'name = "after"')))
            server.reload()
            assert name_of(way) == "after"
