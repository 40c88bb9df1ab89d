"""Statements that SQLAlchemy writes once for each kind of database, and that are then executed as they are.

A call's statements are always the same few. Building one anew and finding its compiled form takes SQLAlchemy
a hundred times as long as SQLite takes to execute it, and while it does, everybody waits for the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler


class _Cursor(Protocol):
    """What both drivers have."""

    rowcount: int

    def fetchone(self) -> tuple[Any, ...] | None: ...


class Statement:
    """One statement.

    :param make: makes it, given SQLAlchemy's module of the database's kind: ``insert`` differs.
    """

    def __init__(self, make: Callable[[ModuleType], ClauseElement]) -> None:
        self._make = make
        self._written: dict[str, _Written] = {}

    def row(self, connection: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """:param values: of all that is bound by name.
        :return: the first row of the result, if it has one. Columns are as the driver gives them.
        """
        return self._executed(connection, values).fetchone()

    def number(self, connection: Connection, values: Mapping[str, object]) -> float:
        """:return: the first column of the first row; 0 where there is none, or nothing in it."""
        row = self.row(connection, values)
        return row[0] or 0 if row else 0

    def run(self, connection: Connection, values: Mapping[str, object]) -> int:
        """:return: how many rows it wrote."""
        return self._executed(connection, values).rowcount

    def _executed(self, connection: Connection, values: Mapping[str, object]) -> _Cursor:
        """By the driver itself: SQLAlchemy's way there takes longer than SQLite takes for the statement."""
        written = self._written.get(connection.dialect.name)
        if written is None:
            written = self._written[connection.dialect.name] = self._write(connection.dialect)
        raw: Any = connection.connection.dbapi_connection
        dialect = connection.dialect
        try:
            cursor: _Cursor = raw.execute(written.text, written.parameters(values))
            return cursor
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, raw, None):
                connection.invalidate(error)  # or the pool hands it out again
            raise

    def _write(self, dialect: Dialect) -> _Written:
        module = postgresql if dialect.name == "postgresql" else sqlite
        return _Written(self._make(module), dialect)


class _Written:
    """A statement in the words of one kind of database."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self._order = compiled.positiontup
        self._processors = {
            name: processor
            for bind, name in compiled.bind_names.items()
            if (processor := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        constant = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
        self._constant = self._as_the_driver_wants(constant)

    def parameters(self, values: Mapping[str, object]) -> tuple[object, ...] | dict[str, object]:
        found = self._constant | self._as_the_driver_wants(values)
        return found if self._order is None else tuple([found[name] for name in self._order])

    def _as_the_driver_wants(self, values: Mapping[str, object]) -> dict[str, object]:
        found = dict(values)
        for name, processor in self._processors.items():
            if name in found:
                found[name] = processor(found[name])
        return found
