"""A host's own migrations, as Alembic writes them, leave the ledger's tables alone, with the lines of the
documentation; without them they would drop every one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine

from vaani_widget.ledger import Ledger
from vaani_widget.ledger_schema import metadata
from vaani_widget.ledger_store import database_url
from vaani_widget.migrations import include_name

PAGE = Path(__file__).parents[2] / "docs" / "deploying.md"
IMPORT = "from vaani_widget.migrations import include_name"

# The models have a column that the table does not have yet.
TABLES = """
from sqlalchemy import Column, Integer, MetaData, Table

target_metadata = MetaData()
Table("orders", target_metadata, Column("id", Integer, primary_key=True), Column("note", Integer))
"""
MODELS = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
db = SQLAlchemy(app)


class Order(db.Model):
    __tablename__ = "orders"
    id = db.Column(db.Integer, primary_key=True)
    note = db.Column(db.Integer)

"""


def documented(word: str) -> str:
    """The code of the page that has this word and the filter's import in it."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (block,) = (block for block in blocks if word in block and IMPORT in block)
    return str(block)


def without(filter_of: str) -> str:
    assert ", include_name=include_name" in filter_of
    return filter_of.replace(", include_name=include_name", "")


@pytest.fixture
def shared(url: str) -> str:
    """A database with a table of the host's and all of the ledger's, as SQLAlchemy names it."""
    ledger = Ledger(url)
    ledger.check()
    ledger.dispose()
    where = database_url(url)
    engine = create_engine(where)
    host = MetaData()
    Table("orders", host, Column("id", Integer, primary_key=True))
    host.create_all(engine)
    engine.dispose()
    return where.render_as_string(hide_password=False)


def found(folder: Path, *command: str) -> str:
    """What Alembic would write into the next migration, in its own words. In a process of its own: its
    environment takes all of Python's logging for itself."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = done.stdout + done.stderr
    assert "operations detected" in said, said
    return said


def drops_all(said: str) -> bool:
    return all(re.search(rf"remove_table', Table\('{name}'", said) for name in metadata.tables)


def begin(folder: Path, *command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], cwd=folder, check=True, capture_output=True, timeout=60)


def alembic(folder: Path, url: str, lines: str) -> str:
    """:param lines: of env.py, in the place of those that Alembic writes."""
    place = folder / "migrations"
    if not place.exists():
        begin(folder, "alembic", "init", "migrations")
        ini = folder / "alembic.ini"
        text = re.sub(r"(?m)^sqlalchemy\.url = .*$", lambda _: f"sqlalchemy.url = {url}", ini.read_text())
        ini.write_text(text)
        (place / "env.as.written").write_text((place / "env.py").read_text())
    written = (place / "env.as.written").read_text()
    imported, configure = lines.strip().split("\n\n")
    theirs = re.compile(r"context\.configure\(\s*connection=connection, target_metadata=target_metadata\s*\)")
    env, replaced = theirs.subn(lambda _: configure, written)
    assert replaced == 1
    env = env.replace("target_metadata = None", TABLES)
    (place / "env.py").write_text(f"{imported}\n{env}")
    return found(folder, "alembic", "check")


def flask_migrate(folder: Path, url: str, lines: str) -> str:
    (folder / "app.py").write_text(MODELS.format(url=url) + lines)
    if not (folder / "migrations").exists():
        begin(folder, "flask", "db", "init")
    return found(folder, "flask", "db", "check")


def test_alembic_with_the_documented_lines_finds_only_the_hosts_changes(shared: str, tmp_path: Path) -> None:
    lines = documented("context.configure")
    said = alembic(tmp_path, shared, lines)
    assert "add_column" in said, "the host's own changes are still found"
    assert "vaani_widget_" not in said
    assert drops_all(alembic(tmp_path, shared, without(lines))), "this would show nothing"


def test_flask_migrate_with_the_documented_lines_finds_only_the_hosts_changes(
    shared: str, tmp_path: Path
) -> None:
    lines = documented("Migrate(")
    said = flask_migrate(tmp_path, shared, lines)
    assert "add_column" in said, "the host's own changes are still found"
    assert "vaani_widget_" not in said
    assert drops_all(flask_migrate(tmp_path, shared, without(lines))), "this would show nothing"


def test_every_table_of_the_ledger_is_left_out_and_nothing_of_the_hosts() -> None:
    assert metadata.tables
    assert not any(include_name(name, "table", {}) for name in metadata.tables)
    for name, kind in ((None, "schema"), ("vaani_widget_x", "schema"), ("calls", "table"), ("id", "column")):
        assert include_name(name, kind, {})
    assert include_name("vaani", "table", {"schema_name": None})


def test_a_hosts_migrations_load_nothing_else_of_ours() -> None:
    code = (
        "import sys, vaani_widget.migrations as _; print(sorted({'flask', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
