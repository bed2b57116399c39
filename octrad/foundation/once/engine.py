"""Executes work at most once for an id, whoever asks, however often.

An id is written down before its work begins, or beside it where the work may be repeated, and its outcome before
anybody is told. Those who wait read at their own pace from what the execution holds, so that slow and dead ones cost
the work nothing; one that goes away ends only its own waiting. The engine knows nothing of what the work is, nor of
the protocol that carries its messages.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager

from octrad.foundation.activity import Activity
from octrad.foundation.errors import CancelledByCallerError, OctraError, UnavailableError
from octrad.foundation.logging import log_fields
from octrad.foundation.once.execution import Execution
from octrad.foundation.once.messages import (
    Accepted,
    Failed,
    Finished,
    Interrupted,
    Message,
    Outcome,
    Work,
    failure_of,
)
from octrad.foundation.once.spool import DigestMismatchError, Spool

logger = logging.getLogger(__name__)

# Finished executions whose progress is still held, until they are acknowledged.
HELD_FINISHED_EXECUTIONS = 32
# A result that cannot be written (a full disk) is tried again so long before it is told from memory.
FINISH_RETRY_DELAYS_S = (0.2, 1.0, 5.0)
# How long abandoned work may take to clean up after itself.
ABANDON_TIMEOUT_S = 5.0

_CANCELLED = failure_of(CancelledByCallerError("cancelled"))


class Engine:
    """The executions of one servant.

    Args:
        spool: where acceptances and outcomes are kept.
        activity: is told what is under way.
    """

    def __init__(self, spool: Spool, activity: Activity | None = None) -> None:
        self._spool = spool
        self._activity = activity or Activity()
        self._executions: dict[str, Execution] = {}
        self._is_stopping = False

    @property
    def running(self) -> int:
        """How many executions have not ended."""
        return sum(1 for _ in self._under_way())

    async def execute(
        self, request_id: str, digest: bytes, work: Work, *, after_progress: int = 0, again_if_interrupted: bool = False
    ) -> AsyncIterator[Message]:
        """Begins the work, or joins it, or tells what came of it.

        Args:
            request_id: what the work is; the same after a crash of the caller.
            digest: of the request, so that an id is never used for two.
            work: is called at most once for the id; CancelledError reaches it when it is cancelled.
            after_progress: progress with a greater number is told.
            again_if_interrupted: the work may be repeated: begin again when a former servant was killed while it worked
                on this id, and do not wait for the disk before it begins.

        Yields:
            Accepted, Progress …, then Finished or Failed; or Interrupted alone.

        Raises:
            InvalidRequestError: not an id.
            DigestMismatchError: the id was used for another request.
            ExhaustedError: no room to write the acceptance; the work has not begun, or was cancelled.
            UnavailableError: the servant is stopping.
        """
        execution = self._find(request_id, digest)
        while execution is None and self._spool.check(request_id, digest):
            outcome = await asyncio.to_thread(self._spool.outcome, request_id)
            if outcome is not None:
                yield Accepted()
                yield outcome
                return
            # Others may have been faster while we read: only what still stands now is interrupted.
            execution = self._find(request_id, digest)
            if execution is None and self._spool.check(request_id, digest):
                if not again_if_interrupted:
                    yield Interrupted()
                    return
                logger.warning("%s was interrupted and is made again", request_id)
                break
        execution = execution or self._begin(request_id, digest, work, may_repeat=again_if_interrupted)
        async for message in execution.messages(after_progress):
            yield message

    async def acknowledge(self, request_id: str) -> None:
        """Forgets what came of an id. Unknown ids are fine; what is worked on is left alone."""
        execution = self._executions.get(request_id)
        if execution is not None:
            if not execution.has_ended:
                return
            del self._executions[request_id]
        await asyncio.to_thread(self._spool.forget, request_id)

    async def acknowledge_all(self, prefix: str) -> None:
        """Forgets what came of every id that begins with the prefix; what is worked on is left alone."""
        known = await asyncio.to_thread(self._spool.ids, prefix)
        for request_id in known:
            await self.acknowledge(request_id)

    async def cancel(self, prefix: str) -> int:
        """Ends every execution whose id begins with the prefix; returns how many, when nothing of them is left."""
        chosen = [execution for execution in self._under_way() if execution.id.startswith(prefix)]
        for execution in chosen:
            execution.is_cancelled = True
            if execution.work is not None:
                execution.work.cancel()
        await _ended(chosen)
        return len(chosen)

    async def stop(self, timeout_s: float) -> None:
        """Takes nothing new; waits so long for what is under way, then abandons it, to be told `interrupted` later."""
        self._is_stopping = True
        remaining = list(self._under_way())
        try:
            async with asyncio.timeout(timeout_s):
                await _ended(remaining)
        except TimeoutError:
            for execution in self._under_way():
                logger.warning("%s is interrupted, because the servant stops", execution.id)
                execution.is_abandoned = True
                if execution.work is not None:
                    execution.work.cancel()
            await _ended(remaining, ABANDON_TIMEOUT_S)

    def _under_way(self) -> Iterator[Execution]:
        return (execution for execution in self._executions.values() if not execution.has_ended)

    def _find(self, request_id: str, digest: bytes) -> Execution | None:
        execution = self._executions.get(request_id)
        if execution is not None and execution.digest != digest:
            raise DigestMismatchError(request_id)
        return execution

    def _begin(self, request_id: str, digest: bytes, work: Work, *, may_repeat: bool) -> Execution:
        if self._is_stopping:
            raise UnavailableError("the servant is stopping")
        execution = Execution(request_id, digest)
        self._executions[request_id] = execution
        with _logged_as(request_id):
            execution.runner = asyncio.create_task(
                self._run(execution, work, may_repeat=may_repeat), name=f"execute {request_id}"
            )
        return execution

    async def _run(self, execution: Execution, work: Work, *, may_repeat: bool) -> None:
        """From acceptance to outcome. Nobody cancels this; only the work inside it is cancelled.

        Work that may be repeated begins beside its acceptance, which could only tell a successor to repeat it.
        """
        with self._activity:
            if may_repeat:
                execution.begin(work)
            try:
                await asyncio.to_thread(self._spool.accept, execution.id, execution.digest)
            # Whatever it is (a thread that cannot be started, say), nobody waits for ever, and no work goes on unknown.
            except Exception as error:  # noqa: BLE001 - see above
                await execution.drop_work()
                self._give_up(execution, _why_not_accepted(execution.id, error))
                return
            execution.is_accepted = True
            if not may_repeat:
                execution.begin(work)
            # After the work was begun, which is what is waited for.
            execution.notify()
            outcome = await self._outcome(execution)
            if outcome is None:
                self._spool.release(execution.id)
                self._give_up(execution, UnavailableError("the servant stopped before the work was done"))
                return
            await self._write_outcome(execution.id, outcome)
            execution.outcome = outcome
            execution.notify()
            self._let_go_of_oldest()

    async def _outcome(self, execution: Execution) -> Outcome | None:
        """What came of the work, where it was begun; None when it was abandoned."""
        if execution.work is not None:
            await asyncio.wait({execution.work})
        if execution.is_abandoned:
            return None
        if execution.is_cancelled or execution.work is None or execution.work.cancelled():
            return _CANCELLED
        match execution.work.exception():
            case None:
                return Finished(execution.work.result())
            case OctraError() as error:
                return failure_of(error)
            case error:
                # The boundary of a task: whatever a piece of work raises is its outcome, and the servant lives on.
                logger.error("%s failed in a way that nobody expected", execution.id, exc_info=error)
                return Failed("internal", f"{type(error).__name__}: {error}")

    async def _write_outcome(self, request_id: str, outcome: Outcome) -> None:
        for delay_s in (*FINISH_RETRY_DELAYS_S, None):
            try:
                await asyncio.to_thread(self._spool.finish, request_id, outcome)
            except OctraError as error:
                logger.error("the result of %s cannot be written: %s", request_id, error)  # noqa: TRY400 - no traceback needed
                if delay_s is None:
                    # Losing paid work is worse than telling it from memory: only if both sides die now is it redone.
                    self._spool.release(request_id)
                    return
                await asyncio.sleep(delay_s)
            else:
                return

    def _give_up(self, execution: Execution, error: OctraError) -> None:
        execution.error = error
        del self._executions[execution.id]
        execution.notify()

    def _let_go_of_oldest(self) -> None:
        """Those beyond the bound are told from the spool from now on, without their progress."""
        ended = [execution for execution in self._executions.values() if execution.has_ended]
        for execution in ended[: max(0, len(ended) - HELD_FINISHED_EXECUTIONS)]:
            del self._executions[execution.id]


def _logged_as(request_id: str) -> AbstractContextManager[None]:
    """What an id names: TASK/STEP/#ATTEMPT."""
    task, _, rest = request_id.partition("/")
    return log_fields(task=task, step=rest.rpartition("/#")[0])


def _why_not_accepted(request_id: str, error: Exception) -> OctraError:
    if isinstance(error, OctraError):
        return error
    logger.error("%s cannot be accepted", request_id, exc_info=error)
    return UnavailableError(f"`{request_id}` cannot be accepted: {type(error).__name__}: {error}")


async def _ended(executions: list[Execution], timeout_s: float | None = None) -> None:
    runners = {execution.runner for execution in executions if execution.runner is not None}
    if runners:
        await asyncio.wait(runners, timeout=timeout_s)
