"""What is measured, served as ``vaani-widget serve`` does: ``python -m bench.calls_served SPEC``.

``SPEC`` is JSON. Both applications run under the same gunicorn settings, those of the product. The bare one
is the least that a Flask view can do to start a call: it forwards with a pooled httpx client, and checks,
limits and records nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from vaani_widget import server
from vaani_widget.server_gunicorn import _Server
from vaani_widget.standalone import create_app

API_KEY = "vaani_of_the_bench"
SECRET_KEY = "signs the tokens of the bench, and of nothing else"
AGENT = "d083374a-c167-4bda-b8bc-2a418ca85f35"
PATH = "/vaani/v1/calls"
SHARED = (
    "bind",
    "workers",
    "threads",
    "worker_class",
    "keepalive",
    "backlog",
    "timeout",
    "graceful_timeout",
    "control_socket_disable",
)
"""gunicorn's settings that the bare view takes from the product."""


@dataclass(frozen=True)
class Spec:
    """One contestant.

    :param database_url: of the ledger; none for the bare view.
    :param sites: that the server knows.
    """

    upstream: str
    workers: int
    threads: int
    database_url: str | None = None
    sites: int = 1

    def line(self) -> str:
        return json.dumps(asdict(self))


def site_key(number: int) -> str:
    return f"shop-{number}"


def origin(number: int) -> str:
    return f"https://www.shop-{number}.example"


def bare(spec: Spec) -> Flask:
    """The yardstick."""
    app = Flask("bare")
    client = httpx.Client()

    @app.post(PATH)
    def calls() -> Response:
        settings = request.get_json(force=True).get("settings", {})
        answer = client.post(
            f"{spec.upstream}/api/webrtc/token",
            json={"agent_id": AGENT, **settings},
            headers={"X-API-Key": API_KEY},
        )
        return Response(answer.content, status=201, mimetype="application/json")

    return app


def ours(spec: Spec) -> Flask:
    """The product, as its operator runs it, behind one proxy. Only the limits of a whole site are wide."""
    sites = {
        site_key(number): {
            "origins": [origin(number)],
            "agents": [AGENT],
            "limits": {"site": "9999999/day", "running": 100_000, "minutes_per_call": 10},
        }
        for number in range(spec.sites)
    }
    return create_app(
        {
            "VAANI_API_KEY": API_KEY,
            "VAANI_API_URL": spec.upstream,
            "VAANI_WIDGET_SECRET_KEY": SECRET_KEY,
            "VAANI_WIDGET_DATABASE_URL": spec.database_url or "sqlite:///nothing-is-opened-here",
            "VAANI_WIDGET_TRUSTED_PROXIES": 1,
            "VAANI_WIDGET_SITES": sites,
        }
    )


class _Bare(BaseApplication):  # type: ignore[misc]
    """The bare view, under the settings that the product takes for itself; its hooks are its own."""

    def __init__(self, spec: Spec) -> None:
        self._bare = bare(spec)
        self._product = _Server(
            lambda: ours(spec), {"bind": "127.0.0.1:0", "workers": spec.workers, "threads": spec.threads}
        )
        super().__init__()

    def load_config(self) -> None:
        for name in SHARED:
            self.cfg.set(name, self._product.cfg.settings[name].get())
        self.cfg.set("when_ready", _say_where)

    def load(self) -> Flask:
        return self._bare


def _say_where(arbiter: Any) -> None:
    for listener in arbiter.LISTENERS:
        host, port = listener.getsockname()
        print(f"Serving on http://{host}:{port}", flush=True)


def main() -> None:
    spec = Spec(**json.loads(sys.argv[1]))
    if spec.database_url is None:
        _Bare(spec).run()
        return
    server.run(
        lambda: ours(spec),
        host="127.0.0.1",
        port=0,
        workers=spec.workers,
        threads=spec.threads,
        say=lambda line: print(line, flush=True),
    )


if __name__ == "__main__":
    main()
