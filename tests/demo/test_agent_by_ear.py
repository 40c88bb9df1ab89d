"""One test for each call setting that can be heard: what the agent's voice does with it."""

from __future__ import annotations

import asyncio
import unicodedata

import numpy as np
import pytest

from tests.parts.livekit import NOISE, RATE, VOICE, visitor
from tests.parts.voice import loud_seconds, loudness, murmur, pitch
from vaani_widget.demo.stack import DemoStack

SHORT = "One, two, three, four, five."
LONG = "This is a long welcome. It goes on, and on, and on. It goes on, and on. It goes on, and on."


async def _greeted(stack: DemoStack, **body: object) -> np.ndarray:
    """The greeting's sound, whole."""
    async with visitor(stack, **{"primary_language": "en", "welcome_message": SHORT, **body}) as us:
        await us.until_silent()
        # The word that it listens again overtakes the sound on a busy machine.
        ended = len(us.heard())
        await us.until(lambda: len(us.heard()) > ended + RATE, what="a second of silence")
        return us.heard()


def test_the_voice_is_as_high_as_its_gender(stack: DemoStack) -> None:
    async def both() -> list[np.ndarray]:
        return await asyncio.gather(
            _greeted(stack, voice_gender="male"), _greeted(stack, voice_gender="female")
        )

    male, female = (pitch(sound, RATE) for sound in asyncio.run(both()))
    assert 70 < male < 150
    assert 180 < female < 300


def test_the_voice_is_as_fast_as_asked(stack: DemoStack) -> None:
    async def three() -> list[np.ndarray]:
        return await asyncio.gather(*(_greeted(stack, voice_speed=speed) for speed in (0.6, 1.0, 1.4)))

    slow, normal, fast = (loud_seconds(sound, RATE) for sound in asyncio.run(three()))
    assert slow / normal == pytest.approx(1 / 0.6, rel=0.25)
    assert fast / normal == pytest.approx(1 / 1.4, rel=0.25)


def test_noise_is_as_loud_as_asked(stack: DemoStack) -> None:
    """Measured while the agent is silent."""

    async def listen(**body: object) -> float:
        async with visitor(stack, primary_language="en", welcome_message="Hi.", **body) as us:
            await us.until_silent()
            tracks = [name for name in (VOICE, NOISE) if name in us.tracks]
            start = {name: len(us.heard(name)) for name in tracks}
            await us.until(lambda: all(len(us.heard(name)) > start[name] + RATE for name in tracks))
            return max(murmur(us.heard(name)[start[name] + RATE // 4 :], RATE) for name in tracks)

    async def all_of_them() -> list[float]:
        return await asyncio.gather(
            listen(),
            listen(bg_noise_enabled=False, bg_noise_volume=100),
            listen(bg_noise_enabled=True, bg_noise_volume=0),
            listen(bg_noise_enabled=True, bg_noise_volume=30),
            listen(bg_noise_enabled=True),  # 60
            listen(bg_noise_enabled=True, bg_noise_volume=100),
        )

    none, off, zero, low, default, full = asyncio.run(all_of_them())
    assert max(none, off, zero) < 20
    assert low > 100
    assert 1.4 * low < default
    assert 1.2 * default < full


SCRIPTS = {
    "en": "LATIN",
    "es": "LATIN",
    "hi": "DEVANAGARI",
    "ta": "TAMIL",
    "bn": "BENGALI",
    "ur": "ARABIC",
}


def _script(text: str) -> str:
    """The script of most of its letters."""
    names = [unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()]
    return max(set(names), key=names.count)


def test_it_speaks_the_language_asked_for(stack: DemoStack) -> None:
    async def greeting(language: str) -> str:
        async with visitor(stack, primary_language=language) as us:
            await us.until(lambda: len(us.text()) > 12 and loudness(us.heard()) > 300)
            return us.text()

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*map(greeting, SCRIPTS))

    texts = dict(zip(SCRIPTS, asyncio.run(all_of_them()), strict=True))
    assert {language: _script(text) for language, text in texts.items()} == SCRIPTS
    assert texts["es"].startswith("¡Hola")


def test_a_language_it_does_not_speak_becomes_the_secondary_one(stack: DemoStack) -> None:
    async def greeting(**languages: str) -> str:
        async with visitor(stack, **languages) as us:
            await us.until(lambda: len(us.text()) > 12)
            return _script(us.text())

    async def three() -> list[str]:
        return await asyncio.gather(
            greeting(primary_language="fi", secondary_language="ta"),
            greeting(primary_language="bn-IN", secondary_language="en"),
            greeting(primary_language="fi", secondary_language="sv"),
        )

    assert asyncio.run(three()) == ["TAMIL", "BENGALI", "LATIN"]


def test_what_it_did_not_understand_it_says_in_the_secondary_language(stack: DemoStack) -> None:
    async def talk() -> str:
        async with visitor(stack, primary_language="hi", welcome_message="नमस्ते") as us:
            await us.until_silent()
            await us.type("zebra crossing")
            await us.until_said("i heard: zebra crossing")
            return us.text()

    assert "नमस्ते" in asyncio.run(talk())


def test_the_welcome_may_be_talked_over_or_not(stack: DemoStack) -> None:
    async def talk_over(*, interruptible: bool) -> tuple[bool, int]:
        async with visitor(
            stack, primary_language="en", welcome_message=LONG, welcome_interruptible=interruptible
        ) as us:
            await us.until(lambda: loudness(us.heard()[-RATE // 2 :]) > 300)
            await us.speak("excuse me, what are your hours")
            said = await asyncio.to_thread(stack.agent.wait_for, "said", room=us.room_name, timeout=30)
            return said["interrupted"], len(said["text"])

    async def both() -> list[tuple[bool, int]]:
        return await asyncio.gather(talk_over(interruptible=True), talk_over(interruptible=False))

    stopped, went_on = asyncio.run(both())
    assert stopped[0] is True
    assert stopped[1] < len(LONG) / 1.5
    assert went_on == (False, len(LONG))


def test_metadata_is_in_what_it_says(stack: DemoStack) -> None:
    async def hear() -> tuple[str, str]:
        metadata = {"name": "Asha", "page": "pricing", "plan": "pro"}
        async with (
            visitor(stack, primary_language="en", metadata=metadata) as own,
            visitor(
                stack, primary_language="en", metadata=metadata,
                welcome_message="Hi {{name}}, {{ plan }} is yours, {{nothing}}.",
            ) as given,
        ):  # fmt: skip
            await given.until_said("nothing")
            await own.until_said("plan")
            return own.text(), given.text()

    own, given = asyncio.run(hear())
    assert "Hello Asha!" in own
    assert "on the pricing page" in own
    assert given.startswith("Hi Asha, pro is yours,")


def test_it_can_say_every_setting_it_was_given(stack: DemoStack) -> None:
    async def hear() -> str:
        async with visitor(
            stack, primary_language="en", secondary_language="hi", welcome_message="Hi.", voice_speed=1.4,
            voice_gender="male", env_flag="staging", metadata={"plan": "pro"},
        ) as us:  # fmt: skip
            await us.until_silent()
            await us.type("settings")
            await us.until_said("plan pro")
            return us.text()

    text = asyncio.run(hear())
    for told in (
        "Agent demo",
        "male voice",
        "speed 1.4",
        "language en, then hi",
        "noise off",
        "flag staging",
    ):
        assert told in text
