"""Background noise as loud as the call settings ask for, by the framework's own player."""

from __future__ import annotations

from typing import Final

from livekit import rtc
from livekit.agents import AudioConfig, BackgroundAudioPlayer, BuiltinAudioClip

from .mind import CallSettings

LOUDEST: Final = 2.0
"""Gain at volume 100: 10 dB below the voice. The clip is a quiet recording, its peaks far from clipping."""


async def background_noise(room: rtc.Room, settings: CallSettings) -> BackgroundAudioPlayer | None:
    """Start a street's murmur, its amplitude in proportion to ``bg_noise_volume``; ``None`` where none is.

    It is a track of its own beside the voice, as of every agent that uses the framework's player, so a client
    that plays only one of the agent's tracks is noticed.
    """
    if not settings.bg_noise_enabled or settings.bg_noise_volume == 0:
        return None
    sound = AudioConfig(BuiltinAudioClip.CITY_AMBIENCE, volume=LOUDEST * settings.bg_noise_volume / 100)
    player = BackgroundAudioPlayer(ambient_sound=sound)
    # Discontinuous transmission would cut quiet noise out.
    await player.start(room=room, track_publish_options=rtc.TrackPublishOptions(dtx=False))
    return player
