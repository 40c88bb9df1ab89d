"""LiveKit server, local Vaani API and agent together, on free ports."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final

from .children import Child
from .livekit_server import LiveKitServer
from .vaani_api import LocalVaaniApi, Room

Event = dict[str, Any]

REGISTER_SECONDS: Final = 60.0


class AgentFailed(RuntimeError):
    """The demo's agent ended, or did not come. The message has its last lines."""


class DemoAgentProcess:
    """The agent's worker as a child process; a context manager that is entered once the worker is registered.

    :param livekit: the server that it registers with.
    """

    def __init__(self, livekit: Room) -> None:
        self._livekit = livekit
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._child: Child | None = None

    @property
    def events(self) -> list[Event]:
        """What happened in its calls so far; see :mod:`vaani_widget.demo.agent` for what there is."""
        with self._news:
            return list(self._events)

    def wait_for(
        self, event: str, *, room: str | None = None, timeout: float = 10.0,
        where: Callable[[Event], bool] = lambda _: True,
    ) -> Event:  # fmt: skip
        """The first event of that name (in that room, and for which ``where`` holds), past or to come.

        :raises TimeoutError: after ``timeout`` seconds without it.
        :raises AgentFailed: when the agent's process ends first.
        """

        def found() -> Event | None:
            return next(
                (e for e in self._events
                 if e["event"] == event and room in (None, e.get("room")) and where(e)),
                None,
            )  # fmt: skip

        until = time.monotonic() + timeout
        with self._news:
            while (match := found()) is None:
                if self._child is None or not self._child.running:
                    raise AgentFailed(self._last_words())
                if time.monotonic() > until:
                    raise TimeoutError(f"no {event!r} in {timeout} s; there were {self._events[-8:]}")
                self._news.wait(0.2)
            return match

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    def __enter__(self) -> DemoAgentProcess:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LIVEKIT_")},
            "LIVEKIT_URL": self._livekit.url,
            "LIVEKIT_API_KEY": self._livekit.api_key,
            "LIVEKIT_API_SECRET": self._livekit.api_secret,
            # 250 MB of a turn detector that the demo does not use.
            "LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE": "0",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        command = [sys.executable, "-m", "vaani_widget.demo.agent"]
        self._child = Child(command, env=env, on_line=self._take, grace=3.0)
        try:
            self.wait_for("registered", timeout=REGISTER_SECONDS)
        except BaseException:
            self._child.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.stop()

    def _take(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def _last_words(self) -> str:
        tail = self._child.tail if self._child is not None else []
        return "The demo's agent ended: " + ("\n".join(tail[-15:]) or "it said nothing")


class DemoStack:
    """A context manager: LiveKit, the local Vaani API, and the agent registered and ready.

    :param say: told what happens, in lines for a person.
    """

    livekit: LiveKitServer
    api: LocalVaaniApi
    agent: DemoAgentProcess

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        self._say = say
        self._parts = ExitStack()

    def __enter__(self) -> DemoStack:
        with ExitStack() as parts:
            self.livekit = parts.enter_context(LiveKitServer(self._say))
            self.api = parts.enter_context(LocalVaaniApi(self.livekit))
            self.agent = parts.enter_context(DemoAgentProcess(self.livekit))
            self._parts = parts.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()
