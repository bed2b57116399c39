"""Takes tasks from the queue and runs them, a few at once, on this machine.

Procrastinate keeps the jobs, hands each to one worker and beats the worker's heart; with `enqueue.py`, `ownership.py`
and `patient_connector.py` this is all that speaks to it. A job only says *run this task*; what became of the task is in
the task. So no end of a job, however bad, loses one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from procrastinate import App
from procrastinate.jobs import DeleteJobCondition
from procrastinate.manager import JobManager
from procrastinate.worker import Worker

from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.errors import OctraError, UnavailableError
from octrad.foundation.ids import TaskId
from octrad.foundation.logging import log_fields
from octrad.foundation.postgres.errors import DatabaseUnavailableError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.cancel_signal import CancelSignal, watch_for_cancel
from octrad.tasks.enqueue import JOB, QUEUE
from octrad.tasks.ownership import (
    STALLED_S,
    Hands,
    claim_task,
    count_failure,
    fetched_tasks,
    forget_workers,
    is_owned,
    note_worker,
    put_back_unclaimed,
    reclaim_tasks,
    release_task,
)
from octrad.tasks.patient_connector import PatientConnector
from octrad.tasks.task import Lease, Task
from octrad.tasks.transition import Advice
from octrad.tasks.wakeups import Wakeups

logger = logging.getLogger(__name__)
# Two beats may be missed until `STALLED_S`.
_HEARTBEAT_S: Final = 10.0
# The worker is notified of new jobs; it looks by itself so often.
_POLL_S: Final = 5.0
# Nobody asks the queue to abort a job (`cancel_signal.py` is how work is ended), so it need not look for such ones.
_NO_POLL_S: Final = 86_400.0
_SWEEP_S: Final = 10.0
_RESTART_PAUSE_S: Final = 1.0
# Beyond the bound of a drain: to write down what was drained.
_LAST_WRITES_S: Final = 5.0

RunTask = Callable[[Lease, CancelSignal], Awaitable[None]]
AdviseGivenUp = Callable[[Task, BaseException], Awaitable[Advice]]


class TaskQueue:
    """The worker of this machine.

    Args:
        database: where tasks and jobs are.
        wakeups: says when somebody cancels; somebody runs it.
        run: brings a task to a final state or to `paused`. An error out of it is tried again twice, an outage
            of the database as often as it comes; CancelledError means that octrad stops, and the task is resumed
            later. Its signal says that a person cancels.
        advise: words the note of a task that is given up, by the error that it was given up for.
        machine: names this machine; no two octrads that run have the same.
        tasks_at_once: how many run beside each other.
        drain_s: how long a stop waits for those that run to let go.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and how much
        self,
        database: Database,
        wakeups: Wakeups,
        run: RunTask,
        advise: AdviseGivenUp,
        *,
        machine: str,
        tasks_at_once: int,
        drain_s: float,
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._run = run
        self._advise = advise
        self._machine = machine
        self._tasks_at_once = tasks_at_once
        self._drain_s = drain_s
        self._stopping = asyncio.Event()
        self._in_hand: dict[TaskId, asyncio.Task[None] | None] = {}

    @property
    def running(self) -> frozenset[TaskId]:
        """The tasks that are in hand."""
        return frozenset(self._in_hand)

    def stop(self) -> None:
        """Takes no more tasks, and cancels the work on those in hand, which go back into the queue."""
        self._stopping.set()

    async def serve(self) -> None:
        """Takes back what a predecessor on this machine left behind, then works until stopped.

        Raises:
            DatabaseUnavailableError: the database does not answer at the start.
        """
        await forget_workers(self._database, self._machine)
        reclaimed = await reclaim_tasks(self._database, Hands(self._machine))
        if reclaimed:
            logger.info("took up tasks that were left behind: %d", reclaimed)
        app = self._app()
        async with app.open_async(self._database.pool), asyncio.TaskGroup() as group:
            sweeping = group.create_task(self._sweep_regularly())
            while not self._stopping.is_set():
                await self._work(app)
            await end_tasks(sweeping)

    def _app(self) -> App:
        app = App(connector=PatientConnector())
        app.job_manager = _NotingJobManager(app.connector, self._database, self._machine)
        app.task(name=JOB, queue=QUEUE)(self._run_job)
        return app

    async def _work(self, app: App) -> None:
        """One life of the worker; it ends when we stop, or when something that it needs broke."""
        worker = Worker(
            app,
            queues=[QUEUE],
            name=self._machine,
            concurrency=self._tasks_at_once,
            fetch_job_polling_interval=_POLL_S,
            abort_job_polling_interval=_NO_POLL_S,
            shutdown_graceful_timeout=self._drain_s,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            update_heartbeat_interval=_HEARTBEAT_S,
            stalled_worker_timeout=STALLED_S,
        )
        working = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call] # the library's
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await self._end_work(worker, working)

    async def _end_work(self, worker: Worker, working: asyncio.Task[None]) -> None:
        worker.stop()  # type: ignore[no-untyped-call] # the library's
        if self._stopping.is_set():
            for execution in self._in_hand.values():
                if execution is not None:
                    execution.cancel()
        await asyncio.wait({working}, timeout=self._drain_s + _LAST_WRITES_S)
        if not working.done():
            # The database is away, or some work does not let go: what is left is taken up again at the next start.
            logger.warning("stopped with %d tasks still in hand", len(self._in_hand))
            working.cancel()
        elif not working.cancelled() and (error := working.exception()) is not None:
            logger.error("the queue's worker broke and is started again", exc_info=error)
        if not self._stopping.is_set():
            await asyncio.sleep(_RESTART_PAUSE_S)

    async def _sweep_regularly(self) -> None:
        missing: frozenset[TaskId] = frozenset()
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                # Twice in a row fetched and not held: the answer to the fetch was lost.
                not_held = await fetched_tasks(self._database, self._machine) - self.running
                await reclaim_tasks(self._database, Hands(self._machine, self.running, missing & not_held))
                missing = not_held
            except DatabaseUnavailableError as error:
                logger.warning("could not look for tasks that were left behind: %s", error)

    async def _run_job(self, task_id: str) -> None:
        task = TaskId(task_id)
        self._in_hand[task] = None
        try:
            if self._stopping.is_set():
                await put_back_unclaimed(self._database, task)
            elif (claimed := await claim_task(self._database, task, self._machine)) is not None:
                with log_fields(task=claimed.id, project=claimed.project):
                    await self._run_claimed(claimed)
        finally:
            del self._in_hand[task]

    async def _run_claimed(self, task: Task) -> None:
        lease = Lease(task.id, task.generation)
        execution = asyncio.create_task(self._execute(lease, task), name=f"task {task.id}")
        self._in_hand[task.id] = execution
        if self._stopping.is_set():
            execution.cancel()
        try:
            # Not `await execution`: that would hand a cancelling on to it, and wait for as long as it likes.
            await asyncio.wait({execution})
        except asyncio.CancelledError:
            # From the worker, whose bound is over. It ends here, because the job has to end well once the task is back.
            execution.cancel()
        await self._settle(lease, task, execution)

    async def _settle(self, lease: Lease, task: Task, execution: asyncio.Task[None]) -> None:
        """Sees to it that the task is final, or paused, or somebody else's, or back in the queue."""
        if not execution.done() or execution.cancelled():
            await release_task(self._database, lease, "octrad stopped")
            return
        match execution.exception():
            case None:
                return
            case StaleLeaseError() as error:
                logger.warning("the task is another owner's by now: %s", error)
            case DatabaseUnavailableError() as error:
                # Says nothing of the task, however often it comes. The write waits until the database is back.
                logger.warning("the task was interrupted: %s", error)
                await release_task(self._database, lease, "the database was away")
            case UnavailableError() as error:
                # Foreseen, such as a servant that does not start: what is wrong is in its words, not in our stack.
                said = "; ".join(part for part in (error.message, error.hint) if part)
                logger.warning("the task was interrupted: %s", said)
                await count_failure(self._database, lease, said, await self._advise(task, error))
            case error:
                # The boundary of a task: whatever it was, the daemon and the other tasks go on.
                logger.error("running the task raised an error", exc_info=error)
                said = str(error) or type(error).__name__
                await count_failure(self._database, lease, said, await self._advise(task, error))

    async def _execute(self, lease: Lease, task: Task) -> None:
        signal = CancelSignal()
        if task.cancel_requested:
            signal.set(task.cancel_reason)
        watching = asyncio.create_task(watch_for_cancel(self._database, self._wakeups, lease.task_id, signal))
        try:
            await self._run(lease, signal)
        finally:
            await end_tasks(watching)
        if await is_owned(self._database, lease):
            raise OctraError("the work ended and left the task without an end")


class _NotingJobManager(JobManager):
    """Writes down which workers are this machine's."""

    def __init__(self, connector: object, database: Database, machine: str) -> None:
        super().__init__(connector)  # type: ignore[arg-type] # the connector of the app, handed back to it
        self._database = database
        self._machine = machine

    async def register_worker(self) -> int:
        worker_id = await super().register_worker()
        await note_worker(self._database, self._machine, worker_id)
        return worker_id
