"""gunicorn with ``--preload``: the app is made and used before the fork, and its children's calls work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, jsonify, request

from tests.parts.serving import serve

APP = """
import os
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
import vaani_widget

app = Flask("shop", instance_path=os.environ["SHOP_INSTANCE"])
app.wsgi_app = ProxyFix(app.wsgi_app)
app.register_blueprint(vaani_widget.blueprint)

@app.get("/pid")
def pid():
    return str(os.getpid())

# Somebody's warm-up, before the fork: ledger, keys and the loop towards Vaani are open in the parent now.
client, page = app.test_client(), {"Origin": "http://localhost"}
token = client.post("/vaani/v1/sites/default/token", json={}, headers=page).json["site_token"]
assert client.post("/vaani/v1/calls", json={"site_token": token}, headers=page).status_code == 201
"""


class Vaani:
    """Vaani's endpoint over real HTTP."""

    def __init__(self) -> None:
        self.calls = 0
        self.app = Flask("vaani")

        @self.app.post("/api/webrtc/token")
        def token() -> object:
            self.calls += 1
            assert request.headers["X-API-Key"] == "vaani_x"
            url = "wss://livekit.example.test"
            return jsonify(token="t", room_name=f"room_{self.calls}", agent_name="a", connection_url=url)


@contextmanager
def gunicorn(folder: Path, vaani: str) -> Iterator[str]:
    (folder / "shop.py").write_text(APP)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VAANI_")}
    settings = {"VAANI_API_KEY": "vaani_x", "VAANI_AGENT": "demo", "VAANI_API_URL": vaani}
    log = folder / "log"
    options = [
        "--preload",
        "--workers",
        "2",
        "--threads",
        "4",
        "--bind",
        "127.0.0.1:0",
        "--no-control-socket",
    ]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "shop:app"],
            cwd=folder,
            env={**clean, **settings, "SHOP_INSTANCE": str(folder / "instance"), "PYTHONUNBUFFERED": "1"},
            stderr=stderr,
            stdout=stderr,
        )
    try:
        while not (found := re.search(r"Listening at: (http://\S+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield found[1]
    finally:
        process.terminate()
        process.wait(30)


def send(url: str, body: object, origin: str, address: str) -> tuple[int, dict[str, str]]:
    headers = {"Origin": origin, "Content-Type": "text/plain", "X-Forwarded-For": address}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, json.loads(answer.read() or b"{}")


def test_calls_work_in_every_child(tmp_path: Path) -> None:
    vaani = Vaani()
    with serve(vaani.app) as upstream, gunicorn(tmp_path, upstream) as base:
        pids: set[str] = set()
        started = 0
        while len(pids) < 2 or started < 6:
            assert started < 40, "one of the two children never answers"
            visitor = f"192.0.2.{started}"
            with urllib.request.urlopen(f"{base}/pid", timeout=20) as answer:
                pids.add(answer.read().decode())
            status, minted = send(f"{base}/vaani/v1/sites/default/token", {}, base, visitor)
            assert status == 201
            status, call = send(f"{base}/vaani/v1/calls", {"site_token": minted["site_token"]}, base, visitor)
            assert status == 201
            path = f"{base}/vaani/v1/calls/{call['call_id']}/progress"
            assert send(path, {"call_token": call["call_token"], "event": "ended"}, base, visitor)[0] == 204
            started += 1
        assert vaani.calls == started + 1
