"""Voices for tests: made when they are needed, by the demo's own eSpeak, never recorded or committed."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaani_widget.demo.espeak import espeak

Samples = NDArray[np.int16]

CLEAR = 0.92
"""The speed at which the demo's ears understand the female English voice best."""


def spoken(
    text: str, *, rate: int = 48_000, language: str = "en", gender: str = "female", speed: float = CLEAR
) -> Samples:
    """The text as 16-bit mono samples at ``rate``."""
    voice = espeak()
    raw = np.frombuffer(voice.speak(text, language=language, gender=gender, speed=speed), dtype=np.int16)
    times = np.arange(0, len(raw) - 1, voice.sample_rate / rate)
    return np.interp(times, np.arange(len(raw)), raw).astype(np.int16)


def silence(seconds: float, *, rate: int = 48_000) -> Samples:
    return np.zeros(round(seconds * rate), dtype=np.int16)


def record(
    text: str, path: Path, *, lead_seconds: float = 0.0, tail_seconds: float = 1.0, gender: str = "female"
) -> Path:
    """Write a WAV file (48 kHz, mono, 16 bit) for Chromium's ``--use-file-for-fake-audio-capture``.

    Chromium begins the file when the microphone opens and repeats it for ever; with ``%noloop`` after the
    path in its argument it is heard once.

    :param lead_seconds: silence before the text; ``tail_seconds`` after it.
    """
    sound = [silence(lead_seconds), spoken(text, gender=gender), silence(tail_seconds)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.concatenate(sound).tobytes())
    return path


def pitch(samples: Samples, rate: int) -> float:
    """The median pitch of a voice in Hz, by autocorrelation of its loud parts; 0 where there is no voice."""
    found = []
    size = rate // 25
    for start in range(0, len(samples) - size, size // 2):
        part = samples[start : start + size].astype(float)
        part -= part.mean()
        if np.sqrt((part**2).mean()) < 600:
            continue
        similar = np.correlate(part, part, "full")[size - 1 :]
        low, high = rate // 400, rate // 65
        best = low + int(np.argmax(similar[low:high]))
        if similar[best] > 0.5 * similar[0]:
            found.append(rate / best)
    return float(np.median(found)) if found else 0.0


def loudness(samples: Samples) -> float:
    """Root mean square, of 32768."""
    return float(np.sqrt((samples.astype(float) ** 2).mean())) if len(samples) else 0.0


def murmur(samples: Samples, rate: int) -> float:
    """The loudness of a steady sound, gaps and all: the upper quartile of its moments."""
    size = rate // 50
    moments = [loudness(samples[start : start + size]) for start in range(0, len(samples) - size, size)]
    return float(np.percentile(moments, 75)) if moments else 0.0


def loud_seconds(samples: Samples, rate: int, *, threshold: float = 300) -> float:
    """How long it is loud, all together: gaps that a busy machine tears into a sound do not count."""
    size = rate // 50
    starts = range(0, len(samples) - size, size)
    return sum(loudness(samples[start : start + size]) > threshold for start in starts) * size / rate
