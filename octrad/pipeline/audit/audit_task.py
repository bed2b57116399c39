"""Audits the models before a task spends anything beyond its grade, where the configuration asks for that.

What is found is told as events. Where no model can do what a role of the task asks, the task ends here, with the class
of the failure that it would have ended in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from octrad.gateway.calls import ModelRole, ModelsFailedError
from octrad.pipeline import step_names
from octrad.pipeline.audit.audit_models import Auditor, AuditScope, ChainReport, ModelReport, Report, audit_models
from octrad.pipeline.audit.audit_questions import Work
from octrad.pipeline.boss import FAST_PATH_GRADE
from octrad.pipeline.project_files import list_files, show_files
from octrad.pipeline.questions.ask import chain_of
from octrad.pipeline.questions.question_roles import roles_of_work
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.runner.operations import CreatedTree
from octrad.tasks.events import Remarked
from octrad.tasks.journal_step import Step

LARGE_GRADE = 4
LARGE_REPOSITORY_BYTES = 5_000_000
_REMARK_CHARACTERS = 1000


class NoViableModelError(ModelsFailedError):
    """No model can do what a role of the task asks; nothing of it was asked."""

    code = "no_viable_model"


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit of a task found: whether models can do it, and if not, why not."""

    viable: bool
    failure_class: str = ""
    message: str = ""


async def audit_task(run: TaskRun, tree: CreatedTree, grade: int) -> None:
    """Audits the chains of the task's roles where that is asked for. Each run anew: a retry comes after a mend.

    Raises:
        NoViableModelError: no model can do what a role asks; nothing more was asked.
        ConfigurationError: there is no chain, or a name in one belongs to no provider.
    """
    files = await list_files(run, tree.commit)
    if not wants_audit(run.tools.audit.before_tasks, grade, sum(file.size_bytes for file in files)):
        return

    async def work(step: Step) -> Audited:
        submitted = Work(
            run.task.request, files, await show_files(run, tree.commit), run.task.stack, tuple(run.task.checks)
        )
        tools = run.tools
        auditor = Auditor(tools.gateway, tools.database, tools.library.stacks, tools.library.guides, tools.limits)
        report = await audit_models(auditor, submitted, _scope(run, grade))
        for remark in describe_report(report):
            step.record(remark)
        return conclude(report)

    name = step_names.audited(run.task.run)
    found = await run.journal.step(name, work, result=Audited, role=DAEMON.role, title="Audit the models")
    if not found.viable:
        raise NoViableModelError(found.message, failure_class=found.failure_class)


def wants_audit(before_tasks: Literal["never", "large", "always"], grade: int, repository_bytes: int) -> bool:
    """Whether the configuration asks for an audit of such a task. Pure."""
    is_large = grade >= LARGE_GRADE or repository_bytes > LARGE_REPOSITORY_BYTES
    return before_tasks == "always" or (before_tasks == "large" and is_large)


def conclude(report: Report) -> Audited:
    """What follows for the task. Where it cannot be done, the class is that of the first model that cannot. Pure."""
    if not report.stuck:
        return Audited(viable=True)
    first = report.stuck[0].models[0].audited.hindrances[0]
    faults = "; ".join(f"as {_name_all(chain.roles)}: {_faults(chain)}" for chain in report.stuck)
    return Audited(viable=False, failure_class=first.outcome.value, message=f"no model can do this work {faults}")


def describe_report(report: Report) -> tuple[Remarked, ...]:
    """What an audit found, for the events of a task: a line a model of each chain, and the cost of all. Pure."""
    found = [
        Remarked(_describe_model(model, chain.roles)[:_REMARK_CHARACTERS], warning=not model.rank)
        for chain in report.chains
        for model in chain.models
    ]
    if len(report.chains) > 1 and report.least_usd is not None and report.most_usd is not None:
        words = f"{_range(report.least_usd, report.most_usd)} with the first model that can of each chain"
        found.append(Remarked(f"audit: a task costs {words}"))
    return tuple(found)


def _scope(run: TaskRun, grade: int) -> AuditScope:
    divided = grade > FAST_PATH_GRADE
    roles = roles_of_work(divided=divided, words_note=run.tools.advisor.model_wording)
    return AuditScope(chain_of(run.task.model), roles, divided, probe=True)


def _faults(chain: ChainReport) -> str:
    return "; ".join(f"{one.audited.model.name}: {one.audited.hindrances[0].words}" for one in chain.models)


def _describe_model(report: ModelReport, roles: Sequence[ModelRole]) -> str:
    audited, asked = report.audited, _name_all(roles)
    if audited.hindrances:
        lacking = "; ".join(one.words for one in audited.hindrances)
        return f"audit: {audited.model.name} cannot do this as {asked}: {lacking}"
    if report.least_usd is None or report.most_usd is None:
        cost = "it has no price"
    else:
        cost = f"that costs {_range(report.least_usd, report.most_usd)}"
    remarks = "".join(f"; {remark}" for remark in audited.remarks)
    return f"audit: {audited.model.name} can do this as {asked}, {cost}{remarks}"


def _range(least_usd: float, most_usd: float) -> str:
    return f"between ${least_usd:.2f} and ${most_usd:.2f}"


def _name_all(roles: Sequence[ModelRole]) -> str:
    """Roles in words: boss, manager and worker."""
    *others, last = roles
    return f"{', '.join(others)} and {last}" if others else str(last)
