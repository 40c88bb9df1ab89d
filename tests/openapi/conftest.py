"""An application to hold the description against."""

from __future__ import annotations

from tests.server.conftest import build, kit, make_kit

__all__ = ["build", "kit", "make_kit"]
