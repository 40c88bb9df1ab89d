"""A tree that is installed again, brought up to date meanwhile, ships today's front end and nothing older."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

from tests.parts.packages import names, pip

STATIC = "vaani_widget/widget_static/dist"


def test_second_install_builds_what_has_changed(wheel: Path, built_tree: Path, tmp_path: Path) -> None:
    left = shutil.ignore_patterns("node_modules")
    tree = Path(shutil.copytree(built_tree, tmp_path / "vaani-widget", ignore=left))
    assert list(tree.glob(f"build/lib/{STATIC}/manifest.json"))
    texts = tree / "widget_static" / "locales" / "en.json"
    changed = json.loads(texts.read_text("utf-8"))
    changed["mute"] = "Not a word from me"
    texts.write_text(json.dumps(changed), "utf-8")
    pip("wheel", "--no-deps", "-w", tmp_path, tree)
    (made,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        english = json.loads(archive.read(f"{STATIC}/manifest.json"))["en"]
        assert b"Not a word from me" in archive.read(f"{STATIC}/assets/{english}")
    # every file under its new name, and none left over under its old one
    assert names(made) != names(wheel)
    assert len(names(made)) == len(names(wheel))


def test_bundle_without_sources_is_taken_as_it_is(wheel: Path, built_tree: Path, tmp_path: Path) -> None:
    left = shutil.ignore_patterns(
        "node_modules", "build", "*.egg-info", "package*.json", "*.mjs", "src", "locales"
    )
    tree = Path(shutil.copytree(built_tree, tmp_path / "vaani-widget", ignore=left))
    pip("wheel", "--no-deps", "-w", tmp_path, tree)
    (made,) = tmp_path.glob("*.whl")
    assert names(made) == names(wheel)
