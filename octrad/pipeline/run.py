"""A task's life: nine steps from a request to a proved, snapshotted project, resumable after any of them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.errors import OctraError, UnavailableError
from octrad.foundation.ids import TaskId
from octrad.foundation.settings import Settings
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library_in_use import LibraryInUse
from octrad.pipeline import step_names
from octrad.pipeline.acceptance import Proving, prove
from octrad.pipeline.advisor.advise import advise
from octrad.pipeline.advisor.situation import given_up
from octrad.pipeline.audit.audit_task import audit_task
from octrad.pipeline.boss import grade_request, make_plan
from octrad.pipeline.ending import Ending, EndKind
from octrad.pipeline.environment import build_environment
from octrad.pipeline.finish import ending_of_error, recorded_ending, settle, wind_up
from octrad.pipeline.prepare import prepare
from octrad.pipeline.questions.stay_in_budget import BudgetUsedUpError
from octrad.pipeline.scaffold import scaffold
from octrad.pipeline.task_run import TaskRun
from octrad.pipeline.tools import Tools
from octrad.pipeline.work_rounds import do_work
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.cancel_signal import CancelSignal
from octrad.tasks.find_task import get_task
from octrad.tasks.journal import Journal
from octrad.tasks.pause_task import pause_task
from octrad.tasks.task import Lease, Task
from octrad.tasks.transition import Advice

logger = logging.getLogger(__name__)


class Pipeline:
    """Runs tasks. The queue calls `run_task` for every task that it hands to this machine.

    Args:
        tools: what every run works with.
        settings: where each run takes its limits from, when it begins.
        library: and what its agents are told.
    """

    def __init__(self, tools: Tools, settings: Settings, library: LibraryInUse) -> None:
        self._tools = tools
        self._settings = settings
        self._library = library

    async def run_task(self, lease: Lease, cancel: CancelSignal) -> None:
        """Brings a task to its end: done, failed or cancelled; or pauses it, where a budget has no room for a call.

        Takes up where an earlier owner was interrupted.

        Raises:
            asyncio.CancelledError: the daemon stops; the task stays as it is and is resumed later.
            StaleLeaseError: another owner has the task.
            UnavailableError: a servant or the database stays away; the queue hands the task out again.
        """
        run = await self._begin(lease)
        try:
            ending = await recorded_ending(run)
            if ending is None:
                ending = await self._reach_end(run, cancel)
            if ending is None:
                return
            # Read again: the rehearsal mark was set on the way.
            run.task = await get_task(self._tools.database, lease.task_id)
            await wind_up(run, ending)
        finally:
            await run.journal.close()

    async def advise_given_up(self, task: Task, error: BaseException) -> Advice:
        """The note of a task that the queue gives up, because `run_task` raised an error too often."""
        return await advise(given_up(task, error), self._tools.gateway, self._settings.current.advisor.playbooks_dir)

    async def _begin(self, lease: Lease) -> TaskRun:
        # A run keeps the limits and the library that it began with.
        config, library = self._settings.current, self._library.current
        tools = replace(self._tools, limits=config.limits, audit=config.audit, advisor=config.advisor, library=library)
        task = await get_task(tools.database, lease.task_id)
        places = asyncio.Semaphore(tools.limits.workers_at_once)
        journal = Journal(tools.database, lease)
        earlier_runs = step_names.count_ended(await journal.recorded_names(), task.run)
        return TaskRun(tools, task, lease, journal, places, self._settings, earlier_runs)

    async def _reach_end(self, run: TaskRun, cancel: CancelSignal) -> Ending | None:
        """How the run ends, settled; None when it is paused."""
        try:
            ending = await self._work_until_cancelled(run, cancel)
        except BudgetUsedUpError as error:
            if await pause_task(run.tools.database, run.lease, error.full):
                return None
            # A person has asked for its end meanwhile; we hear of it in a moment.
            await cancel.wait()
            ending = await self._cancelled(run, cancel)
        return await settle(run, ending)

    async def _work_until_cancelled(self, run: TaskRun, cancel: CancelSignal) -> Ending:
        if cancel.requested:
            return await self._cancelled(run, cancel)
        work = asyncio.create_task(_work(run))
        waiter = asyncio.create_task(cancel.wait())
        try:
            await asyncio.wait({work, waiter}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        finally:
            # Here and on the way out of a drain: nobody works for this run any more when it is left.
            await end_tasks(work, waiter)
        return await self._cancelled(run, cancel)

    async def _cancelled(self, run: TaskRun, cancel: CancelSignal) -> Ending:
        """Ends what the servants still do for the task."""
        await self._end_servants_work(run.task.id)
        return Ending(EndKind.CANCELLED, message=cancel.reason)

    async def _end_servants_work(self, task_id: TaskId) -> None:
        prefix = f"{task_id}/"
        await asyncio.gather(self._tools.runner.cancel(prefix), self._tools.gateway.cancel(prefix))


async def _work(run: TaskRun) -> Ending:
    """The boundary of a task: whatever happens in it becomes an ending that people can read."""
    try:
        async with _waking(run.tools.gateway):
            return Ending(EndKind.DONE, commit=await build(run))
    except (StaleLeaseError, UnavailableError):
        # Not the task's fault: a servant or the database is away. The queue hands the task out again, after a while.
        raise
    except BudgetUsedUpError:
        # No end either: it is paused.
        raise
    except OctraError as error:
        # Its message may quote a model; the code does not, and the note of the task says the rest.
        logger.info("the task cannot go on: %s", error.code)
        return ending_of_error(error)
    except Exception as error:  # a task's boundary: a mistake of ours ends one task, with a note, and no other
        logger.exception("a task ended with an error that nobody foresaw")
        return Ending(EndKind.FAILED, code="internal", message=f"{type(error).__name__}: {error}"[:500])


@asynccontextmanager
async def _waking(gateway: GatewayClient) -> AsyncIterator[None]:
    """Has the gateway start while the tree is prepared: it takes seconds to be able to ask a model."""
    waking = asyncio.create_task(_wake(gateway), name="wake the gateway")
    try:
        yield
    finally:
        await end_tasks(waking)


async def _wake(gateway: GatewayClient) -> None:
    # Whoever asks the first question starts it again and tells what is wrong.
    with suppress(UnavailableError):
        await gateway.wake()


async def build(run: TaskRun) -> str:
    """Steps one to eight; returns the commit that is proved and approved. The ninth is `finish.wind_up`."""
    tree = await prepare(run)
    grade = await grade_request(run, tree)
    await audit_task(run, tree, grade)
    plan = await make_plan(run, tree, grade)
    place = await build_environment(run, plan, tree.commit)
    if not tree.paths:
        begun = await scaffold(run, place.plan, place.environment_hash, place.head)
        place = replace(place, plan=begun.plan, head=begun.head)
    return await prove(run, Proving(await do_work(run, place), tree))
