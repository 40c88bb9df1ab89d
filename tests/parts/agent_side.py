"""An agent whose part a test plays: it asks the page by RPC, and gets what was said before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
from livekit import api, rtc
from livekit.rtc._proto.track_pb2 import AudioTrackFeature

from vaani_widget.demo.livekit_server import LiveKitServer

Value = TypeVar("Value")

FIRST_WORDS = "lk.agent.pre-connect-audio-buffer"
"""The topic by which LiveKit's clients send what was said before the room was joined."""


@dataclass(frozen=True)
class Sent:
    """A byte stream that came."""

    mime_type: str
    attributes: dict[str, str]
    data: bytes


@dataclass(frozen=True)
class Track:
    """The visitor's, as it was when it came."""

    sid: str
    muted: bool
    recorded: bool
    """What was said before is on its way."""


class AgentSide:
    """A context manager; leaves the room at its end.

    :param server: whose room it is.
    :param room: its name, as the call's start answered; made where nobody is in it yet.
    :param as_soon_as_met: asked of the visitor by RPC in the moment the visitor is seen; see :attr:`met`.
    """

    met: Future[str]
    """What it was answered."""
    room: str
    """Its name."""

    def __init__(self, server: LiveKitServer, room: str, *, as_soon_as_met: str = "") -> None:
        token = api.AccessToken(server.api_key, server.api_secret).with_identity("agent-side")
        grants = api.VideoGrants(room_join=True, room=room, agent=True)
        self._url = server.url
        self._token = token.with_kind("agent").with_grants(grants).to_jwt()
        self.room = room
        self._first = as_soon_as_met
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="agent-side")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._first_words: Future[Sent] = Future()
        self._track: Future[Track] = Future()
        self._news = threading.Condition()
        self._muted: bool | None = None
        self._source: rtc.AudioSource | None = None
        self.met = Future()

    def ask(self, tool: str, payload: str = "", *, seconds: float | None = None) -> str:
        """One RPC to the visitor.

        :param seconds: for which it waits; LiveKit's own default where absent.
        :raises rtc.RpcError: what came instead of an answer.
        """
        return self.asking(tool, payload, seconds=seconds).result(60)

    def asking(self, tool: str, payload: str = "", *, seconds: float | None = None) -> Future[str]:
        """The same, for whoever has to do something before the answer comes."""
        return asyncio.run_coroutine_threadsafe(self._ask(tool, payload, seconds), self._loop)

    async def _ask(self, tool: str, payload: str, seconds: float | None = None) -> str:
        (visitor,) = self._room.remote_participants.values()
        return await self._room.local_participant.perform_rpc(
            destination_identity=visitor.identity, method=tool, payload=payload, response_timeout=seconds
        )

    def first_words(self) -> Sent:
        """Waits for what was said before the room was joined."""
        return self._first_words.result(30)

    def track(self) -> Track:
        """Waits for the visitor's microphone."""
        return self._track.result(30)

    def until_muted(self, muted: bool) -> None:
        """Waits until the visitor's microphone, once it is there, is told as muted, or as open.

        :raises AssertionError: not in 15 s.
        """
        self.track()
        with self._news:
            told = self._news.wait_for(lambda: self._muted is muted, 15)
        assert told, f"the agent is told that the microphone is {'muted' if self._muted else 'open'}"

    def speak(self) -> None:
        """A tone, for as long as it is in the room."""
        self._do(self._speak())

    async def _speak(self) -> None:
        self._source = source = rtc.AudioSource(48_000, 1)
        track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        await self._room.local_participant.publish_track(track)
        tone = (6_000 * np.sin(np.arange(480) * 2 * np.pi * 400 / 48_000)).astype(np.int16).tobytes()

        async def go_on() -> None:
            while True:
                await source.capture_frame(rtc.AudioFrame(tone, 48_000, 1, 480))

        self._later(go_on())

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._do(self._join())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._do(self._leave())
        finally:
            self._stop()

    async def _join(self) -> None:
        self._room = rtc.Room(loop=self._loop)
        self._room.register_byte_stream_handler(
            FIRST_WORDS, lambda reader, _: self._later(self._take(reader))
        )
        self._room.on("track_published", lambda track, _: self._see(track))
        self._room.on("track_muted", lambda _, track: self._note(track.muted))
        self._room.on("track_unmuted", lambda _, track: self._note(track.muted))
        if self._first:
            self._room.on("participant_connected", lambda _: self._later(self._greet()))
        await self._room.connect(self._url, self._token)

    async def _greet(self) -> None:
        try:
            self.met.set_result(await self._ask(self._first, ""))
        except Exception as error:
            self.met.set_exception(error)

    def _see(self, track: rtc.RemoteTrackPublication) -> None:
        recorded = AudioTrackFeature.TF_PRECONNECT_BUFFER in track.audio_features
        self._note(track.muted)
        self._track.set_result(Track(track.sid, track.muted, recorded))

    def _note(self, muted: bool) -> None:
        with self._news:
            self._muted = muted
            self._news.notify_all()

    async def _take(self, reader: rtc.ByteStreamReader) -> None:
        data = b"".join([piece async for piece in reader])
        self._first_words.set_result(Sent(reader.info.mime_type, dict(reader.info.attributes or {}), data))

    async def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.disconnect()
        if self._source:
            await self._source.aclose()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _do(self, work: Coroutine[Any, Any, Value]) -> Value:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
