"""Recognises English speech in a process of its own: PocketSphinx holds Python's lock for up to a second.

Standard input: four bytes of length (little-endian), then that many bytes of 16-bit mono samples at 16 kHz.
Standard output: for each, one line of JSON text. Ends at the end of its input, so with whoever started it.

It listens first for what people say to this shop (``shop_sentences.txt``): a tenth of a second, and mostly
right. Only what makes no sense as that goes to the model of all English, which takes a second.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import tempfile
from array import array
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

RATE: Final = 16_000
PADDING: Final = b"\0" * 6400
"""0.2 s: the decoder wants to hear a little silence on both sides."""
OFTEN: Final = ("hello", "goodbye", "thank you")
"""Short, so easily taken for something else: the model is told that they are common."""
SILENCE: Final = 30
"""The mean of the samples' sizes, of 32768, below which nobody speaks: the decoder hears words even there."""
ALIKE: Final = 0.65
"""How alike two guesses must be, of 1, to mean the same sentence."""


class ShopEar:
    """Knows only what people say to this shop."""

    def __init__(self) -> None:
        text = (files("vaani_widget.demo") / "shop_sentences.txt").read_text(encoding="utf-8")
        self._sentences = [line for line in text.splitlines() if line]
        self._pairs = {pair for sentence in self._sentences for pair in _pairs(sentence)}
        self._freely, self._whole = _shop_decoders(self._sentences)

    def listen(self, samples: bytes) -> str:
        """What was said, or nothing where that makes no sense here.

        A guess word by word is taken where all neighbours in it are neighbours in the shop's sentences too.
        Else the likeliest whole sentence is, where the two are much alike.
        """
        words = _decode(self._freely, samples)
        if all(pair in self._pairs for pair in _pairs(words)):
            return words
        whole = _decode(self._whole, samples)
        one, two = words.split(), whole.split()
        alike = SequenceMatcher(None, one, two).ratio() >= ALIKE and abs(len(one) - len(two)) <= 1
        return whole if alike and whole in self._sentences else ""


def _pairs(sentence: str) -> Iterable[tuple[str, str]]:
    return pairwise(["<s>", *sentence.split(), "</s>"])


def _shop_decoders(sentences: Sequence[str]) -> tuple[Any, Any]:
    """One that puts the shop's words together as it hears them, and one that knows whole sentences only."""
    import pocketsphinx
    from pocketsphinx.lm import ArpaBoLM

    words = {word for sentence in sentences for word in sentence.split()}
    with tempfile.TemporaryDirectory() as name:
        text, model, grammar, dictionary = (Path(name, part) for part in ("text", "model", "jsgf", "dict"))
        lines = [*sentences, *(word for word in OFTEN for _ in range(6))]
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with text.open(encoding="utf-8") as counted:
            statistics = ArpaBoLM(sentfile=counted, add_start=True)
        statistics.compute()
        statistics.write_file(str(model))
        rule = " | ".join(sentences)
        grammar.write_text(f"#JSGF V1.0;\ngrammar shop;\npublic <said> = {rule} ;\n", encoding="utf-8")
        # With all of the English dictionary, loading takes seven seconds instead of none.
        english = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
        with english.open(encoding="utf-8") as entries, dictionary.open("w", encoding="utf-8") as kept:
            # "word PH ON EM" and "word(2) …"
            kept.writelines(entry for entry in entries if re.split(r"[( ]", entry)[0] in words)
        common = {"samprate": RATE, "dict": str(dictionary), "loglevel": "FATAL"}
        return (
            pocketsphinx.Decoder(lm=str(model), **common),
            pocketsphinx.Decoder(lm=None, jsgf=str(grammar), **common),
        )


def _decode(decoder: Any, samples: bytes) -> str:  # noqa: ANN401
    decoder.start_utt()
    decoder.process_raw(PADDING + samples + PADDING, full_utt=True)
    decoder.end_utt()
    guess = decoder.hyp()
    text: str = guess.hypstr if guess else ""
    return text


def _silent(samples: bytes) -> bool:
    values = array("h", samples)
    return sum(map(abs, values)) < SILENCE * max(1, len(values))


def main() -> None:
    """Serve until the end of input."""
    import pocketsphinx

    shop = ShopEar()
    source, answers = sys.stdin.buffer, sys.stdout
    answers.write('"ready"\n')
    answers.flush()
    english = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL")
    while header := source.read(4):
        samples = source.read(struct.unpack("<I", header)[0])
        text = "" if _silent(samples) else shop.listen(samples) or _decode(english, samples)
        answers.write(json.dumps(text) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
