"""Values that do their work and say nothing of themselves in a log, a repr or a traceback's locals."""

from __future__ import annotations


class Secret(str):
    """Text whose repr is ``"…"``. ``str()`` and formatting still give it: a header has to be written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return '"…"'


class SecretBytes(bytes):
    """Bytes whose repr is ``"…"``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return '"…"'
