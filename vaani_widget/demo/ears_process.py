"""Recognises English speech in a process of its own: PocketSphinx holds Python's lock for up to a second.

Standard input: four bytes of length (little-endian), then that many bytes of 16-bit mono samples at 16 kHz.
Standard output: for each, one line of JSON text. Ends at the end of its input, so with whoever started it.
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Final

RATE: Final = 16_000
PADDING: Final = b"\0" * 6400
"""0.2 s: the decoder wants to hear a little silence on both sides."""


def main() -> None:
    import pocketsphinx

    decoder = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL")
    source, answers = sys.stdin.buffer, sys.stdout
    answers.write('"ready"\n')
    answers.flush()
    while header := source.read(4):
        samples = source.read(struct.unpack("<I", header)[0])
        decoder.start_utt()
        decoder.process_raw(PADDING + samples + PADDING, full_utt=True)
        decoder.end_utt()
        guess = decoder.hyp()
        answers.write(json.dumps(guess.hypstr if guess else "") + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
