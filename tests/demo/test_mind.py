"""What the agent makes of its settings and of words, without a voice."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tests.parts.voice import silence, spoken
from vaani_widget.demo.ears import Ears
from vaani_widget.demo.mind import CallSettings, Mind, topic_of
from vaani_widget.demo.phrases import ASKED, PHRASES


def test_every_language_says_everything() -> None:
    assert {"en", "hi", "ta", "bn", "ur"} <= set(PHRASES)
    for language, phrases in PHRASES.items():
        assert set(phrases) == set(PHRASES["en"]), language
        for key, text in phrases.items():
            assert text.count("{") == PHRASES["en"][key].count("{"), (language, key)
    answered = {"hang_up", "settings", "name", "who"}  # by several phrases, or none
    assert set(ASKED) - answered <= set(PHRASES["en"])


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("What are your hours?", "hours"),
        ("OPENING HOURS", "hours"),
        ("how much does it cost", "price"),
        ("Can I return it?", "returns"),
        ("do you deliver to Delhi", "delivery"),
        ("what is my name", "name"),
        ("goodbye", "bye"),
        ("please hang up", "hang_up"),
        ("दुकान का समय क्या है?", "hours"),
        ("விலையைச் சொல்லுங்கள்", "price"),
        ("ধন্যবাদ!", "thanks"),
        ("آپ کے اوقات؟", "hours"),
        ("¿Cuánto cuesta?", "price"),
        ("this is a history lesson", None),  # "hi" and "is" are in it, as letters only
        ("", None),
    ],
)
def test_topics_are_known_by_whole_words(text: str, topic: str | None) -> None:
    assert topic_of(text) == topic


def test_a_dispatch_without_settings_gets_vaanis_defaults() -> None:
    assert CallSettings.from_dispatch("") == CallSettings()
    assert CallSettings.from_dispatch("[]") == CallSettings()
    assert CallSettings.from_dispatch(json.dumps({"voice_speed": 1.2, "unknown": 1})).voice_speed == 1.2
    assert Mind(CallSettings()).greeting().language == "hi"


def test_its_ears_understand_the_shop_and_a_little_english() -> None:
    with closing(Ears()) as ears:

        def heard(text: str) -> str:
            return ears.listen(spoken(text, rate=16_000).tobytes())

        for text in ("what are your opening hours", "how long does delivery take", "tell me my settings"):
            assert heard(text) == text
        assert "bicycle" in heard("my uncle bought a new bicycle last summer")
        assert ears.listen(silence(1, rate=16_000).tobytes()) == ""
