"""Ears for the demo's agent: PocketSphinx behind LiveKit's interface for recognition."""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
import threading
from functools import cache
from typing import Any

from livekit import rtc
from livekit.agents import stt, utils
from livekit.agents.types import NOT_GIVEN, APIConnectOptions, NotGivenOr

from .ears_process import RATE


class Ears:
    """The recognising process. It serves one utterance at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vaani_widget.demo.ears_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        self._from.readline()

    def listen(self, samples: bytes) -> str:
        """The English words in 16-bit mono samples at 16 kHz; empty where there are none."""
        with self._lock:
            self._to.write(struct.pack("<I", len(samples)) + samples)
            self._to.flush()
            line = self._from.readline()
        text: str = json.loads(line) if line else ""
        return text

    def close(self) -> None:
        """End the process."""
        with self._to, self._from:
            pass
        self._process.wait()


@cache
def ears() -> Ears:
    """The one of this process, started at first use, and ending with it."""
    return Ears()


class SphinxSTT(stt.STT[Any]):
    """Recognises whole utterances; the framework's voice detector cuts them out."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        frame = rtc.combine_audio_frames(buffer)
        text = await asyncio.to_thread(lambda: ears().listen(_at_16_khz(frame)))
        heard = [stt.SpeechData(language="en", text=text)] if text else []  # type: ignore[arg-type]
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=heard)


def _at_16_khz(frame: rtc.AudioFrame) -> bytes:
    if frame.sample_rate == RATE:
        return bytes(frame.data)
    resampler = rtc.AudioResampler(frame.sample_rate, RATE, num_channels=frame.num_channels)
    frames = [*resampler.push(frame), *resampler.flush()]
    return b"".join(bytes(part.data) for part in frames)
