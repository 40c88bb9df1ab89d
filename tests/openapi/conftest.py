"""An application to hold the description against."""

from __future__ import annotations

from tests.attack.conftest import ceiling, long, no_key_in_the_log
from tests.server.conftest import build, kit, make_kit

__all__ = ["build", "ceiling", "kit", "long", "make_kit", "no_key_in_the_log"]
