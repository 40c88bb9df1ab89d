"""Somebody whom nobody sees in a room: hears what really arrives there of a visitor's microphone.

In a process of its own (``python -m tests.parts.listener``), which writes a line for each moment that it
hears: LiveKit's library may call back while Python ends, and takes the whole process down then (seen).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import numpy as np
from livekit import api, rtc

from vaani_widget.demo.children import Child
from vaani_widget.demo.livekit_server import LiveKitServer

MOMENT: Final = 0.05
"""Seconds."""
LOUD: Final = 300
"""Root mean square, of 32768."""


class Stack(Protocol):
    """Whatever has the server whose rooms are listened to."""

    @property
    def livekit(self) -> LiveKitServer: ...


class Listener:
    """A context manager; in the room for as long as the block runs.

    :param room: its name, as the call's start answered.
    """

    def __init__(self, stack: Stack, room: str) -> None:
        grants = api.VideoGrants(room_join=True, room=room, hidden=True, can_publish=False)
        token = api.AccessToken(stack.livekit.api_key, stack.livekit.api_secret)
        self._env = {
            **os.environ,
            "LISTENER_URL": stack.livekit.url,
            "LISTENER_TOKEN": token.with_identity("listener").with_grants(grants).to_jwt(),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        self._loud: list[bool] = []
        self._news = threading.Condition()

    def until_heard(self, seconds: float = 0.3, *, within: float = 40) -> None:
        """Wait until this many seconds of something loud have come since now.

        :raises AssertionError: not ``within`` seconds.
        """
        with self._news:
            start = len(self._loud)
            heard = self._news.wait_for(lambda: sum(self._loud[start:]) * MOMENT >= seconds, within)
            came = (len(self._loud) - start) * MOMENT
        assert heard, (
            f"the visitor is not heard in {within} s; {came:.1f} s of sound came; {self._child.tail}"
        )

    def _take(self, line: str) -> None:
        with self._news:
            self._loud.append(float(line) > LOUD)
            self._news.notify_all()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.parts.listener"]
        self._child = Child(command, env=self._env, on_line=self._take, grace=2.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.stop()


async def listen() -> None:
    """Until SIGTERM."""
    room, over = rtc.Room(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)

    async def hear(track: rtc.Track) -> None:
        size = round(MOMENT * 1000)
        stream = rtc.AudioStream(track, sample_rate=16_000, num_channels=1, frame_size_ms=size)
        async for event in stream:
            samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(float)
            print(np.sqrt((samples**2).mean()), flush=True)

    tasks = set()

    def come(track: rtc.Track, _: object, whose: rtc.RemoteParticipant) -> None:
        if whose.kind != rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            tasks.add(asyncio.ensure_future(hear(track)))

    room.on("track_subscribed", come)
    await room.connect(os.environ["LISTENER_URL"], os.environ["LISTENER_TOKEN"])
    await over.wait()
    await room.disconnect()


if __name__ == "__main__":
    asyncio.run(listen())
    sys.stdout.flush()
    os._exit(0)
