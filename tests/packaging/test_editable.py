"""An editable install of a fresh clone serves the clone's own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.parts.packages import empty_venv, pip, run

ASK = """
import json
from importlib.resources import files
package = files("vaani_widget")
found = [files("vaani_widget.widget_static") / "dist" / "widget.js", package / "py.typed"]
found += [files("vaani_widget.templates") / "vaani_widget" / "call.html"]
print(json.dumps([str(path) for path in found if path.is_file()]))
"""


@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_editable_install_of_a_fresh_copy_has_bundle_and_templates(mode: str, copy, tmp_path: Path) -> None:
    tree = copy(f"editable-{mode}")
    python = empty_venv(tmp_path / "venv")
    pip("install", "--no-deps", "--config-settings", f"editable_mode={mode}", "-e", tree, python=python)
    found = json.loads(run(python, "-c", ASK).stdout)
    assert len(found) == 3
    assert all(path.startswith(str(tree)) for path in found)
    assert (tree / "widget_static" / "dist" / "manifest.json").is_file()
