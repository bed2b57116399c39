"""Runs the acceptance commands, offline, on main's head, and proves each once.

A proof is that a command exited 0 on a tree in an environment; where that is on record it is not run again.
"""

from dataclasses import dataclass

from octrad.pipeline import step_names
from octrad.pipeline.questions.prompts import fence
from octrad.pipeline.servants import ending_of, output_of, run_in_sandbox, runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.runner.operations import MAIN_BRANCH, Command, CommandResult, TreePlace
from octrad.tasks.events import CommandFinished
from octrad.tasks.evidence import record_evidence, reuse_evidence
from octrad.tasks.journal_step import Step


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one command ended; `step` is where its whole output can be read."""

    step: str
    command: str
    passed: bool
    ending: str
    output: str
    tree_hash: str
    # timeout, output, memory or disk, where a limit ended it.
    limit: str = ""


async def run_check(run: TaskRun, step_name: str, command: str, environment_hash: str, head: str) -> CheckResult:
    """Runs one command on main's head, or finds its proof."""

    async def call(step: Step) -> CheckResult:
        known = run.tree_hashes.get(head, "")
        if known and await _is_proved(run, known, environment_hash, command):
            step.record(CommandFinished(command, 0, already_proved=True))
            return CheckResult(step_name, command, passed=True, ending="exit code 0", output="", tree_hash=known)
        place = TreePlace(run.task.id, MAIN_BRANCH, head)
        result = await run_in_sandbox(run, step, place, Command(command, environment_hash))
        if result.succeeded:
            await record_evidence(
                run.tools.database,
                run.lease,
                tree_hash=result.tree_hash,
                environment_hash=environment_hash,
                command=command,
            )
        return _result(step_name, command, result)

    checked = await runner_step(run, step_name, call, CheckResult, speaker=DAEMON, title=f"Check: {command}"[:200])
    run.tree_hashes.setdefault(head, checked.tree_hash)
    return checked


async def run_checks(
    run: TaskRun, commands: tuple[str, ...], environment_hash: str, head: str, round_number: int
) -> list[CheckResult]:
    """Runs every command on one and the same commit; failures do not keep the others from running."""
    return [
        await run_check(run, step_names.checked(round_number, number), command, environment_hash, head)
        for number, command in enumerate(commands, start=1)
    ]


def describe_failure(failed: CheckResult) -> str:
    """A failed command with its real output, as the repair sees it."""
    said = fence("output", failed.output)
    return f"{fence('this command', failed.command)}\nended with {failed.ending} and said:\n{said}"


async def _is_proved(run: TaskRun, tree_hash: str, environment_hash: str, command: str) -> bool:
    found = await reuse_evidence(
        run.tools.database, run.task.id, tree_hash=tree_hash, environment_hash=environment_hash, command=command
    )
    return found is not None


def _result(step_name: str, command: str, result: CommandResult) -> CheckResult:
    output = output_of(result.head, result.tail)
    return CheckResult(step_name, command, result.succeeded, ending_of(result), output, result.tree_hash, result.limit)
