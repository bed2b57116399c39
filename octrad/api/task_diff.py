"""DiffTask: which two trees are compared. The comparing is the runner's."""

from collections.abc import AsyncIterator

from octrad.api.closing import closing
from octrad.api.parts import Parts
from octrad.foundation.errors import ConflictError
from octrad.pipeline.step_names import PREPARE, moves_main
from octrad.runner.operations import CreatedTree
from octrad.runner.reading import DiffSide
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import is_final
from octrad.tasks.recorded_result import recorded_result
from octrad.tasks.snapshots import find_snapshot
from octrad.tasks.task import Task


class NoResultError(ConflictError):
    """The task has made nothing yet that could be compared."""

    code = "no_result"

    def __init__(self, task: Task) -> None:
        super().__init__(
            f"task {task.id} has made nothing yet that could be compared", hint=f"octractl watch {task.id}"
        )


async def diff_task(parts: Parts, task: Task, other: Task | None) -> AsyncIterator[bytes]:
    """A unified diff: from what the task began from to what it made, or from what it made to what the other made.

    Raises:
        NoResultError: one of them has made nothing yet.
    """
    made = await _made(parts, task)
    if other is None:
        before, after = await _begun_from(parts, task, made), made
    else:
        before, after = made, await _made(parts, other)
    async with closing(parts.runner.diff(before, after)) as chunks:
        async for chunk in chunks:
            yield chunk


async def _made(parts: Parts, task: Task) -> DiffSide:
    """The newest tree of a task: its snapshot when it is over, its working tree before."""
    if is_final(task.state) and task.snapshot_id:
        snapshot = await find_snapshot(parts.database, task.snapshot_id)
        return DiffSide(commit=snapshot.commit, store_path=snapshot.store_path)
    steps = await list_steps(parts.database, task.id)
    commits = [step.commit for step in steps if step.commit and moves_main(step.name)]
    if not commits or is_final(task.state):
        raise NoResultError(task)
    return DiffSide(commit=commits[-1], task_id=task.id)


async def _begun_from(parts: Parts, task: Task, made: DiffSide) -> DiffSide:
    """The same tree, whose history holds where the task began; nothing at all for a project that began with it."""
    prepared = await recorded_result(parts.database, task.id, PREPARE, CreatedTree)
    if prepared is None or not prepared.base_commit:
        return DiffSide()
    return DiffSide(commit=prepared.base_commit, task_id=made.task_id, store_path=made.store_path)
