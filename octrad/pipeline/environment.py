"""Captures the Nix environment in which everything of the project runs: the stack's and the plan's packages."""

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
    try:
        return await _build(run, plan, commit, step_names.ENVIRONMENT)
    except OctraError as error:
        if error.retryable or not plan.packages:
            raise
        said = f"the packages {', '.join(plan.packages)} cannot be had, going on without them: {error.message}"
        return await _build(run, plan, commit, _WITHOUT_PACKAGES, instead_of=said)


async def _build(run: TaskRun, plan: Plan, commit: str, name: str, instead_of: str = "") -> BuiltEnvironment:
    stack = _stack_environment(run.tools.stacks[plan.stack])

    async def call(step: Step) -> BuiltEnvironment:
        async def say(progress: Progress) -> None:
            await step.emit(Remarked(progress.text))

        built = await run.tools.runner.build_environment(
            step.request_id,
            run.task.id,
            commit,
            title=plan.title,
            stack=stack,
            packages=() if instead_of else plan.packages,
            on_progress=say,
        )
        record_change(step, built.commit, ())
        if instead_of:
            step.record(Remarked(instead_of[:2000], warning=True))
        if built.stand_in:
            step.record(Remarked("nixpkgs is not used: this machine's own tools stand in for it", warning=True))
        return built

    return await runner_step(run, name, call, BuiltEnvironment, speaker=DAEMON, title="Build the environment")


def _stack_environment(stack: Stack) -> StackEnvironment:
    return StackEnvironment(
        name=stack.name,
        attributes=stack.attributes,
        shell=stack.shell,
        ignore=stack.ignore,
        variables=dict(stack.variables),
    )
