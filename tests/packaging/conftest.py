"""A fresh copy of the tree, and what is built of it; each is made once and shared."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.parts.packages import empty_venv, pip, run

ROOT = Path(__file__).resolve().parents[2]
# What a clone does not have.
BUILT = shutil.ignore_patterns(
    ".git", ".venv*", "node_modules", "dist", "build", "*.egg-info", "__pycache__", ".*_cache", "instance",
    "test-results",
)  # fmt: skip


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory):
    """Makes copies of the tree as a clone would have it: nothing built."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp(name) / "vaani-widget", ignore=BUILT))

    return make


@pytest.fixture(scope="session")
def built_tree(copy) -> Path:
    """The copy that the wheel was built in, so that its dist/ can be compared."""
    return copy("wheel")


@pytest.fixture(scope="session")
def wheel(built_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    pip("wheel", "--no-deps", "-w", out, built_tree)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def sdist(copy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdists")
    done = run(sys.executable, "-m", "build", "--sdist", "--outdir", out, copy("sdist"))
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.glob("*.tar.gz")
    return made


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, its extra [server], and what these ask for."""
    python = empty_venv(tmp_path_factory.mktemp("installed") / "venv")
    pip("install", f"vaani-widget[server] @ {wheel.as_uri()}", python=python)
    return python
