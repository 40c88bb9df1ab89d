"""Somebody whom nobody sees in a room: hears what really arrives there of a visitor's microphone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import numpy as np
from livekit import api, rtc

from tests.parts.voice import loud_seconds
from vaani_widget.demo.stack import DemoStack

RATE = 16_000


class Listener:
    """A context manager; in the room for as long as the block runs.

    :param room: its name, as the call's start answered.
    """

    def __init__(self, stack: DemoStack, room: str) -> None:
        self._livekit, self._name = stack.livekit, room
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="listener")
        self._sound = bytearray()
        self._news = threading.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def until_heard(self, seconds: float = 0.3, *, within: float = 40) -> None:
        """Wait until this many seconds of something loud have come since now.

        :raises AssertionError: not ``within`` seconds.
        """
        with self._news:
            start = len(self._sound)
            loud = self._news.wait_for(lambda: self._loud(start) >= seconds, within)
            came = (len(self._sound) - start) / 2 / RATE
        assert loud, f"nothing to be heard of the visitor in {within} s; {came:.1f} s of sound came"

    def _loud(self, start: int) -> float:
        return loud_seconds(np.frombuffer(bytes(self._sound[start:]), dtype=np.int16), RATE)

    async def _join(self) -> None:
        self._room = rtc.Room()
        self._room.on("track_subscribed", self._listen)
        grants = api.VideoGrants(
            room_join=True, room=self._name, hidden=True, can_publish=False, can_publish_data=False
        )
        token = api.AccessToken(self._livekit.api_key, self._livekit.api_secret)
        await self._room.connect(
            self._livekit.url, token.with_identity("listener").with_grants(grants).to_jwt()
        )

    def _listen(self, track: rtc.Track, _: object, whose: rtc.RemoteParticipant) -> None:
        if whose.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            return

        async def run() -> None:
            async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=50):
                with self._news:
                    self._sound.extend(event.frame.data.tobytes())
                    self._news.notify_all()

        task = self._loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _leave(self) -> None:
        await self._room.disconnect()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._join())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
