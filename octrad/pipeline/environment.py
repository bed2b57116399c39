"""Captures the Nix environment in which everything of the project runs: the stack's and the plan's packages."""

from dataclasses import replace

from octrad.foundation.errors import OctraError
from octrad.knowledge.stacks import Stack
from octrad.pipeline import step_names
from octrad.pipeline.check_packages import check_packages
from octrad.pipeline.plan import Plan
from octrad.pipeline.servants import record_change, runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.pipeline.workplace import Workplace
from octrad.runner.operations import BuiltEnvironment, Progress, StackEnvironment
from octrad.tasks.events import PackagesRefused, RefusedPackage, Remarked
from octrad.tasks.journal_step import Step

_WITHOUT_PACKAGES = f"{step_names.ENVIRONMENT}/without-packages"


async def build_environment(run: TaskRun, plan: Plan, commit: str) -> Workplace:
    """The environment, with main at the commit that holds its flake.

    Packages that cannot be had are a model's guess, not the user's wish: those that are refused are left out, and when
    the rest cannot be built, the stack's own have to do.
    """
    plan, unfree = await _granted(run, plan, commit)
    without = replace(plan, packages=())
    for name, had in ((step_names.ENVIRONMENT, plan), (_WITHOUT_PACKAGES, without)):
        built = await run.journal.recorded(name, BuiltEnvironment)
        if built is not None and run.task.run > 1:
            again = step_names.environment_again(run.task.run)
            return _place(had, await make_sure(run, again, had, commit, built, unfree=unfree), unfree=unfree)
    try:
        return _place(plan, await _build(run, step_names.ENVIRONMENT, plan, commit, unfree=unfree), unfree=unfree)
    except OctraError as error:
        if error.retryable or not plan.packages:
            raise
        reason = f"the environment could not be built: {error.message[:300]}"
        refused = PackagesRefused(tuple(RefusedPackage(package, reason) for package in plan.packages))
        return _place(without, await _build(run, _WITHOUT_PACKAGES, without, commit, refused=refused))


async def make_sure(
    run: TaskRun, name: str, plan: Plan, commit: str, built: BuiltEnvironment, *, unfree: bool
) -> BuiltEnvironment:
    """The environment of an earlier run, captured again where it was dropped since; the commit stays that of before."""

    async def call(step: Step) -> BuiltEnvironment:
        return await ask_for_environment(run, step, plan, commit, unfree=unfree)

    again = await runner_step(run, name, call, BuiltEnvironment, speaker=DAEMON, title="Make sure of the environment")
    return replace(built, environment_hash=again.environment_hash)


async def ask_for_environment(
    run: TaskRun, step: Step, plan: Plan, commit: str, *, unfree: bool, subject: str = ""
) -> BuiltEnvironment:
    """Has the runner write the flake on top of a commit and capture the environment, for a step."""

    async def say(progress: Progress) -> None:
        await step.emit(Remarked(progress.text))

    return await run.tools.runner.build_environment(
        step.request_id,
        run.task.id,
        commit,
        title=plan.title,
        stack=_stack_environment(plan.combined_stack(run.tools.library.stacks)),
        packages=plan.packages,
        unfree=unfree,
        subject=subject,
        on_progress=say,
    )


async def _granted(run: TaskRun, plan: Plan, commit: str) -> tuple[Plan, bool]:
    """The plan with those of its packages that are granted, and whether a licence among them is not free."""
    if not plan.packages:
        return plan, False
    without, name = replace(plan, packages=()), step_names.PLANNED_PACKAGES
    judged = await check_packages(run, name, plan.packages, without, commit, is_request=False)
    return replace(plan, packages=judged.granted), judged.unfree


async def _build(
    run: TaskRun,
    name: str,
    plan: Plan,
    commit: str,
    *,
    unfree: bool = False,
    refused: PackagesRefused | None = None,
) -> BuiltEnvironment:
    async def call(step: Step) -> BuiltEnvironment:
        built = await ask_for_environment(run, step, plan, commit, unfree=unfree)
        record_change(step, built.commit, ())
        if refused is not None:
            step.record(refused)
        if built.stand_in:
            step.record(Remarked("nixpkgs is not used: this machine's own tools stand in for it", warning=True))
        return built

    return await runner_step(run, name, call, BuiltEnvironment, speaker=DAEMON, title="Build the environment")


def _place(plan: Plan, built: BuiltEnvironment, *, unfree: bool = False) -> Workplace:
    return Workplace(plan, built.commit, built.environment_hash, unfree)


def _stack_environment(stack: Stack) -> StackEnvironment:
    return StackEnvironment(
        name=stack.name,
        attributes=stack.attributes,
        shell=stack.shell,
        ignore=stack.ignore,
        variables=dict(stack.variables),
    )
