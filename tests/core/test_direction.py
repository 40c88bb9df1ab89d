"""Dependencies point one way; nothing below ``web`` knows of Flask; only the command line knows the demo."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import vaani_widget

PACKAGE = Path(vaani_widget.__file__).parent
ROOT = "vaani_widget"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "hidden", "loopback", "disk", "visitors", "logs", "migrations"),
    ("call_parameters",),
    ("call_settings",),
    ("tables", "colours", "origins", "signing", "site_limits", "site_look", "site_secrets"),
    ("sites", "grants"),
    ("setting_keys", "setting_sources"),
    ("settings", "tokens", "lanes"),
    ("ledger", "notices", "upstream", "mint_rate", "challenges"),
    ("signals", "shapes", "services", "own_grants", "call_checks", "call_records", "calls", "progress"),
    ("web", "embedding"),
    ("extension",),
    ("standalone", "server", "findings", "spending", "doctor", "testing", "demo"),
    ("cli", "__init__"),
)
"""Lowest first. A module may import from its own layer and from those below. A name stands for the module,
for the folder, and for modules that begin with it and ``_`` (``ledger_sqlite`` stands with ``ledger``)."""

WEB = next(rank for rank, names in enumerate(LAYERS) if "web" in names)


def rank(module: str) -> int:
    """The layer of a module, by its name below the package."""
    top = module.partition(".")[0]
    exact = {name: number for number, names in enumerate(LAYERS) for name in names}
    if top in exact:
        return exact[top]
    first = [number for name, number in exact.items() if top.startswith(f"{name}_")]
    assert first, f"{module} has no place in LAYERS: give it the lowest that its imports allow"
    return max(first)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


PATHS = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(source: str, module: str, *, package: bool) -> Iterator[tuple[str, bool]]:
    """What a module imports, as absolute names, and whether that happens inside a function."""
    tree = ast.parse(source)
    inside = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(node)
    }
    here = [ROOT] if module == "__init__" else [ROOT, *module.split(".")]
    folder = here if package else here[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in inside
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) + 1 - node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{start}.{alias.name}", node in inside


def ours(imported: str) -> str | None:
    """The module of this package that an import means: ``vaani_widget.web.state.State`` is ``web.state``."""
    head, _, rest = imported.partition(".")
    if head != ROOT:
        return None
    while rest and rest not in PATHS:
        rest = rest.rpartition(".")[0]
    return rest or "__init__"


def imports_of(module: str) -> list[tuple[str, bool]]:
    path = PATHS[module]
    return list(imports(path.read_text(encoding="utf-8"), module, package=path.name == "__init__.py"))


@pytest.mark.parametrize("module", PATHS)
def test_imports_point_down(module):
    above = [
        target
        for imported, _ in imports_of(module)
        if (target := ours(imported)) not in (None, module) and rank(target) > rank(module)
    ]
    assert above == [], f"{module} imports from a layer above its own"


@pytest.mark.parametrize("module", [module for module in PATHS if rank(module) < WEB])
def test_nothing_below_web_imports_flask(module):
    known = {"flask", "flask_cors", "werkzeug", "jinja2", "click"}
    assert [name for name, _ in imports_of(module) if name.partition(".")[0] in known] == []


@pytest.mark.parametrize("module", [module for module in PATHS if module.partition(".")[0] != "demo"])
def test_only_the_command_line_imports_the_demo_and_only_when_asked(module):
    for imported, lazily in imports_of(module):
        if (ours(imported) or "").partition(".")[0] == "demo":
            assert module == "cli"
            assert lazily, "the demo's extra is not installed everywhere"


def test_nothing_imports_itself_round_a_corner():
    graph = {
        module: {
            target
            for imported, lazily in imports_of(module)
            if not lazily and (target := ours(imported)) not in (None, module, "__init__")
        }
        for module in PATHS
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize(
    ("source", "module", "package", "target"),
    [
        ("from .errors import Refusal", "sites", False, "errors"),
        ("from . import errors", "sites", False, "errors"),
        ("from .. import calls", "web.api", False, "calls"),
        ("from ..web.state import State", "web.api", False, "web.state"),
        ("from .state import State", "web", True, "web.state"),
        ("from .web import anything", "__init__", True, "web"),
        ("import vaani_widget.ledger", "sites", False, "ledger"),
        ("from vaani_widget import __version__", "sites", False, "__init__"),
        ("from flask import Flask", "sites", False, None),
    ],
)
def test_imports_are_read_right(source, module, package, target):
    if target is not None and target not in PATHS:
        pytest.fail(f"{target} has gone; name another module here")
    ((imported, lazily),) = imports(source, module, package=package)
    assert ours(imported) == target
    assert not lazily


def test_lazy_imports_are_told_from_others():
    ((imported, lazily),) = imports("def f():\n    from .demo import run", "cli", package=False)
    assert (imported, lazily) == ("vaani_widget.demo.run", True)


def test_the_layers_stand_as_the_house_is_built():
    order = ("errors", "call_settings", "sites", "settings", "ledger", "calls", "web", "extension", "cli")
    ranks = [rank(name) for name in order]
    assert ranks == sorted(set(ranks))
    assert rank("settings") == rank("tokens")
    assert rank("ledger_sqlite") == rank("ledger")
    with pytest.raises(AssertionError, match="no place in LAYERS"):
        rank("something_new")
