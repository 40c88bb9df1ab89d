"""``vaani-widget demo`` as a person starts it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from vaani_widget.demo.gallery import SHAPES

HTTP = httpx.Client(trust_env=False, verify=False, limits=httpx.Limits(max_keepalive_connections=0))
COMMAND = [sys.executable, "-c", "from vaani_widget.cli import main; main()", "demo"]


def heed_interrupts() -> None:
    """Tests that run in a shell's background have Ctrl-C ignored, and all that they start has, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str]]:
    out = tmp_path_factory.mktemp("demo") / "out"
    with out.open("w") as file:
        process = subprocess.Popen(
            [*COMMAND, "--port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=out.parent,
            preexec_fn=heed_interrupts,
        )
    try:
        end = time.monotonic() + 20
        while not (found := re.search(r"Open {2}(http://\S+)", out.read_text())):
            assert process.poll() is None, out.read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        yield process, found[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        said = out.read_text()
        assert "Ready: press the button" in said
        assert "Stopped." in said
        assert said.count("http://") == 1  # one address
        assert "Traceback" not in said
        assert "vaani_" not in said  # neither key nor token
        with pytest.raises(httpx.ConnectError):
            HTTP.get(found[1])
    finally:
        process.kill()
        process.wait()


def test_the_page_opens_at_once_and_says_when_the_voice_is_ready(
    demo: tuple[subprocess.Popen[str], str],
) -> None:
    _, address = demo
    page = HTTP.get(address).text
    (tag,) = re.findall(r"<script async src=\"(\S+)/vaani/widget\.js\" data-site=\"mela-tea\"", page)
    assert urlsplit(tag).netloc != urlsplit(address).netloc  # another origin
    files = [HTTP.get(f"{address}/{name}").text for name in ("shop.css", "shop.js")]
    addresses = re.findall(r"https?://[^\s\"'>]+", "".join([page, *files]))
    assert set(addresses) == {f"{tag}/vaani/widget.js", "http://www.w3.org/2000/svg"}  # a name, not a request
    end = time.monotonic() + 60
    while (status := HTTP.get(address + "/status").json())["state"] != "ready":
        assert status["state"] == "waiting", status
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_call_starts_from_the_shop_and_from_nowhere_else(
    demo: tuple[subprocess.Popen[str], str],
) -> None:
    _, address = demo
    page = HTTP.get(address).text
    server = re.findall(r"src=\"(\S+)/vaani/widget\.js\"", page)[0]
    minting = server + "/vaani/v1/sites/mela-tea/token"
    refused = HTTP.post(minting, json={}, headers={"Origin": "http://evil.example"})
    assert refused.status_code == 403
    given = HTTP.post(minting, json={}, headers={"Origin": address})
    assert given.status_code == 201
    end = time.monotonic() + 60
    while HTTP.get(address + "/status").json()["state"] != "ready":
        assert time.monotonic() < end
        time.sleep(0.1)
    started = HTTP.post(
        server + "/vaani/v1/calls",
        json={
            "site_token": given.json()["site_token"],
            "settings": {"welcome_message": "Hello {{name}}", "voice_gender": "male", "voice_speed": 1.2},
            "metadata": {"name": "Asha"},
        },
        headers={"Origin": address},
    )
    assert started.status_code == 201, started.text
    assert started.json()["connection_url"].startswith("ws://127.0.0.1:")
    assert started.json()["ignored"] == []


def test_a_port_in_use_is_told_with_another(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], capture_output=True, text=True, cwd=tmp_path, timeout=60
        )
    assert done.returncode != 0
    assert f"port {port} can't be used" in done.stderr
    assert f"--port {port + 10}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_gallery_shows_every_state(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with out.open("w") as file:
        process = subprocess.Popen(
            [*COMMAND, "--gallery", "--port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            preexec_fn=heed_interrupts,
        )
    try:
        end = time.monotonic() + 60
        while not (found := re.search(r"Open {2}(http://\S+)", out.read_text())):
            assert process.poll() is None, out.read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        page = HTTP.get(found[1]).text
        for state in {*SHAPES["button"], *SHAPES["compact"]}:
            assert f"<figcaption>{state}</figcaption>" in page
        cell = re.findall(r'src="(/cell[^"]+)"', page)[0].replace("&amp;", "&")
        (script,) = re.findall(r'src="(/\S+\.js)"', HTTP.get(found[1] + cell).text)
        assert "customElements" in HTTP.get(found[1] + script).text
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "Stopped." in out.read_text()
    finally:
        process.kill()
        process.wait()
