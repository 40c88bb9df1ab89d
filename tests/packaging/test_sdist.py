"""The source distribution carries the built front end and the tests, and installs without Node."""

from __future__ import annotations

import tarfile
from pathlib import Path

from tests.parts.packages import environment, names, pip


def test_sdist_carries_bundle_sources_and_tests(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        "widget_static/dist/manifest.json",
        "widget_static/dist/widget.js.br",
        "widget_static/package-lock.json",
        "widget_static/build.mjs",
        "widget_static/src/attributes.ts",
        "widget_static/locales/en.json",
        "tests/packaging/test_sdist.py",
        "docs/errors.md",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "setup.py",
        ".ci/run",
    }
    assert wanted - inside == set()
    assert [name for name in inside if "node_modules" in name or "__pycache__" in name] == []


def test_sdist_installs_without_node_and_without_a_way_to_get_any(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    nothing = tmp_path / "bin"
    nothing.mkdir()
    offline = environment(
        PATH=str(nothing), npm_config_registry="http://127.0.0.1:9", npm_config_cache=str(nothing)
    )
    said = pip("wheel", "-v", "--no-deps", "-w", tmp_path, sdist, env=offline)
    assert "running build_front_end" in said
    assert "nodejs" not in said
    (made,) = tmp_path.glob("*.whl")
    assert names(made) == names(wheel)
