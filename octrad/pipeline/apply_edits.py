"""Writes files on a branch through the runner, as a step of the journal, and says what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from octrad.pipeline.servants import record_change, runner_step
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.runner.edits import Edit
from octrad.runner.operations import MAIN_BRANCH, AppliedEdits, TreePlace
from octrad.tasks.events import EditsRefused
from octrad.tasks.journal_step import Step

SUBJECT_LENGTH = 72


@dataclass(frozen=True, slots=True)
class Target:
    """Where changes go: a branch at a commit, and the globs that they must stay within (none: anywhere)."""

    commit: str
    branch: str = MAIN_BRANCH
    owns: tuple[str, ...] = ()


async def apply_edits(
    run: TaskRun, name: str, edits: Sequence[Edit], target: Target, *, subject: str, speaker: Speaker
) -> AppliedEdits:
    """Writes edits and commits them. All or none: one refusal refuses all."""

    async def call(step: Step) -> AppliedEdits:
        place = TreePlace(run.task.id, target.branch, target.commit)
        applied = await run.tools.runner.apply_edits(step.request_id, place, edits, subject=subject, owns=target.owns)
        if applied.refusals:
            step.record(EditsRefused(applied.refusals))
        else:
            record_change(step, applied.commit, applied.paths)
        return applied

    return await runner_step(run, name, call, AppliedEdits, speaker=speaker, title=subject)


def subject_of(summary: str) -> str:
    """The first line of a model's summary as the subject of a commit: printable, short, never empty."""
    line = "".join(c if c.isprintable() else " " for c in summary.strip().split("\n", 1)[0]).strip()
    short = line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1].rstrip() + "…"
    return short or "Change files"
