"""Rows of the table `tasks` as `Task`. The columns that only queries use are left out."""

from dataclasses import fields
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import RowMaker

from octrad.tasks.machine import TaskState
from octrad.tasks.task import Task, TaskPriority

_FIELDS: Final = tuple(field.name for field in fields(Task))


def task_row(cursor: AsyncCursor[Any]) -> RowMaker[Task]:
    """A row factory for queries that give whole rows of `tasks`."""
    names = [column.name for column in cursor.description or ()]
    places = [names.index(name) for name in _FIELDS] if names else []

    def make(values: Any) -> Task:
        row = {name: values[place] for name, place in zip(_FIELDS, places, strict=True)}
        row["state"] = TaskState(row["state"])
        row["priority"] = TaskPriority(row["priority"])
        row["checks"] = tuple(row["checks"])
        row["skill_areas"] = tuple(row["skill_areas"])
        return Task(**row)

    return make
