"""An editable install of a fresh clone serves the clone's own files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.parts.packages import empty_venv, pip, run

ASK = """
import json
from importlib.resources import files
package = files("vaani_widget")
found = [files("vaani_widget.widget_static") / "dist" / "widget.js", package / "py.typed"]
found += [files("vaani_widget.templates") / "vaani_widget" / "call.html"]
print(json.dumps([str(path) for path in found if path.is_file()]))
"""


def expect_its_own_files(tree: Path, folder: Path, mode: str) -> None:
    """An install that serves what lies in the tree."""
    python = empty_venv(folder / "venv")
    pip("install", "--no-deps", "--config-settings", f"editable_mode={mode}", "-e", tree, python=python)
    found = json.loads(run(python, "-c", ASK).stdout)
    assert len(found) == 3
    assert all(path.startswith(str(tree)) for path in found)
    assert (tree / "widget_static" / "dist" / "manifest.json").is_file()


def test_editable_install_of_a_fresh_copy_builds_and_serves_it(copy, tmp_path: Path) -> None:
    expect_its_own_files(copy("editable"), tmp_path, "lenient")


def test_strict_one_serves_what_is_built_already(wheel: Path, built_tree: Path, tmp_path: Path) -> None:
    left = shutil.ignore_patterns("node_modules", "build", "*.egg-info")
    tree = Path(shutil.copytree(built_tree, tmp_path / "vaani-widget", ignore=left))
    expect_its_own_files(tree, tmp_path, "strict")
