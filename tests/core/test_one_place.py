"""Settings are read in one place. Elsewhere environment and ``app.config`` are at most handed on whole."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import vaani_widget

PACKAGE = Path(vaani_widget.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
WRITES = {"update", "from_mapping", "setdefault"}
MACHINES = {"XDG_CACHE_HOME"}
"""Where a machine keeps things: no setting of anybody's program."""


def offences(source: str, *, demo: bool = False, settings: bool = False) -> list[str]:
    """Every place in a module that reads a setting by itself."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            if ENVIRONMENT & {alias.name for alias in node.names} and not settings:
                found.append(f"line {node.lineno}: imports the environment from os")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            if node.attr in ENVIRONMENT and not settings and not _environment_allowed(node, parents, demo):
                found.append(f"line {node.lineno}: reads os.{node.attr}")
        elif isinstance(node, ast.Attribute) and node.attr == "config" and not settings:
            found += [] if _config_allowed(node, parents) else [f"line {node.lineno}: reads .config"]
    return found


def _environment_allowed(node: ast.Attribute, parents: dict[ast.AST, ast.AST], demo: bool) -> bool:
    parent = parents[node]
    if isinstance(parent, ast.keyword) and parent.arg == "environ":
        return True  # load(environ=os.environ): handed on whole
    if not demo:
        return False
    if isinstance(parent, ast.Dict) and node in parent.values:
        return True  # {**os.environ, …}: the environment of another program
    if isinstance(parent, ast.Attribute) and parent.attr == "items":
        return True  # the same, with some left out
    return all(name.startswith("LIVEKIT_") or name in MACHINES for name in _names(node, parents))


def _config_allowed(node: ast.Attribute, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents[node]
    if isinstance(node.value, ast.Name) and node.value.id in {"logging", "self"}:
        return True  # a module of Python's own; an attribute of ours
    if isinstance(parent, ast.keyword) and parent.arg == "app_config":
        return True  # load(app_config=app.config): handed on whole
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
        return True  # written, not read
    if isinstance(parent, ast.Attribute) and parent.attr in WRITES:
        return True
    return all(name and not name.startswith("VAANI_") for name in _names(node, parents))


def _names(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> list[str]:
    """The names that are looked up in what ``node`` stands for; ``""`` for one that can't be told."""
    parent = parents[node]
    key: ast.AST | None = None
    if isinstance(parent, ast.Subscript):
        key = parent.slice
    elif isinstance(parent, ast.Call) and parent.func is node and parent.args:
        key = parent.args[0]
    elif isinstance(parent, ast.Attribute) and parent.attr == "get":
        call = parents[parent]
        key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if isinstance(key, ast.Name):
        return _looped_over(key, parents)
    return [key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""]


def _looped_over(key: ast.Name, parents: dict[ast.AST, ast.AST]) -> list[str]:
    """What a comprehension's variable stands for: the constants of a tuple of the module's own."""
    node: ast.AST = key
    while not isinstance(node, ast.GeneratorExp | ast.ListComp | ast.DictComp | ast.SetComp):
        if node not in parents:
            return [""]
        node = parents[node]
    source = next((loop.iter for loop in node.generators if _name(loop.target) == key.id), None)
    while node in parents:
        node = parents[node]
    assert isinstance(node, ast.Module)
    for line in node.body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        if source and isinstance(line, ast.Assign | ast.AnnAssign) and _name(targets[0]) == _name(source):
            value = ast.literal_eval(line.value) if line.value else None
            return [str(name) for name in value] if isinstance(value, tuple) else [""]
    return [""]


def _name(node: ast.AST | None) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_setting_is_read_anywhere_else(path):
    inside = path.relative_to(PACKAGE)
    found = offences(
        path.read_text(encoding="utf-8"),
        demo=inside.parts[0] == "demo",
        settings=inside.name == "settings.py" or inside.name.startswith("setting_"),
    )
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['VAANI_AGENT']",
        "import os\nos.environ.get('LIVEKIT_URL')",
        "import os\nos.getenv('HOME')",
        "import os\nx = os.environ",
        "from os import environ",
        "from os import getenv as g",
        "app.config['VAANI_AGENT']",
        "app.config.get('VAANI_AGENT')",
        "app.config.get(name)",
        "app.config[name]",
        "current_app.config['VAANI_WIDGET_SITES']",
        "self.app.config['VAANI_AGENT']",
        "for key in app.config: pass",
        "load(app.config)",
        "x = app.config",
        "'VAANI_AGENT' in app.config",
        "app.config.items()",
        "app.config.get_namespace('VAANI_')",
    ],
)
def test_a_second_place_would_be_seen(source):
    assert len(offences(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "load(app_config=app.config)",
        "import os\nload(environ=os.environ)",
        "app.config['VAANI_AGENT'] = 'a1'",
        "app.config.update(TESTING=True)",
        "app.config['PROPAGATE_EXCEPTIONS']",
        "app.config.get('SESSION_COOKIE_NAME')",
        "import logging.config\nlogging.config.dictConfig({})",
    ],
)
def test_what_is_fine_is_left_alone(source):
    assert offences(source) == []


def test_the_demo_has_its_three_variables_and_no_more():
    assert offences("import os\nos.environ.get('LIVEKIT_URL')", demo=True) == []
    assert offences("import os\nos.environ['LIVEKIT_API_KEY']", demo=True) == []
    assert offences("import os\nos.getenv('LIVEKIT_API_SECRET')", demo=True) == []
    assert offences("import os\nrun(env={**os.environ, 'A': 'b'})", demo=True) == []
    assert len(offences("import os\nos.environ['VAANI_API_KEY']", demo=True)) == 1
    assert len(offences("import os\nos.environ.get(name)", demo=True)) == 1
    loop = "import os\nNAMES = ({})\nx = [os.environ[name] for name in NAMES]"
    assert offences(loop.format("'LIVEKIT_URL', 'LIVEKIT_API_KEY'"), demo=True) == []
    assert len(offences(loop.format("'LIVEKIT_URL', 'VAANI_API_KEY'"), demo=True)) == 1
