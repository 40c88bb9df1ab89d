"""Where a test's ledger is."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaani_widget import ledger_deadline


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/instance/ledger.sqlite3"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough on a machine that is busy with other things, where time is not what is tested."""
    monkeypatch.setattr(ledger_deadline, "OPERATION_SECONDS", 30.0)
