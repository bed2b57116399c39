"""Ends a run: what there is goes into the Nix store, the working directory goes, a note says what happened.

How the run ends is recorded first; from then on it ends that way, however often it is interrupted and resumed.
"""

import logging
from dataclasses import replace

from octrad.foundation.errors import OctraError, UnavailableError
from octrad.foundation.message_ids import MessageId
from octrad.gateway.calls import ModelsFailedError
from octrad.pipeline import step_names
from octrad.pipeline.acceptance import ChecksFailedError
from octrad.pipeline.advisor.advise import advise
from octrad.pipeline.advisor.observe import observe
from octrad.pipeline.advisor.word_note import word_note
from octrad.pipeline.ending import Ending, EndKind, Kept
from octrad.pipeline.servants import runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.runner.failures import SecretFoundError
from octrad.runner.operations import CreatedTree, Snapshot
from octrad.tasks.events import Remarked
from octrad.tasks.journal_step import Step
from octrad.tasks.list_steps import StepRecord, list_steps
from octrad.tasks.machine import TaskState
from octrad.tasks.snapshots import NewSnapshot, record_snapshot
from octrad.tasks.task import Role
from octrad.tasks.transition import change_state

logger = logging.getLogger(__name__)

_MESSAGE_CHARACTERS = 2000


def ending_of_error(error: OctraError) -> Ending:
    """How a run ends that an error stopped. Pure."""
    message = error.message[:_MESSAGE_CHARACTERS]
    ending = Ending(EndKind.FAILED, code=error.code, message=message, hint=error.hint)
    match error:
        case ModelsFailedError():
            reason = error.attempts[-1].reason if error.attempts else ""
            return replace(ending, failure_class=error.failure_class, reason=reason)
        case ChecksFailedError():
            return replace(ending, step=error.step, reason=error.limit)
        case _:
            return ending


async def recorded_ending(run: TaskRun) -> Ending | None:
    """How this run ends, when that is settled already."""
    return await run.journal.recorded(step_names.ended(run.task.run), Ending)


async def settle(run: TaskRun, ending: Ending) -> Ending:
    """Records how the run ends."""

    async def work(_: Step) -> Ending:
        if ending.commit:
            return ending
        steps = await list_steps(run.tools.database, run.task.id)
        return replace(ending, commit=newest_main_commit(steps))

    name = step_names.ended(run.task.run)
    return await run.journal.step(name, work, result=Ending, role=Role.DAEMON, title="Wrap up")


async def wind_up(run: TaskRun, ending: Ending) -> None:
    """Snapshots, removes the working directory, and brings the task into its final state."""
    failure: OctraError | None = None
    if ending.commit:
        try:
            await _take_snapshot(run, ending)
        except UnavailableError:
            # The runner is away, which says nothing of the snapshot: the queue lets us try again.
            raise
        except OctraError as error:
            failure = error
    if failure is None:
        await _remove_tree(run)
    if ending.kind is not EndKind.DONE or failure is not None:
        await _end_with_note(run, ending, failure)
        return
    await _forget(run)
    await change_state(run.tools.database, run.lease, TaskState.REVIEW)
    await change_state(run.tools.database, run.lease, TaskState.DONE)


def newest_main_commit(steps: tuple[StepRecord, ...]) -> str:
    """The commit of the last recorded step that moved main; empty when none did. Pure."""
    commits = [
        step.commit for step in steps if step.state == "finished" and step.commit and step_names.moves_main(step.name)
    ]
    return commits[-1] if commits else ""


async def _take_snapshot(run: TaskRun, ending: Ending) -> Snapshot:
    base_commit = await _base_commit(run)

    async def call(step: Step) -> Snapshot:
        snapshot = await _ask_for_snapshot(run, step, ending.commit, base_commit)
        step.commit = ending.commit
        new = NewSnapshot(
            store_path=snapshot.store_path,
            nar_hash=snapshot.nar_hash,
            size_bytes=snapshot.size_bytes,
            commit=ending.commit,
            partial=ending.kind is not EndKind.DONE,
            rehearsal=run.task.rehearsal,
        )
        await record_snapshot(run.tools.database, run.lease, new, step=step.name)
        logger.info("took a snapshot: %s", snapshot.store_path, extra={"message_id": MessageId.SNAPSHOT_TAKEN})
        return snapshot

    name = step_names.snapshotted(run.task.run)
    return await runner_step(run, name, call, Snapshot, speaker=DAEMON, title="Snapshot the result")


async def _base_commit(run: TaskRun) -> str:
    """What the task began from; empty for a new project."""
    prepared = await run.journal.recorded(step_names.PREPARE, CreatedTree)
    return prepared.base_commit if prepared else ""


async def _ask_for_snapshot(run: TaskRun, step: Step, commit: str, base_commit: str) -> Snapshot:
    allowed = run.task.allow_secrets
    try:
        snapshot = await run.tools.runner.take_snapshot(
            step.request_id, run.task.id, commit, base_commit=base_commit, allow_secrets=allowed
        )
    except SecretFoundError as error:
        # Not where: the path may be a model's.
        logger.warning("refused a snapshot with a secret", extra={"message_id": MessageId.SECRET_FOUND})
        await step.emit(Remarked(error.message, warning=True))
        raise
    if allowed:
        step.record(
            Remarked("secrets were not looked for: a person allowed them in this task's snapshots", warning=True)
        )
    return snapshot


async def _remove_tree(run: TaskRun) -> None:
    async def call(step: Step) -> bool:
        await run.tools.runner.remove_tree(step.request_id, run.task.id)
        return True

    name = step_names.removed(run.task.run)
    await runner_step(run, name, call, bool, speaker=DAEMON, title="Remove the working directory")


async def _forget(run: TaskRun) -> None:
    """Lets the servants forget what a kill or a cancelling left unacknowledged: every step is recorded by now."""
    prefix = f"{run.task.id}/"
    for servant in (run.tools.gateway, run.tools.runner):
        try:
            await servant.acknowledge_all(prefix)
        except OctraError as error:
            logger.warning("a servant forgets the task by itself, later: %s", error)


async def _end_with_note(run: TaskRun, ending: Ending, failure: OctraError | None) -> None:
    situation = await observe(run, ending, _kept(ending, failure), failure)
    advice = await advise(situation, run.tools.gateway, run.tools.advisor.playbooks_dir)
    if run.tools.advisor.model_wording and ending.kind is not EndKind.CANCELLED:
        advice = await word_note(run, situation, advice)
    await _forget(run)
    to = TaskState.CANCELLED if ending.kind is EndKind.CANCELLED else TaskState.FAILED
    # Not the note itself: it may quote a model.
    logger.info("ends as %s (%s); its note says why; next: %s", to, ending.code or ending.kind, advice.next_command)
    await change_state(run.tools.database, run.lease, to, reason=ending.message[:200], advice=advice)


def _kept(ending: Ending, failure: OctraError | None) -> Kept:
    if failure is None:
        return Kept.SNAPSHOT if ending.commit else Kept.NOTHING
    return Kept.REFUSED if isinstance(failure, SecretFoundError) else Kept.TREE
