"""Audits the models before a task spends anything beyond its grade, where the configuration asks for that.

What is found is told as events. Where no model can do the work the task ends here, with the class of the failure that
it would have ended in.
"""

from dataclasses import dataclass
from typing import Literal

from octrad.gateway.calls import ModelsFailedError
from octrad.pipeline import step_names
from octrad.pipeline.ask import chain_of
from octrad.pipeline.audit_models import Auditor, ModelReport, Report, audit_models
from octrad.pipeline.audit_questions import Work
from octrad.pipeline.project_files import list_files, show_files
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.runner.operations import CreatedTree
from octrad.tasks.events import Remarked
from octrad.tasks.journal_step import Step

LARGE_GRADE = 4
LARGE_REPOSITORY_BYTES = 5_000_000
_REMARK_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit of a task found: whether a model can do it, and if none can, why not."""

    viable: bool
    failure_class: str = ""
    message: str = ""


async def audit_task(run: TaskRun, tree: CreatedTree, grade: int) -> None:
    """Audits the task's chain where that is asked for. Each run anew: a retry comes after something was mended.

    Raises:
        ModelsFailedError: no model of the chain can do the work; nothing more was asked.
        ConfigurationError: there is no chain, or a name in it belongs to no provider.
    """
    files = await list_files(run, tree.commit)
    if not wants_audit(run.tools.audit.before_tasks, grade, sum(file.size_bytes for file in files)):
        return

    async def work(step: Step) -> Audited:
        submitted = Work(
            run.task.request, files, await show_files(run, tree.commit), run.task.stack, tuple(run.task.checks)
        )
        tools = run.tools
        auditor = Auditor(tools.gateway, tools.library.stacks, tools.library.guides, tools.limits)
        report = await audit_models(auditor, submitted, chain_of(run.task.model), probe=True)
        for model in report.models:
            step.record(Remarked(describe_model(model)[:_REMARK_CHARACTERS], warning=not model.rank))
        return conclude(report)

    name = step_names.audited(run.task.run)
    found = await run.journal.step(name, work, result=Audited, role=DAEMON.role, title="Audit the models")
    if not found.viable:
        raise ModelsFailedError(
            found.message,
            hint="`octractl audit` tells what each model lacks; nothing but the grade was asked",
            failure_class=found.failure_class,
        )


def wants_audit(before_tasks: Literal["never", "large", "always"], grade: int, repository_bytes: int) -> bool:
    """Whether the configuration asks for an audit of such a task. Pure."""
    is_large = grade >= LARGE_GRADE or repository_bytes > LARGE_REPOSITORY_BYTES
    return before_tasks == "always" or (before_tasks == "large" and is_large)


def conclude(report: Report) -> Audited:
    """What follows for the task. Of a chain in which none is viable, the class is that of its first model. Pure."""
    if any(model.rank for model in report.models):
        return Audited(viable=True)
    first = report.models[0].audited.hindrances[0]
    faults = "; ".join(f"{one.audited.model.name}: {one.audited.hindrances[0].words}" for one in report.models)
    return Audited(viable=False, failure_class=first.outcome.value, message=f"no model can do this work: {faults}")


def describe_model(report: ModelReport) -> str:
    """One line of an audit, for the events of a task. Pure."""
    audited = report.audited
    if audited.hindrances:
        return f"audit: {audited.model.name} cannot do this: {'; '.join(one.words for one in audited.hindrances)}"
    if report.least_usd is None or report.most_usd is None:
        cost = "it has no price"
    else:
        cost = f"a task costs between ${report.least_usd:.2f} and ${report.most_usd:.2f} with it"
    remarks = "".join(f"; {remark}" for remark in audited.remarks)
    return f"audit: {audited.model.name} can do this, {cost}{remarks}"
