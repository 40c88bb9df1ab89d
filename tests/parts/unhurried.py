"""For tests whose many visitors share one address: none of them is told to slow down."""

from __future__ import annotations

from flask import Flask

from vaani_widget.mint_rate import MintRate


def unhurried(app: Flask) -> None:
    """Call it after the app's services have been replaced, if they are."""
    app.extensions["vaani_widget"].services.__dict__["mint_rate"] = MintRate(1_000_000)
