"""The operation `run_command`: a command line in the sandbox, on a branch at a commit, in a captured environment."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from octra_proto.runner.v1 import runner_pb2 as pb
from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.once.messages import Report
from octrad.runner.server.nix.environment import Environment
from octrad.runner.server.operations.report_output import OutputReporter
from octrad.runner.server.sandbox.describe_sandbox import Sandbox
from octrad.runner.server.sandbox.limit_command import Limits, limit_shell
from octrad.runner.server.sandbox.own_tree import own_tree
from octrad.runner.server.sandbox.run_sandboxed import Ended, run_sandboxed
from octrad.runner.server.sandbox.show_etc import find_links
from octrad.runner.server.sandbox.watch_disk import is_disk_short
from octrad.runner.server.trees.commit_branch import commit_branch
from octrad.runner.server.trees.reset_branch import reset_branch
from octrad.runner.server.trees.task_tree import TaskTree, existing_tree
from octrad.runner.server.workshop import Workshop

# Where a command finds the shell code of its environment, when that has any.
_ACTIVATE = "/etc/octra/activate.sh"
# The kernel takes 128 KiB as one argument.
_COMMAND_BYTES = 100_000


async def run_command(workshop: Workshop, request_id: str, request: pb.RunCommand, report: Report) -> pb.Finished:
    """Runs the command and commits what it changed, when that was asked for and it exited 0.

    Raises:
        NotFoundError: no such tree, commit or environment.
        InvalidRequestError: the command is empty, too long, or no text.
        ExhaustedError: the output cannot be stored.
        SandboxFailedError: the sandbox could not be set up.
    """
    _check(request.command)
    tree = existing_tree(workshop.runner_dir, request.task_id)
    with workshop.environments.use(request.environment_hash) as environment:
        return await _run_in(workshop, environment, tree, request_id, request, report)


async def _run_in(
    workshop: Workshop,
    environment: Environment,
    tree: TaskTree,
    request_id: str,
    request: pb.RunCommand,
    report: Report,
) -> pb.Finished:
    async with workshop.locks.hold_branches(request.task_id, request.branch):
        work_dir = await reset_branch(tree, request.branch, request.commit)
        tree_hash = await workshop.tree_hashes.read(tree, request.commit)
        with OutputReporter(workshop.outputs.open(request_id), report) as output:
            async with workshop.slots.take(output.remark), output.pacing():
                ended = await _run(workshop, environment, request, work_dir, output.feed)
        result = pb.RunCommandResult(
            exit_code=ended.exit_code,
            limit=ended.limit,
            duration_ms=ended.duration_ms,
            head=output.ends.head,
            tail=output.ends.tail,
            output_bytes=output.size_bytes,
            commit=request.commit,
            tree_hash=tree_hash,
        )
        if request.commit_subject and ended.exit_code == 0:
            await _commit(tree, request, result, report)
    return pb.Finished(run_command=result)


def _check(command: str) -> None:
    if not command.strip():
        raise InvalidRequestError("the command is empty", field="command")
    if "\0" in command:
        raise InvalidRequestError("the command has a NUL character", field="command")
    if len(command.encode()) > _COMMAND_BYTES:
        raise InvalidRequestError(f"the command is longer than {_COMMAND_BYTES} bytes", field="command")


async def _run(
    workshop: Workshop,
    environment: Environment,
    request: pb.RunCommand,
    work_dir: Path,
    on_output: Callable[[bytes], None],
) -> Ended:
    if workshop.stage.uid is not None:
        await asyncio.to_thread(own_tree, work_dir, workshop.stage.uid, below=workshop.trees_dir)
    limits = _limits(workshop, request.timeout_s)
    sandbox = _sandbox(workshop, environment, request, work_dir, limits)
    async with workshop.groups.make(limits) as group:
        return await run_sandboxed(
            sandbox,
            limits,
            on_output,
            entry=workshop.stage.entry,
            is_disk_short=lambda: is_disk_short(workshop.trees_dir),
            group=group,
        )


def _limits(workshop: Workshop, timeout_s: float) -> Limits:
    config = workshop.config.sandbox
    greatest = config.command_timeout_s
    return Limits(
        timeout_s=min(timeout_s, greatest) if timeout_s > 0 else greatest,
        output_bytes=config.output_bytes,
        memory_bytes=config.memory_bytes,
        processes=config.processes,
        file_bytes=config.file_bytes,
    )


def _sandbox(
    workshop: Workshop, environment: Environment, request: pb.RunCommand, work_dir: Path, limits: Limits
) -> Sandbox:
    shown = {path: path for path in environment.host_paths}
    # Not the whole store: other projects' snapshots are in it.
    shown |= {path: str(workshop.stage.locate(Path(path))) for path in environment.store_paths}
    script = limit_shell(limits) + request.command
    if environment.shell_hook:
        activate = _show_activation(workshop.shown_dir, environment)
        shown[_ACTIVATE] = str(workshop.stage.locate(activate))
        # The hook is the project's own and bound by the limits like the command.
        script = f"{limit_shell(limits)}source {_ACTIVATE} && {request.command}"
    return Sandbox(
        work_dir=workshop.stage.locate(work_dir),
        etc_dir=workshop.stage.locate(workshop.shown_dir / "etc"),
        argv=(environment.bash, "-c", script),
        variables=environment.variables,
        read_only=shown,
        # /tmp and home are memory as well, and have no limit but this.
        temporary_bytes=limits.memory_bytes // 4,
        network=request.network,
        links=find_links(environment.variables.get("PATH", ""), environment.bash, environment.host_paths),
    )


def _show_activation(shown_dir: Path, environment: Environment) -> Path:
    """The environments' directory is closed to the uid of commands; this copy is not."""
    place = shown_dir / f"{environment.hash}.sh"
    if not place.exists():
        draft = place.with_suffix(f".{time.monotonic_ns()}")
        draft.write_bytes(environment.activate.read_bytes())
        draft.chmod(0o644)
        draft.replace(place)
    return place


async def _commit(tree: TaskTree, request: pb.RunCommand, result: pb.RunCommandResult, report: Report) -> None:
    committed = await commit_branch(tree, request.branch, request.commit, request.commit_subject)
    if committed.kept:
        said = f"the command changed {' and '.join(committed.kept)}, which belong to the environment: left as they were"
        report(pb.Progress(text=said, remark=True).SerializeToString())
    result.commit = committed.commit
    result.paths.extend(committed.paths)
