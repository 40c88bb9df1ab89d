"""Child processes that never outlive this one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

SUPERVISOR = Path(__file__).with_name("_supervise.py")


class Child:
    """A program that ends when this process does, however this process ends.

    :param command: program and arguments.
    :param env: its whole environment; this process's own where absent.
    :param on_line: called with every line of its standard output, in a thread of its own.
    :param on_error: the same of its standard error.
    :param grace: seconds between SIGTERM and SIGKILL when it is stopped.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        on_error: Callable[[str], None] | None = None,
        grace: float = 0.5,
    ) -> None:
        self._grace = grace
        self._tail: deque[str] = deque(maxlen=60)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR), str(grace), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else dict(env),
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._readers = [
            self._read(self._process.stdout, on_line or self._tail.append),
            self._read(self._process.stderr, on_error or self._tail.append),
        ]

    def _read(self, stream: IO[str] | None, take: Callable[[str], None]) -> threading.Thread:
        def read() -> None:
            if stream is not None:
                with stream, contextlib.suppress(ValueError, OSError):
                    for line in stream:
                        take(line.rstrip("\n"))

        thread = threading.Thread(target=read, daemon=True, name="child-output")
        thread.start()
        return thread

    @property
    def pid(self) -> int:
        """Of the supervisor, whose end is the program's end."""
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def tail(self) -> list[str]:
        """The last lines it wrote, for a message about its end."""
        return list(self._tail)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, or ``None`` where it still runs after ``seconds``."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End it and wait for its end; a second time does nothing."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self.wait(self._grace + 5) is None:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(timeout=5)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
