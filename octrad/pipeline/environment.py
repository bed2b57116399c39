"""Captures the Nix environment in which everything of the project runs: the stack's and the plan's packages."""

from dataclasses import replace

from octrad.foundation.errors import OctraError
from octrad.knowledge.stacks import Stack
from octrad.pipeline import step_names
from octrad.pipeline.plan import Plan
from octrad.pipeline.servants import record_change, runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.runner.operations import BuiltEnvironment, Progress, StackEnvironment
from octrad.tasks.events import Remarked
from octrad.tasks.journal_step import Step

_WITHOUT_PACKAGES = f"{step_names.ENVIRONMENT}/without-packages"


async def build_environment(run: TaskRun, plan: Plan, commit: str) -> BuiltEnvironment:
    """The environment and the commit that holds its flake.

    Packages that cannot be had are a model's guess, not the user's wish: then the stack's own have to do.
    """
    for name, packages in ((step_names.ENVIRONMENT, plan.packages), (_WITHOUT_PACKAGES, ())):
        built = await run.journal.recorded(name, BuiltEnvironment)
        if built is not None and run.task.run > 1:
            return await _make_sure(run, plan, commit, packages, built)
    try:
        return await _build(run, plan, commit, step_names.ENVIRONMENT)
    except OctraError as error:
        if error.retryable or not plan.packages:
            raise
        said = f"the packages {', '.join(plan.packages)} cannot be had, going on without them: {error.message}"
        return await _build(run, plan, commit, _WITHOUT_PACKAGES, instead_of=said)


async def _make_sure(
    run: TaskRun, plan: Plan, commit: str, packages: tuple[str, ...], built: BuiltEnvironment
) -> BuiltEnvironment:
    """The environment of an earlier run, captured again where it was dropped since; the commit stays that of before."""

    async def call(step: Step) -> BuiltEnvironment:
        return await _ask(run, step, plan, commit, packages)

    name = step_names.environment_again(run.task.run)
    again = await runner_step(run, name, call, BuiltEnvironment, speaker=DAEMON, title="Make sure of the environment")
    return replace(built, environment_hash=again.environment_hash)


async def _build(run: TaskRun, plan: Plan, commit: str, name: str, instead_of: str = "") -> BuiltEnvironment:
    async def call(step: Step) -> BuiltEnvironment:
        built = await _ask(run, step, plan, commit, () if instead_of else plan.packages)
        record_change(step, built.commit, ())
        if instead_of:
            step.record(Remarked(instead_of[:2000], warning=True))
        if built.stand_in:
            step.record(Remarked("nixpkgs is not used: this machine's own tools stand in for it", warning=True))
        return built

    return await runner_step(run, name, call, BuiltEnvironment, speaker=DAEMON, title="Build the environment")


async def _ask(run: TaskRun, step: Step, plan: Plan, commit: str, packages: tuple[str, ...]) -> BuiltEnvironment:
    async def say(progress: Progress) -> None:
        await step.emit(Remarked(progress.text))

    return await run.tools.runner.build_environment(
        step.request_id,
        run.task.id,
        commit,
        title=plan.title,
        stack=_stack_environment(plan.combined_stack(run.tools.library.stacks)),
        packages=packages,
        on_progress=say,
    )


def _stack_environment(stack: Stack) -> StackEnvironment:
    return StackEnvironment(
        name=stack.name,
        attributes=stack.attributes,
        shell=stack.shell,
        ignore=stack.ignore,
        variables=dict(stack.variables),
    )
