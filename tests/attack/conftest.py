"""Attacks have a short form, for `make test`, and a long one, for `make attack`."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def long() -> bool:
    """Attack at full length?"""
    return os.environ.get("VAANI_ATTACK") == "long"
