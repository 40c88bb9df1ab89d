"""Background noise as loud as the call settings ask for, by the framework's own player."""

from __future__ import annotations

from livekit import rtc
from livekit.agents import AudioConfig, BackgroundAudioPlayer, BuiltinAudioClip

from .mind import CallSettings


async def background_noise(room: rtc.Room, settings: CallSettings) -> BackgroundAudioPlayer | None:
    """Start an office's murmur, its amplitude in proportion to ``bg_noise_volume``; ``None`` where none is.

    It is a track of its own beside the voice, as of every agent that uses the framework's player, so a client
    that plays only one of the agent's tracks is noticed.
    """
    if not settings.bg_noise_enabled or settings.bg_noise_volume == 0:
        return None
    sound = AudioConfig(BuiltinAudioClip.OFFICE_AMBIENCE, volume=settings.bg_noise_volume / 100)
    player = BackgroundAudioPlayer(ambient_sound=sound)
    # Discontinuous transmission would cut quiet noise out.
    await player.start(room=room, track_publish_options=rtc.TrackPublishOptions(dtx=False))
    return player
