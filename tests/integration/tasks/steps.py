"""What the tests of this directory do to a task, in the words of its life."""

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.tasks.machine import TaskState
from octrad.tasks.ownership import claim_task
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Lease, Task
from octrad.tasks.transition import Advice, change_state

MACHINE = "here"


async def submit(database: Database, request: str = "a command line todo list", project: str = "") -> Task:
    return await submit_task(database, Submission(request, project=project))


async def claim(database: Database, task_id: TaskId, machine: str = MACHINE) -> Lease:
    task = await claim_task(database, task_id, machine)
    assert task is not None
    return Lease(task.id, task.generation)


async def submit_and_claim(database: Database, project: str = "") -> Lease:
    return await claim(database, (await submit(database, project=project)).id)


async def finish(database: Database, lease: Lease) -> Task:
    await change_state(database, lease, TaskState.REVIEW)
    return await change_state(database, lease, TaskState.DONE)


async def plain_advice(task: Task, error: BaseException) -> Advice:
    return Advice(f"It was given up: {error}", f"octractl retry {task.id}")


async def cut_connections(database: Database) -> None:
    """Ends every connection to this database, as a restart of the server does."""
    name = conninfo_to_dict(database.dsn)["dbname"]
    elsewhere = make_conninfo(database.dsn, dbname="octra")
    async with await AsyncConnection.connect(elsewhere, autocommit=True) as connection:
        # Waits, in milliseconds, until they are gone.
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
