"""For hosts that let Alembic write their migrations: the ledger's tables are none of theirs.

Alembic drops whatever it finds in a database and not among the host's models. It takes a function that
says which names are its business, and this is one. It needs neither SQLAlchemy nor Flask.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "vaani_widget_"
"""What the name of every table of the ledger begins with."""


def include_name(name: str | None, type_: str, _parent_names: Mapping[str, str | None]) -> bool:
    """Alembic's ``include_name``: whether to look at what has this name in the database.

    Everything but the ledger's tables, and what belongs to them.

    :param name: None is the database's default schema.
    :param type_: what has the name, such as ``table`` or ``column``.
    """
    return type_ != "table" or name is None or not name.startswith(PREFIX)
