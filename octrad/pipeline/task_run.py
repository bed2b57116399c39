"""One run of one task: what every part of the pipeline needs while it works on it."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.errors import OctraError
from octrad.foundation.settings import Settings
from octrad.pipeline.tools import Tools
from octrad.tasks.journal import Journal
from octrad.tasks.task import Lease, Role, Task

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who acts in a step. `team` names the manager whose team they are of, if any."""

    role: Role
    agent: str = ""
    team: str = ""


BOSS = Speaker(Role.BOSS)
DAEMON = Speaker(Role.DAEMON)


@dataclass(slots=True)
class TaskRun:
    """One run. Nothing in it has to outlive the process: the journal has the results, the rest follows from them."""

    tools: Tools
    task: Task
    lease: Lease
    journal: Journal
    places: asyncio.Semaphore
    # For what counts from a reload on also within a run; its limits are those of `tools`.
    settings: Settings
    # The runs before this one whose steps still count: none of them after a fresh start.
    earlier_runs: int = 0
    # What the runner said of a commit's tree: by it a proof is found again.
    tree_hashes: dict[str, str] = field(default_factory=dict)

    def times_run(self, limit: int) -> int:
        """How often something may be tried in all: a retried task gets its limit again, after what it used up."""
        return limit * (1 + self.earlier_runs)

    async def in_parallel(self, jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
        """Does jobs side by side, as many at once as workers may, and returns their results in the given order.

        The first that fails ends the others, and its error goes up as it is.
        """
        tasks = [asyncio.create_task(self._in_its_place(job)) for job in jobs]
        if not tasks:
            return []
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            # No TaskGroup: it cancels once, and a job that loses its cancelling would work on for a run that is let go.
            await end_tasks(*tasks)
        errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
        if errors:
            raise next((error for error in errors if isinstance(error, OctraError)), errors[0])
        return [task.result() for task in tasks]

    async def _in_its_place(self, job: Coroutine[Any, Any, T]) -> T:
        try:
            await self.places.acquire()
        except BaseException:
            job.close()
            raise
        try:
            return await job
        finally:
            self.places.release()
