"""Begins a new project with the own tools of its stacks. A tool that fails is helped once by a model and run again.

Where the tool is not there or still fails, the workers write everything themselves, and an event says so.
"""

from dataclasses import dataclass, replace

from octrad.knowledge.stacks import RunTool, ScaffoldStep, WriteFiles
from octrad.pipeline import step_names
from octrad.pipeline.apply_edits import Target, apply_edits, subject_of
from octrad.pipeline.describe import describe_plan
from octrad.pipeline.names import refuse_name
from octrad.pipeline.plan import Plan
from octrad.pipeline.project_files import show_tree
from octrad.pipeline.questions.answers import ScaffoldFixAnswer
from octrad.pipeline.questions.ask import Question, ask
from octrad.pipeline.servants import ending_of, output_of, run_in_sandbox, runner_step
from octrad.pipeline.task_run import BOSS, DAEMON, TaskRun
from octrad.runner.edits import Edit, Removal, WholeFile
from octrad.runner.operations import MAIN_BRANCH, Command, CommandResult, TreePlace
from octrad.tasks.events import Remarked
from octrad.tasks.journal_step import Step

# What bash says when there is no such program.
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Begun:
    """The project as its tool left it. The name may be another than the plan's, when the tool refused that one."""

    plan: Plan
    head: str
    # False when the tool could not begin the project.
    complete: bool = True


async def scaffold(run: TaskRun, plan: Plan, environment_hash: str, head: str) -> Begun:
    """Runs the scaffold steps of every stack in order on an empty project, the main stack's first."""
    begun = Begun(plan, head)
    for index in range(len(_steps(run, plan))):
        begun = await _begin(run, begun, environment_hash, index)
        if not begun.complete:
            break
    return begun


async def _begin(run: TaskRun, begun: Begun, environment_hash: str, index: int) -> Begun:
    name = step_names.scaffolded(index + 1)
    match _step(run, begun.plan, index):
        case WriteFiles(named):
            edits = [WholeFile(path, content) for path, content in named]
            subject = f"Begin {begun.plan.name} from the template of {begun.plan.stack_names}"
            applied = await apply_edits(run, name, edits, Target(begun.head), subject=subject, speaker=DAEMON)
            return replace(begun, head=applied.commit)
        case RunTool() as tool:
            result = await _run_tool(run, name, tool, environment_hash, begun.head)
            if result.succeeded:
                return replace(begun, head=result.commit)
            if result.exit_code == _NOT_FOUND:
                return replace(begun, complete=False)
            return await _fix_and_run_again(run, begun, environment_hash, index, result)


async def _run_tool(
    run: TaskRun, name: str, tool: RunTool, environment_hash: str, head: str, *, is_last_try: bool = False
) -> CommandResult:
    command = Command(tool.command, environment_hash, tool.network, commit_subject=f"Run `{tool.command}`"[:72])

    async def call(step: Step) -> CommandResult:
        result = await run_in_sandbox(run, step, TreePlace(run.task.id, MAIN_BRANCH, head), command)
        if not result.succeeded and (is_last_try or result.exit_code == _NOT_FOUND):
            said = f"the stack's tool could not begin the project ({ending_of(result)}); the workers write all of it"
            step.record(Remarked(said, warning=True))
        return result

    return await runner_step(run, name, call, CommandResult, speaker=DAEMON, title=f"Scaffold: {tool.command}")


async def _fix_and_run_again(
    run: TaskRun, begun: Begun, environment_hash: str, index: int, failed: CommandResult
) -> Begun:
    name = step_names.scaffolded(index + 1)
    answer = await _ask_for_fix(run, begun, index, failed)
    begun = replace(begun, plan=replace(begun.plan, name=answer.name))
    edits: list[Edit] = [Removal(path) for path in answer.removals]
    edits += [WholeFile(file.path, file.content, file.executable) for file in answer.files]
    if edits:
        step_name, subject = step_names.applied(f"{name}/fix"), subject_of(answer.summary)
        applied = await apply_edits(run, step_name, edits, Target(begun.head), subject=subject, speaker=BOSS)
        begun = replace(begun, head=applied.commit)
    tool = _step(run, begun.plan, index)
    if not isinstance(tool, RunTool):
        return begun
    result = await _run_tool(run, f"{name}/again", tool, environment_hash, begun.head, is_last_try=True)
    return replace(begun, head=result.commit, complete=result.succeeded)


async def _ask_for_fix(run: TaskRun, begun: Begun, index: int, failed: CommandResult) -> ScaffoldFixAnswer:
    tool = _step(run, begun.plan, index)

    async def values() -> dict[str, str]:
        return {
            "plan": describe_plan(begun.plan),
            "name": begun.plan.name,
            "command": tool.command if isinstance(tool, RunTool) else "",
            "ending": ending_of(failed),
            "output": output_of(failed.head, failed.tail),
            "tree": await show_tree(run, begun.head),
        }

    def refuse(answer: ScaffoldFixAnswer) -> list[str]:
        return refuse_name(answer.name, "the project")

    question = Question("fix", "fix_scaffold", ScaffoldFixAnswer, BOSS, "Help the scaffold", values, refuse)
    answer, _ = await ask(run, question, step_names.rounds(f"{step_names.scaffolded(index + 1)}/fix"))
    return answer


def _step(run: TaskRun, plan: Plan, index: int) -> ScaffoldStep:
    return _steps(run, plan)[index]


def _steps(run: TaskRun, plan: Plan) -> list[ScaffoldStep]:
    stacks = run.tools.library.stacks
    return [step for one in plan.stacks for step in stacks[one.name].scaffold_for(plan.name, one.directory)]
