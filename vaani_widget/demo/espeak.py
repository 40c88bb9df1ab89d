"""A voice for the demo: eSpeak NG, from PyPI's ``espeakng-loader``, by its C interface.

Small and quick (a sentence takes a few milliseconds), any speed, both genders, all of the demo's languages.
It sounds like a computer, which suits a demo. GPL: in the extra ``demo`` only.
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from typing import Any, Final

WORDS_PER_MINUTE: Final = 160
"""At speed 1.0."""
VARIANTS: Final = {"female": ("f2", 55), "male": ("m3", 45)}
"""eSpeak's voice variant and pitch (0-100): about 205 Hz and 95 Hz."""
VOICES: Final = {"en": "en-us"}
"""Where eSpeak's name for a language is not its code."""

# From espeak-ng/speak_lib.h.
_SYNCHRONOUS, _DONT_EXIT, _CHARS_UTF8, _CHARACTERS = 2, 0x8000, 1, 1
_RATE, _PITCH = 1, 3


class Espeak:
    """The library. It has one global state, so one utterance at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DONT_EXIT)
        if self.sample_rate <= 0:
            raise RuntimeError("eSpeak NG could not read its data.")
        self._samples = bytearray()
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._take)  # kept: the library holds on to it
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: int | None, count: int, events: int | None) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, 2 * count)
        return 0

    def speak(self, text: str, *, language: str = "en", gender: str = "female", speed: float = 1.0) -> bytes:
        """16-bit mono samples at :attr:`sample_rate`.

        :param language: a two-letter code.
        :param gender: ``female`` or ``male``.
        :param speed: 1.0 is 160 words a minute.
        """
        variant, pitch = VARIANTS[gender]
        voice = f"{VOICES.get(language, language)}+{variant}".encode()
        raw = text.encode() + b"\0"
        with self._lock:
            self._samples.clear()
            if self._library.espeak_SetVoiceByName(voice):
                raise ValueError(f"eSpeak NG has no voice for the language {language!r}")
            self._library.espeak_SetParameter(_RATE, round(WORDS_PER_MINUTE * speed), 0)
            self._library.espeak_SetParameter(_PITCH, pitch, 0)
            self._library.espeak_Synth(raw, len(raw), 0, _CHARACTERS, 0, _CHARS_UTF8, None, None)
            self._library.espeak_Synchronize()
            return bytes(self._samples)


@cache
def espeak() -> Espeak:
    """The one of this process, loaded at first use."""
    return Espeak()
