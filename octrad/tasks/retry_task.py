"""Runs a failed or cancelled task again: from the step that failed, or from the start."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.enqueue import enqueue
from octrad.tasks.find_task import lock_task
from octrad.tasks.machine import RETRYABLE, TaskState, WrongStateError
from octrad.tasks.prune_lock import hold_off_pruning
from octrad.tasks.quota import UNLIMITED, Quota
from octrad.tasks.request_ids import find_answered, remember_answered, request_key
from octrad.tasks.snapshots import require_kept
from octrad.tasks.task import Role, Task
from octrad.tasks.transition import Cause, move_task
from octrad.tasks.usage import hold_to_quota

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class _Wish:
    """How the new run is to differ from the last."""

    fresh: bool
    allow_secrets: bool
    model: str

    def arguments(self) -> dict[str, bool | str]:
        """What a request id stands for. A wish that octrad did not know once is left out where it is not made."""
        arguments: dict[str, bool | str] = {"fresh": self.fresh, "allow_secrets": self.allow_secrets}
        return arguments | ({"model": self.model} if self.model else {})

    def reason(self) -> str:
        """In words, for the history."""
        reason = "retried from the start" if self.fresh else "retried"
        if self.model:
            reason += f", asking {self.model}"
        if self.allow_secrets:
            reason += ", with secrets allowed in its snapshots"
        return reason


async def retry_task(  # noqa: PLR0913 - the fields of the call
    database: Database,
    task_id: TaskId,
    *,
    fresh: bool = False,
    allow_secrets: bool = False,
    from_snapshot: bool = False,
    model: str = "",
    request_id: str = "",
    uid: int = 0,
    quota: Quota = UNLIMITED,
) -> Task:
    """Queues a new run of the task.

    Args:
        database: the truth.
        task_id: which.
        fresh: forget every recorded step. Attempt numbers go on all the same, so that no servant takes the new
            question for the old one. That secrets were allowed is forgotten too: it was said of other files.
        allow_secrets: a person allows that the snapshots hold what looks like a secret.
        from_snapshot: the run begins with the task's snapshot, unless it is a fresh one.
        model: the chain of models to ask from now on; empty leaves it as it is. A step that failed is asked of it anew.
        request_id: makes the call idempotent, unless empty.
        uid: the user who asks.
        quota: what they may use.

    Raises:
        TaskNotFoundError: there is no such task.
        SnapshotPrunedError: it would begin with a snapshot that is no longer there.
        WrongStateError: it neither failed nor was cancelled.
        RequestIdReusedError: the request id was used for another retry.
        QuotaExceededError: the user has used up what they may use.
        UnavailableError: the database does not answer.
    """
    wish = _Wish(fresh, allow_secrets, model)
    key = request_key("RetryTask", request_id, uid, {"task_id": task_id, **wish.arguments()})
    async with database.connection() as connection, connection.transaction():
        if await find_answered(connection, key) is None:
            task = await lock_task(connection, task_id)
            _check_retryable(task)
            await hold_off_pruning(connection)
            if from_snapshot and not fresh:
                await require_kept(connection, task.snapshot_id, hint=f"octractl retry {task.id} --fresh")
            await hold_to_quota(connection, uid, quota)
            await _begin_run(connection, task, uid, wish)
            await remember_answered(connection, key, task_id)
        return await lock_task(connection, task_id)


def _check_retryable(task: Task) -> None:
    if task.state in RETRYABLE:
        return
    hint = {
        TaskState.DONE: "submit a new task of the same project",
        TaskState.PAUSED: task.next_command,
    }.get(task.state, f"octractl why {task.id}")
    raise WrongStateError(
        f"task {task.id} is {task.state}; only one that failed or was cancelled can be retried", hint=hint
    )


async def _begin_run(connection: AsyncConnection, task: Task, uid: int, wish: _Wish) -> None:
    await connection.execute(_QUERIES["begin_run"], {"task_id": task.id, **asdict(wish)})
    if wish.fresh:
        await connection.execute(_QUERIES["forget_steps"], {"task_id": task.id})
    await move_task(connection, task, TaskState.QUEUED, Cause(Role.USER, wish.reason(), uid))
    await enqueue(connection, await lock_task(connection, task.id))
