"""The npm package of types: packed as npm packs it, installed, and compiled against."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.hosts.conftest import HERE, component, snippets

ROOT = HERE.parents[1]
FRONT = ROOT / "widget_static"
BIN = ROOT / ".venv" / "bin"
MADE = runpy.run_path(str(ROOT / "docs" / "types.py"))
OPTIONS = {
    "target": "ES2022",
    "module": "ESNext",
    "moduleResolution": "bundler",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "types": [],
    "jsx": "react-jsx",
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "skipLibCheck": False,
    "noEmit": True,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application with the package installed, and the frameworks."""
    folder = tmp_path_factory.mktemp("typed")
    modules = folder / "node_modules"
    modules.mkdir()
    for path in (HERE / "node_modules").iterdir():
        if not path.name.startswith("."):
            (modules / path.name).symlink_to(path)
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    packed = subprocess.run(
        ["npm", "pack", "--json", "--pack-destination", str(folder)],
        cwd=FRONT / "types", env=environ, check=True, capture_output=True,
    )  # fmt: skip
    (about,) = json.loads(packed.stdout)
    assert {file["path"] for file in about["files"]} == {
        "LICENSE", "package.json", "index.d.ts", "react.d.ts", "svelte.d.ts", "vue.d.ts"
    }  # fmt: skip
    with tarfile.open(folder / about["filename"]) as archive:
        archive.extractall(folder, filter="data")
    (folder / "package").rename(modules / "vaani-widget-types")
    return folder


def compiled(project: Path, *files: tuple[str, str]) -> dict[str, set[int]]:
    """Compiles these, by name and text; the lines with an error, by name."""
    for name, text in files:
        (project / name).write_text(text, "utf-8")
    config = {"compilerOptions": OPTIONS, "files": [name for name, _ in files]}
    (project / "tsconfig.json").write_text(json.dumps(config))
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    tsc = FRONT / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "--pretty", "false"], cwd=project, env=environ, capture_output=True, text=True
    )
    errors: dict[str, set[int]] = {}
    for line in done.stdout.splitlines():
        if found := re.match(r"(.+?)\((\d+),\d+\): error", line):
            errors.setdefault(found[1], set()).add(int(found[2]))
        elif line.startswith("error"):
            raise AssertionError(done.stdout)
    assert bool(errors) == (done.returncode != 0), done.stdout + done.stderr
    return errors


def sample(name: str) -> tuple[str, str]:
    return name, (HERE / "types" / name).read_text("utf-8")


def test_lists_are_those_of_the_source() -> None:
    text = MADE["WRITTEN"].read_text("utf-8")
    assert text == MADE["renewed"](text), "run make docs"


def test_what_is_right_compiles(project: Path) -> None:
    written = [(f"docs{number}.ts", code) for number, code in enumerate(snippets("ts"))]
    assert written
    files = [sample(name) for name in ("right.ts", "right.tsx", "vue.ts", "svelte.ts")]
    assert compiled(project, *files, *written, ("assistant.tsx", component("tsx"))) == {}


def test_every_mistake_is_one(project: Path) -> None:
    files = [sample("wrong.ts"), sample("wrong.tsx")]
    expected = {
        name: {
            number
            for number, line in enumerate(text.splitlines(), 1)
            if not re.match(r"//|import|const made", line)
        }
        for name, text in files
    }
    assert compiled(project, *files) == expected


def test_version_is_the_projects() -> None:
    config = (ROOT / "setup.cfg").read_text("utf-8")
    version = json.loads((FRONT / "types/package.json").read_text("utf-8"))["version"]
    assert f"\nversion = {version}\n" in config
    assert (FRONT / "types/LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")
