"""Naming a task in a request: any unique prefix of its id."""

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.find_task import find_task
from octrad.tasks.task import Task


async def find_named_task(database: Database, name: str, *, field: str = "task") -> Task:
    """The task that `name` stands for in `field` of a request.

    Raises:
        InvalidRequestError: no name was given, or it stands for several tasks.
        NotFoundError: it stands for none.
    """
    if not name:
        raise InvalidRequestError(
            f"{field} is empty", field=field, hint="name a task by its id or a prefix; `octractl list`"
        )
    return await find_task(database, name)
