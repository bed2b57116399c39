"""Proves the result: every check passes on one final tree, and the Boss finds in it what was asked for.

What fails goes back with its real output, is repaired, and every check runs again. When the rounds are used up, the
task has failed; nothing is called done that was not proved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from octrad.foundation.errors import OctraError
from octrad.knowledge.match_errors import KnownError, match_errors
from octrad.pipeline import step_names
from octrad.pipeline.apply_edits import Target
from octrad.pipeline.boss import Verdict, validate_result
from octrad.pipeline.change_files import (
    Changed,
    Naming,
    change_files,
    refuse_nothing_changed,
)
from octrad.pipeline.checks import CheckResult, describe_failure, run_checks
from octrad.pipeline.describe import describe_guides, describe_plan, guides_of
from octrad.pipeline.describe_guide import ERRORS_AT_MOST, describe_errors
from octrad.pipeline.package_requests import hear_requests, may_ask, tell_unheard
from octrad.pipeline.project_files import show_files, show_tree
from octrad.pipeline.questions.answers import WorkAnswer
from octrad.pipeline.questions.ask import Question, Reply
from octrad.pipeline.questions.prompts import fence
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.pipeline.work_rounds import NotApprovedError
from octrad.pipeline.workplace import Workplace
from octrad.runner.operations import CreatedTree
from octrad.tasks.events import EventDetail, Remarked
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Role
from octrad.tasks.transition import change_state

# A verdict against the result is repaired once; the next one stands.
VALIDATION_FIXES = 1
FIXER = "fixer"


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
    """Main's head on its way to being proved, and how many rounds of each kind it took so far.

    `told` is what came of the packages that the last repair asked for.
    """

    place: Workplace
    tree: CreatedTree
    checks: int = 0
    fixes: int = 0
    verdicts: int = 0
    told: str = ""


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
            return proving.place.head
        if not fixes_left:
            raise NotApprovedError(f"the result is not what was asked for: {'; '.join(verdict.reasons)[:1000]}")
        fixes_left -= 1
        proving = await _fix(run, proving, _describe_verdict(verdict), "")


async def _until_checks_pass(run: TaskRun, proving: Proving) -> Proving:
    fixes_left = run.times_run(run.tools.limits.fix_rounds)
    while True:
        proving = replace(proving, checks=proving.checks + 1)
        place = proving.place
        results = await run_checks(run, place.plan.checks, place.environment_hash, place.head, proving.checks)
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
        proving.place.plan,
        proving.place.head,
        tree=proving.tree,
        evidence=proving.place.plan.checks,
        first_round=proving.verdicts + 1,
    )


async def _fix(run: TaskRun, proving: Proving, problems: str, output: str) -> Proving:
    """Asks for a repair of main. `problems` is what is wrong, worded and fenced.

    `output` chooses the files that are shown, and what guides know of it.
    """
    while True:
        place = proving.place
        changed = await _ask_for_fix(run, proving, problems, output)
        heard = await hear_requests(run, replace(place, head=changed.commit), {FIXER: changed.packages})
        told = heard.told.get(FIXER, "")
        proving = replace(proving, place=heard.place, fixes=changed.round_number, told=told)
        # Packages alone may be the cure. Where all of them are refused, nothing is worth another try.
        if not told or heard.place.head != place.head:
            return proving


async def _ask_for_fix(run: TaskRun, proving: Proving, problems: str, output: str) -> Changed:
    plan, head, first_round = proving.place.plan, proving.place.head, proving.fixes + 1
    may_be_heard = may_ask(proving.place)
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
            "feedback": proving.told or "nothing",
        }

    def refuse(answer: WorkAnswer) -> Sequence[str]:
        return refuse_nothing_changed(answer, may_ask=may_be_heard)

    def tell(answer: WorkAnswer) -> Sequence[EventDetail]:
        return [*_remark_on(known), *tell_unheard(answer, may_be_heard=may_be_heard)]

    speaker = Speaker(Role.WORKER, FIXER)
    question = Question("fix", "fix", WorkAnswer, speaker, "Repair the project", values, refuse, tell, topic=problems)
    return await change_files(run, question, Target(head), first_round, Naming(step_names.fixed, _name_of_change))


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
