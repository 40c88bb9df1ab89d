"""A visitor without a browser: joins a room of the demo stack, hears, reads, speaks and types."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from livekit import rtc

from tests.parts.voice import Samples, spoken
from vaani_widget.demo.stack import DemoStack

RATE = 16_000
"""Of what a visitor hears."""
VOICE, NOISE = "roomio_audio", "background_audio"
"""The agent's tracks by name."""


def ask_for_call(stack: DemoStack, **body: object) -> dict[str, str]:
    """One request to the local Vaani API, as the widget's server makes it."""
    response = httpx.post(
        stack.api.url + "/api/webrtc/token",
        headers={"X-API-Key": stack.api.api_key},
        json={"agent_name": "demo", **body},
        timeout=10,
        trust_env=False,
        verify=False,  # loading certificate authorities takes longer than the call
    )
    response.raise_for_status()
    answer: dict[str, str] = response.json()
    return answer


@dataclass
class Line:
    """One segment of the transcript, as far as it has come."""

    role: str
    text: str = ""
    final: bool = False


@dataclass
class Visitor:
    """In a room. ``room_name`` is also how the agent's events name the call."""

    room_name: str
    room: rtc.Room
    lines: dict[str, Line] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Of the others who left; ``room`` when this visitor was sent away."""
    _sound: dict[str, bytearray] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Future[Any]] = field(default_factory=set)
    _source: rtc.AudioSource | None = None

    def heard(self, track: str = VOICE) -> Samples:
        """Everything that came on one of the agent's tracks, 16 bit mono at 16 kHz."""
        return np.frombuffer(bytes(self._sound.get(track, b"")), dtype=np.int16)

    @property
    def tracks(self) -> set[str]:
        return set(self._sound)

    def text(self, role: str = "agent") -> str:
        """All that ``agent`` or ``visitor`` said, as the transcript has it now."""
        return " ".join(line.text.strip() for line in self.lines.values() if line.role == role)

    async def until(self, holds: Callable[[], object], seconds: float = 30, what: str = "") -> None:
        """Wait for a condition that depends on what comes in."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = f"transcript {self.lines}, states {self.states}"
            raise AssertionError(f"not in {seconds} s: {what or 'the condition'}; {seen}") from None

    async def until_said(self, *words: str, role: str = "agent", seconds: float = 15) -> None:
        """Wait until the transcript has one of the words."""
        await self.until(
            lambda: any(word in self.text(role).lower() for word in words), seconds, f"{words} by the {role}"
        )

    async def until_silent(self, seconds: float = 20) -> None:
        """Wait until the agent has begun to speak and listens again."""
        await self.until(
            lambda: "speaking" in self.states and self.states[-1] == "listening", seconds, "listening again"
        )

    async def speak(self, text: str) -> None:
        """Say something by the microphone; returns when it is said."""
        if self._source is None:
            self._source = rtc.AudioSource(48_000, 1)
            track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
            options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
            published = await self.room.local_participant.publish_track(track, options)
            await published.wait_for_subscription()
            await self._play(np.zeros(24_000, dtype=np.int16))
        await self._play(spoken(text))
        await self._play(np.zeros(48_000, dtype=np.int16))

    async def _play(self, samples: Samples) -> None:
        assert self._source is not None
        for start in range(0, len(samples), 480):
            part = samples[start : start + 480]
            await self._source.capture_frame(rtc.AudioFrame(part.tobytes(), 48_000, 1, len(part)))

    async def type(self, text: str) -> None:
        await self.room.local_participant.send_text(text, topic="lk.chat")

    def _listen(self, track: rtc.Track, publication: rtc.RemoteTrackPublication) -> None:
        sound = self._sound.setdefault(publication.name, bytearray())

        async def run() -> None:
            stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=50)
            try:
                async for event in stream:
                    sound.extend(event.frame.data.tobytes())
                    self._news.set()
            finally:
                # LiveKit's library goes on calling back for one that is open, also while Python ends
                await stream.aclose()

        self._later(run())

    def _read(self, reader: rtc.TextStreamReader, sender: str) -> None:
        about = reader.info.attributes or {}
        own = {publication.sid for publication in self.room.local_participant.track_publications.values()}
        by_us = about.get("lk.transcribed_track_id") in own or sender == self.room.local_participant.identity
        segment = about.get("lk.segment_id", reader.info.stream_id)
        line = self.lines.setdefault(segment, Line("visitor" if by_us else "agent"))

        async def run() -> None:
            text = ""
            try:
                async for part in reader:
                    text += part
                    line.text = text
                    self._news.set()
            except rtc.StreamError:
                return  # the room ended in mid-sentence
            line.final = True
            self._news.set()

        self._later(run())

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _state(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        if "lk.agent.state" in changed:
            self.states.append(changed["lk.agent.state"])
            self._news.set()

    def _gone(self, who: str) -> None:
        self.left.append(who)
        self._news.set()


@asynccontextmanager
async def visitor(stack: DemoStack, **body: object) -> AsyncIterator[Visitor]:
    """Start a call with these call settings and be in its room for as long as the block runs."""
    answer = await asyncio.to_thread(ask_for_call, stack, **body)
    room = rtc.Room()
    us = Visitor(answer["room_name"], room)
    room.on("track_subscribed", lambda track, publication, _: us._listen(track, publication))
    room.on("participant_attributes_changed", us._state)
    room.on("participant_disconnected", lambda who: us._gone(who.identity))
    room.on("disconnected", lambda *_: us._gone("room"))
    room.register_text_stream_handler("lk.transcription", us._read)
    await room.connect(answer["connection_url"], answer["token"])
    try:
        yield us
    finally:
        await room.disconnect()
        for task in list(us._tasks):
            task.cancel()
        await asyncio.gather(*us._tasks, return_exceptions=True)
        if us._source:
            await us._source.aclose()
