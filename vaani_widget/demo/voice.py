"""eSpeak NG behind LiveKit's interface for voices."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit.agents import tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

from .espeak import espeak


class EspeakTTS(tts.TTS[Any]):
    """eSpeak as a voice for LiveKit's agents. ``language`` may be set between two sayings."""

    def __init__(self, *, language: str, gender: str, speed: float) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=espeak().sample_rate,
            num_channels=1,
        )
        self.language, self._gender, self._speed = language, gender, speed

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Utterance(self, text, conn_options)

    def samples(self, text: str) -> bytes:
        return espeak().speak(text, language=self.language, gender=self._gender, speed=self._speed)


class _Utterance(tts.ChunkedStream):
    def __init__(self, voice: EspeakTTS, text: str, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=voice, input_text=text, conn_options=conn_options)
        self._voice = voice

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=self._voice.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
        )
        output_emitter.push(await asyncio.to_thread(self._voice.samples, self.input_text))
        output_emitter.flush()
