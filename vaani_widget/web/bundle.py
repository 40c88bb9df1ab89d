"""The scripts that browsers load, as the front-end build left them: read at first use, kept in memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from threading import Lock
from typing import Any

REMEDY = (
    "the front-end bundle is missing or broken: install vaani-widget again, or in a clone run "
    "`npm ci && npm run build` in widget_static/"
)
_SUFFIXES = {"br": ".br", "gzip": ".gz", "identity": ""}
_HOLE = b")(null);"
_HEAD = "widget.js.head.br"
_CHUNK = re.compile(r"([a-z]+)-[0-9A-Za-z_-]{1,64}\.js")


class BundleMissing(Exception):
    """The installed package has no scripts to serve."""

    def __init__(self) -> None:
        super().__init__(REMEDY)


def dist() -> Traversable:
    """Where the build put its files, in every kind of install."""
    return files("vaani_widget.widget_static") / "dist"


@dataclass(frozen=True)
class Script:
    """One script in the forms that it is sent in.

    :param encodings: by the word of ``Content-Encoding``, best first; always has ``identity``.
    :param etag: of the unpacked text.
    """

    encodings: dict[str, bytes]
    etag: str


class Bundle:
    """A build: the loader, and the chunks by name without hash (``panel``, ``livekit``, ``en`` …).

    :param chunks: the file of each.
    """

    def __init__(self, root: Traversable, chunks: Mapping[str, str]) -> None:
        self._root = root
        self.chunks = chunks
        self._read: dict[str, Script] = {}
        self._filled: dict[str, Script] = {}

    @property
    def loader(self) -> Script:
        """The script of ``/widget.js``."""
        return self._file("widget.js")

    def loader_for(self, site: Mapping[str, Any]) -> Script:
        """The loader with the site's public information in itself, packed once in a process.

        :raises BundleMissing: where the loader has no place for it.
        """
        text = json.dumps(site, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        if text not in self._filled:
            before, hole, after = self.loader.encodings["identity"].rpartition(_HOLE)
            if not hole:
                raise BundleMissing
            tail = b")(" + _for_javascript(text).encode() + b");" + after
            encodings = {"gzip": gzip.compress(before + tail, 9, mtime=0), "identity": before + tail}
            head = self._root / _HEAD
            if head.is_file():
                encodings = {"br": brotli_with_tail(head.read_bytes(), tail), **encodings}
            self._filled[text] = Script(encodings, _etag(before + tail))
        return self._filled[text]

    def chunk(self, filename: str) -> tuple[Script, bool] | None:
        """The chunk and whether the name is today's; another hash of a known name gives today's chunk."""
        match = _CHUNK.fullmatch(filename)
        today = self.chunks.get(match.group(1)) if match else None
        return (self._file(f"assets/{today}"), today == filename) if today else None

    def _file(self, name: str) -> Script:
        if name not in self._read:
            folder, _, base = name.rpartition("/")
            place = self._root / folder if folder else self._root
            forms = {word: place / f"{base}{suffix}" for word, suffix in _SUFFIXES.items()}
            try:
                encodings = {word: form.read_bytes() for word, form in forms.items() if form.is_file()}
                self._read[name] = Script(encodings, _etag(encodings["identity"]))
            except (OSError, KeyError):
                raise BundleMissing from None
        return self._read[name]


def brotli_with_tail(head: bytes, tail: bytes) -> bytes:
    """A whole stream of brotli: a flushed one, and behind it bytes as they are.

    So nothing has to be packed here, and the core needs no library for it. RFC 7932, 9.2: a meta-block
    that is not the last (1 bit), of so many bytes (2 bits say that 16 follow), uncompressed (1 bit); then
    the last and empty one.

    :param tail: not empty.
    """
    blocks = [tail[start : start + 0x10000] for start in range(0, len(tail), 0x10000)]
    written = [((len(block) - 1) << 3 | 1 << 19).to_bytes(3, "little") + block for block in blocks]
    return head + b"".join(written) + b"\x03"


_bundles: dict[object, Bundle] = {}
_lock = Lock()


def bundle() -> Bundle:
    """Today's build. A newer one is taken up without a restart, which a developer will expect.

    :raises BundleMissing: where there is none.
    """
    root = dist()
    manifest = root / "manifest.json"
    try:
        stamp = manifest.stat() if isinstance(manifest, Path) else None
        key = (str(root), stamp and (stamp.st_mtime_ns, stamp.st_size))
        with _lock:
            if key not in _bundles:
                named = json.loads(manifest.read_text("utf-8"))
                chunks = {name: file for name, file in named.items() if isinstance(file, str)}
                _bundles.clear()
                _bundles[key] = Bundle(root, chunks)
            return _bundles[key]
    except (OSError, ValueError, AttributeError):
        raise BundleMissing from None


def _for_javascript(text: str) -> str:
    """JSON that stays an expression wherever the script is put, inside HTML too."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _etag(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]
