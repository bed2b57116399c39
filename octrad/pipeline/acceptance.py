"""Proves the result: every check passes on one final tree, and the Boss finds in it what was asked for.

What fails goes back with its real output, is repaired, and every check runs again. When the rounds are used up, the
task has failed; nothing is called done that was not proved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from octrad.foundation.errors import OctraError
from octrad.knowledge.match_errors import KnownError, match_errors
from octrad.pipeline import step_names
from octrad.pipeline.answers import WorkAnswer
from octrad.pipeline.apply_edits import Target
from octrad.pipeline.ask import Question, Reply
from octrad.pipeline.boss import Verdict, validate_result
from octrad.pipeline.change_files import Naming, change_files, refuse_nothing_changed
from octrad.pipeline.checks import CheckResult, describe_failure, run_checks
from octrad.pipeline.describe import describe_guides, describe_plan, guides_of
from octrad.pipeline.describe_guide import ERRORS_AT_MOST, describe_errors
from octrad.pipeline.plan import Plan
from octrad.pipeline.project_files import show_files, show_tree
from octrad.pipeline.prompts import fence
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.pipeline.work_rounds import NotApprovedError
from octrad.runner.operations import CreatedTree
from octrad.tasks.events import EventDetail, Remarked
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Role
from octrad.tasks.transition import change_state

# A verdict against the result is repaired once; the next one stands.
VALIDATION_FIXES = 1


class ChecksFailedError(OctraError):
    """Commands that must pass did not, however often the project was repaired."""

    code = "checks_failed"

    def __init__(self, failed: Sequence[CheckResult]) -> None:
        first = failed[0]
        super().__init__(f"`{first.command}` ended with {first.ending}" + _and_more(len(failed) - 1))
        self.step = first.step
        self.limit = first.limit


@dataclass(frozen=True, slots=True)
class Proving:
    """Main's head on its way to being proved, and how many rounds of each kind it took so far."""

    plan: Plan
    tree: CreatedTree
    environment_hash: str
    head: str
    checks: int = 0
    fixes: int = 0
    verdicts: int = 0


async def prove(run: TaskRun, proving: Proving) -> str:
    """Checks, repairs and validates; returns the commit that is proved and approved.

    Raises:
        ChecksFailedError: a check still fails after the last repair.
        NotApprovedError: the Boss still does not find in it what was asked for.
    """
    fixes_left = run.times_run(VALIDATION_FIXES)
    while True:
        proving = await _until_checks_pass(run, proving)
        verdict = await _validate(run, proving)
        proving = replace(proving, verdicts=verdict.round_number)
        if verdict.approved:
            return proving.head
        if not fixes_left:
            raise NotApprovedError(f"the result is not what was asked for: {'; '.join(verdict.reasons)[:1000]}")
        fixes_left -= 1
        proving = await _fix(run, proving, _describe_verdict(verdict), "")


async def _until_checks_pass(run: TaskRun, proving: Proving) -> Proving:
    fixes_left = run.times_run(run.tools.limits.fix_rounds)
    while True:
        proving = replace(proving, checks=proving.checks + 1)
        commands = proving.plan.checks
        results = await run_checks(run, commands, proving.environment_hash, proving.head, proving.checks)
        failed = [result for result in results if not result.passed]
        if not failed:
            return proving
        if not fixes_left:
            raise ChecksFailedError(failed)
        fixes_left -= 1
        problems = "\n\n".join(describe_failure(one) for one in failed)
        proving = await _fix(run, proving, problems, "\n".join(one.output for one in failed))


async def _validate(run: TaskRun, proving: Proving) -> Verdict:
    return await validate_result(
        run,
        proving.plan,
        proving.head,
        tree=proving.tree,
        evidence=proving.plan.checks,
        first_round=proving.verdicts + 1,
    )


async def _fix(run: TaskRun, proving: Proving, problems: str, output: str) -> Proving:
    """Asks for a repair of main. `problems` is what is wrong, worded and fenced.

    `output` chooses the files that are shown, and what guides know of it.
    """
    plan, head, first_round = proving.plan, proving.head, proving.fixes + 1
    guides = guides_of(plan, run.tools.library.stacks, run.tools.library.guides)
    known = match_errors(guides, output)
    if await run.journal.recorded(step_names.fixed(first_round), Reply) is None:
        await change_state(run.tools.database, run.lease, TaskState.RUNNING)

    async def values() -> dict[str, str]:
        return {
            "request": run.task.request,
            "plan": describe_plan(plan),
            "problems": problems,
            "known": describe_errors(known),
            "guides": describe_guides(guides),
            "tree": await show_tree(run, head),
            "files": await show_files(run, head, mentioned_in=output),
            "feedback": "nothing",
        }

    speaker = Speaker(Role.WORKER, "fixer")
    question = Question(
        "fix",
        "fix",
        WorkAnswer,
        speaker,
        "Repair the project",
        values,
        refuse_nothing_changed,
        lambda _: _remark_on(known),
        topic=problems,
    )
    changed = await change_files(run, question, Target(head), first_round, Naming(step_names.fixed, _name_of_change))
    return replace(proving, head=changed.commit, fixes=changed.round_number)


async def _name_of_change(round_number: int) -> str:
    return step_names.applied(step_names.fixed(round_number))


def _remark_on(known: Sequence[KnownError]) -> list[EventDetail]:
    if not known:
        return []
    told = "; ".join(f"{one.guide.name}: {one.error.says}" for one in known[:ERRORS_AT_MOST])
    return [Remarked(f"the repair was told what guides know of the output ({told})")]


def _describe_verdict(verdict: Verdict) -> str:
    return (
        f"The result was compared with the request and not approved:\n{fence('reasons', chr(10).join(verdict.reasons))}"
    )


def _and_more(count: int) -> str:
    return f", and {count} more failed" if count else ""
