"""Building and installing packages as a user would: by pip, in environments of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path


def run(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs it away from the tree, so that nothing is imported from there by accident."""
    options = {"cwd": "/", "env": environment(), **options}
    return subprocess.run(
        [str(part) for part in command], capture_output=True, encoding="utf-8", timeout=280, **options
    )


def environment(**changes: str) -> dict[str, str]:
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("VAANI_", "PYTHONPATH"))
    }
    return {**ours, **changes}


def pip(*arguments: object, python: object = sys.executable, **options: object) -> str:
    """What pip said; it has to end well."""
    done = try_pip(*arguments, python=python, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def try_pip(
    *arguments: object, python: object = sys.executable, **options: object
) -> subprocess.CompletedProcess[str]:
    """Our own pip, for that Python's environment; giving each one a pip takes longer than most tests."""
    other = [] if python == sys.executable else ["--python", python]
    return run(sys.executable, "-m", "pip", *other, *arguments, **options)


def empty_venv(folder: Path) -> Path:
    """The Python of a new environment with nothing in it."""
    venv.create(folder)
    return folder / "bin" / "python"


def names(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
