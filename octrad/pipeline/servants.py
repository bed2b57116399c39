"""Steps that ask the runner or the gateway for something: one call a step, recorded and then acknowledged.

A step makes at most one call, under its own request id, so that after a crash the same call is found again.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from octrad.foundation.errors import OctraError
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.runner.operations import Command, CommandResult, Progress, TreePlace
from octrad.tasks.events import CommandFinished, CommandOutput, CommandStarted, FilesChanged, Remarked
from octrad.tasks.journal_step import Step

logger = logging.getLogger(__name__)

T = TypeVar("T")

# What an earlier run left under this id: its cancelled call, or a call that an older octrad worded differently.
LEFT_BEHIND = frozenset({"cancelled", "digest_mismatch"})


async def call_servant(call: Callable[[], Awaitable[T]], acknowledge: Callable[[], Awaitable[None]]) -> T:
    """Makes a call; where an earlier run left something else under its id, that is forgotten and the call is made."""
    try:
        return await call()
    except OctraError as error:
        if error.code not in LEFT_BEHIND:
            raise
    await acknowledge()
    return await call()


async def runner_step(
    run: TaskRun, name: str, call: Callable[[Step], Awaitable[T]], result: type[T], *, speaker: Speaker, title: str
) -> T:
    """A step that asks the runner for one operation; `call` makes it under the step's request id."""

    async def work(step: Step) -> T:
        async def acknowledge() -> None:
            await run.tools.runner.acknowledge(step.request_id)

        step.on_recorded(acknowledge)
        return await call_servant(lambda: call(step), acknowledge)

    return await run.journal.step(name, work, result=result, role=speaker.role, agent=speaker.agent, title=title)


async def run_in_sandbox(run: TaskRun, step: Step, place: TreePlace, command: Command) -> CommandResult:
    """Runs a command for a step, with everything that people follow."""
    step.has_log = True
    await step.emit(CommandStarted(command.command, command.network))

    async def say(progress: Progress) -> None:
        await step.emit(_as_event(progress))

    result = await run.tools.runner.run_command(step.request_id, place, command, on_output=say)
    run.tree_hashes.setdefault(place.commit, result.tree_hash)
    step.record(CommandFinished(command.command, result.exit_code, result.duration_ms, result.limit))
    if not result.succeeded:
        # Not the command itself: a model chose it.
        logger.info("a command ended with %s after %d ms", ending_of(result), result.duration_ms)
    record_change(step, result.commit if command.commit_subject else "", result.paths)
    return result


def record_change(step: Step, commit: str, paths: tuple[str, ...]) -> None:
    """Notes the commit that a step made, and which files it changed."""
    step.commit = commit
    if paths:
        step.record(FilesChanged(paths, commit))


def ending_of(result: CommandResult) -> str:
    """How a command ended, in a few words."""
    return f"the limit of {result.limit}" if result.limit else f"exit code {result.exit_code}"


def output_of(head: str, tail: str) -> str:
    """What is kept of a command's output."""
    if not tail:
        return head
    return f"{head}\n[… the middle is left out …]\n{tail}"


def _as_event(progress: Progress) -> CommandOutput | Remarked:
    if progress.is_remark:
        return Remarked(progress.text)
    return CommandOutput(progress.text, progress.skipped_bytes)
