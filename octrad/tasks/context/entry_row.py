"""Rows of the table `context_entries` as `ContextEntry`. The columns that only queries use are left out."""

from dataclasses import fields
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import RowMaker

from octrad.tasks.context.entry import ContextEntry, ContextScope, ContextType, GoneAs
from octrad.tasks.task import Role

_FIELDS: Final = tuple(field.name for field in fields(ContextEntry))


def entry_row(cursor: AsyncCursor[Any]) -> RowMaker[ContextEntry]:
    """A row factory for queries that give whole rows of `context_entries`."""
    names = [column.name for column in cursor.description or ()]
    places = [names.index(name) for name in _FIELDS] if names else []

    def make(values: Any) -> ContextEntry:
        row = {name: values[place] for name, place in zip(_FIELDS, places, strict=True)}
        row["scope"] = ContextScope(row["scope"])
        row["type"] = ContextType(row["type"])
        row["role"] = Role(row["role"])
        row["gone_as"] = GoneAs(row["gone_as"])
        return ContextEntry(**row)

    return make
