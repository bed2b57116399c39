"""Checks packages that a plan or a worker asks for, as a step: the policy is ours, the facts are the runner's.

The policy is that of the configuration in effect now; what came of it is recorded, so a resumed task keeps to it.
"""

from collections.abc import Sequence

from octrad.foundation.errors import OctraError
from octrad.pipeline.package_policy import Judged, judge_found, judge_names, refuse_granted
from octrad.pipeline.plan import Plan
from octrad.pipeline.servants import LEFT_BEHIND, runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.tasks.events import PackagesRefused
from octrad.tasks.journal_step import Step

_NO_REQUESTS = "workers' requests for packages are refused here (`packages.requests`)"


async def check_packages(
    run: TaskRun, name: str, asked: Sequence[str], plan: Plan, commit: str, *, is_request: bool
) -> Judged:
    """What becomes of packages that are asked for besides the plan's; `is_request` says that a worker does it."""

    async def call(step: Step) -> Judged:
        judged = await _judge(run, step, asked, plan, commit, is_request=is_request)
        if judged.refused:
            step.record(PackagesRefused(judged.refused))
        return judged

    return await runner_step(run, name, call, Judged, speaker=DAEMON, title="Look for packages in nixpkgs")


async def _judge(
    run: TaskRun, step: Step, asked: Sequence[str], plan: Plan, commit: str, *, is_request: bool
) -> Judged:
    policy = run.settings.current.packages
    present = {*plan.combined_stack(run.tools.library.stacks).attributes, *plan.packages}
    judged = judge_names(asked, present, policy)
    if is_request and policy.requests == "refuse":
        judged = refuse_granted(judged, _NO_REQUESTS)
    if not judged.granted:
        return judged
    try:
        checked = await run.tools.runner.check_packages(step.request_id, run.task.id, commit, judged.granted)
    except OctraError as error:
        if error.retryable or error.code in LEFT_BEHIND:
            raise
        return refuse_granted(judged, f"it could not be looked for: {error.message[:300]}")
    return judge_found(judged, checked, len(plan.packages), policy)
