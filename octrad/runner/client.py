"""The control plane's side of the runner: one method an operation or read, in types of our own.

Asks, follows, re-asks with the same id when a connection or the runner is lost. Touches no tree and runs nothing.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import grpc.aio

from octra_proto.runner.v1 import runner_pb2 as pb
from octra_proto.runner.v1.runner_pb2_grpc import RunnerServiceStub
from octrad.foundation.errors import UnavailableError
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.once.execute_once import execute_once
from octrad.foundation.once.status import RemoteError
from octrad.runner import wire
from octrad.runner.edits import Edit, find_oversize
from octrad.runner.failures import revive_error
from octrad.runner.operations import (
    AppliedEdits,
    BuiltEnvironment,
    CheckedPackages,
    Command,
    CommandResult,
    CreatedTree,
    MergedBranch,
    OnProgress,
    Snapshot,
    StackEnvironment,
    TreePlace,
    TreeSource,
)
from octrad.runner.reading import DiffSide, FileContent, FileEntry, HostReport, ImportedBundle, OutputPart

R = TypeVar("R")

# The longest build and the longest command have limits of their own; this bounds them with all the waiting for a slot.
OPERATION_TIMEOUT_S = 6 * 3600.0
# Reads that look at a whole snapshot or repository.
_LONG_READ_TIMEOUT_S = 900.0
_READ_TIMEOUT_S = 60.0
_CANCEL_TIMEOUT_S = 60.0


class RunnerClient:
    """Speaks to the runner that `connection` finds or starts.

    Every method raises the errors of `octrad.runner.failures`: the kinds, as the runner raised them;
    CancelledByCallerError when the operation was cancelled by its id; UnavailableError when the runner stays away.
    """

    def __init__(self, connection: ServantConnection) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Closes the connection. The runner lives on, and what it works on goes on."""
        await self._connection.close()

    async def create_tree(self, request_id: str, task_id: str, source: TreeSource) -> CreatedTree:
        """Makes a task's tree; one that exists is replaced."""
        request = pb.ExecuteRequest(id=request_id, create_tree=wire.create_tree_message(task_id, source))
        return wire.read_created((await self._execute(request)).create_tree)

    async def build_environment(  # noqa: PLR0913 - the fields of the operation
        self,
        request_id: str,
        task_id: str,
        commit: str,
        *,
        title: str,
        stack: StackEnvironment,
        packages: Sequence[str] = (),
        unfree: bool = False,
        subject: str = "",
        on_progress: OnProgress | None = None,
    ) -> BuiltEnvironment:
        """Writes and commits the flake of a stack and more packages, and captures its environment.

        `unfree` lets in packages whose licences are not free; an empty `subject` is the runner's own.
        """
        message = pb.BuildEnvironment(
            task_id=task_id,
            commit=commit,
            title=title,
            stack=wire.stack_message(stack),
            packages=packages,
            unfree=unfree,
            subject=subject,
        )
        request = pb.ExecuteRequest(id=request_id, build_environment=message)
        return wire.read_built((await self._execute(request, on_progress)).build_environment)

    async def check_packages(
        self, request_id: str, task_id: str, commit: str, attributes: Sequence[str]
    ) -> CheckedPackages:
        """Asks nixpkgs about attributes: whether they are packages, and can be had. Builds nothing."""
        message = pb.CheckPackages(task_id=task_id, commit=commit, attributes=attributes)
        request = pb.ExecuteRequest(id=request_id, check_packages=message)
        return wire.read_checked_packages((await self._execute(request)).check_packages)

    async def apply_edits(
        self, request_id: str, place: TreePlace, edits: Sequence[Edit], *, subject: str, owns: Sequence[str] = ()
    ) -> AppliedEdits:
        """Writes and commits files, all or none. Refusals are a result; what is too big is refused without sending."""
        oversize = find_oversize(edits)
        if oversize:
            return AppliedEdits(place.commit, refusals=oversize)
        message = pb.ApplyEdits(
            task_id=place.task_id,
            branch=place.branch,
            commit=place.commit,
            edits=[wire.edit_message(edit) for edit in edits],
            subject=subject,
            owns=owns,
        )
        return wire.read_applied(
            (await self._execute(pb.ExecuteRequest(id=request_id, apply_edits=message))).apply_edits
        )

    async def run_command(
        self, request_id: str, place: TreePlace, command: Command, *, on_output: OnProgress | None = None
    ) -> CommandResult:
        """Runs a command line in the sandbox. A command that fails or reaches a limit is a result, not an error."""
        request = pb.ExecuteRequest(id=request_id, run_command=wire.command_message(place, command))
        return wire.read_command((await self._execute(request, on_output)).run_command)

    async def merge_branch(self, request_id: str, place: TreePlace, *, main_commit: str, subject: str) -> MergedBranch:
        """Merges a worker's branch, at `place`, into main, at `main_commit`. Conflicts are a result."""
        message = pb.MergeBranch(
            task_id=place.task_id,
            branch=place.branch,
            commit=main_commit,
            branch_commit=place.commit,
            subject=subject,
        )
        return wire.read_merged(
            (await self._execute(pb.ExecuteRequest(id=request_id, merge_branch=message))).merge_branch
        )

    async def take_snapshot(
        self, request_id: str, task_id: str, commit: str, *, base_commit: str = "", allow_secrets: bool = False
    ) -> Snapshot:
        """Puts a commit with its history into the Nix store and roots it.

        Raises:
            SecretFoundError: the files, or what was committed since the base, hold what looks like a secret, and
                nobody allowed that.
        """
        message = pb.TakeSnapshot(task_id=task_id, commit=commit, base_commit=base_commit, allow_secrets=allow_secrets)
        return wire.read_snapshot_taken(
            (await self._execute(pb.ExecuteRequest(id=request_id, take_snapshot=message))).take_snapshot
        )

    async def remove_tree(self, request_id: str, task_id: str) -> None:
        """Removes a task's tree with all its branches; one that is gone is fine."""
        await self._execute(pb.ExecuteRequest(id=request_id, remove_tree=pb.RemoveTree(task_id=task_id)))

    async def unroot_snapshot(self, request_id: str, store_path: str, commit: str) -> bool:
        """Lets go of a snapshot; returns whether no root is left, which it is when the same was taken again lately."""
        message = pb.UnrootSnapshot(store_path=store_path, commit=commit)
        finished = await self._execute(pb.ExecuteRequest(id=request_id, unroot_snapshot=message))
        return finished.unroot_snapshot.unrooted

    async def acknowledge(self, request_id: str) -> None:
        """Lets the runner forget a result or failure that is recorded. An unknown id is fine."""
        request = pb.AcknowledgeRequest(id=request_id)
        await self._call(lambda channel: RunnerServiceStub(channel).Acknowledge(request))

    async def acknowledge_all(self, id_prefix: str) -> None:
        """Lets a runner that is there forget all that has ended and whose id begins so."""
        if await self._connection.is_running():
            request = pb.AcknowledgeRequest(id_prefix=id_prefix)
            await self._call(lambda channel: RunnerServiceStub(channel).Acknowledge(request))

    async def cancel(self, id_prefix: str) -> int:
        """Ends every operation whose id begins so; returns how many there were, once no process of them is left.

        A runner that is not there works on nothing and is not started for it.
        """
        if not await self._connection.is_running():
            return 0
        request = pb.CancelRequest(id_prefix=id_prefix)
        response = await self._call(
            lambda channel: RunnerServiceStub(channel).Cancel(request), timeout_s=_CANCEL_TIMEOUT_S
        )
        return response.cancelled

    async def list_files(self, task_id: str, commit: str) -> tuple[FileEntry, ...]:
        """Returns the files of a commit."""
        request = pb.ListFilesRequest(task_id=task_id, commit=commit)
        response = await self._call(lambda channel: RunnerServiceStub(channel).ListFiles(request))
        return tuple(map(wire.read_entry, response.files))

    async def read_files(
        self, task_id: str, commit: str, paths: Sequence[str], *, limit_bytes: int
    ) -> tuple[FileContent, ...]:
        """Returns the contents of files of a commit, together within `limit_bytes`; unknown paths are left out."""
        request = pb.ReadFilesRequest(task_id=task_id, commit=commit, paths=paths, limit_bytes=limit_bytes)
        response = await self._call(lambda channel: RunnerServiceStub(channel).ReadFiles(request))
        return tuple(map(wire.read_content, response.files))

    async def read_output(self, operation_id: str, *, offset: int = 0, limit_bytes: int = 65536) -> OutputPart:
        """Returns a page of a command's whole output, raw; without `/#N` in the id, of the newest attempt.

        Raises:
            NotFoundError: there is none, or no longer.
        """
        request = pb.ReadOutputRequest(id=operation_id, offset=offset, limit_bytes=limit_bytes)
        response = await self._call(lambda channel: RunnerServiceStub(channel).ReadOutput(request))
        return OutputPart(response.chunk, response.next_offset, response.complete)

    async def diff(self, before: DiffSide, after: DiffSide) -> AsyncIterator[bytes]:
        """Yields a unified diff in chunks."""
        request = pb.DiffRequest(to=wire.diff_side_message(after))
        getattr(request, "from").CopyFrom(wire.diff_side_message(before))  # a keyword of Python
        async for response in self._stream(lambda channel: RunnerServiceStub(channel).Diff(request)):
            yield response.chunk

    async def import_bundle(self, chunks: AsyncIterator[bytes]) -> ImportedBundle:
        """Hands a git bundle over. It is read once, so a lost connection is an error here.

        Raises:
            InvalidRequestError: it is no bundle, or too big.
        """

        async def requests() -> AsyncIterator[pb.ImportBundleRequest]:
            async for chunk in chunks:
                yield pb.ImportBundleRequest(chunk=chunk)

        async def send(channel: grpc.aio.Channel) -> AsyncIterator[pb.ImportBundleResponse]:
            yield await RunnerServiceStub(channel).ImportBundle(requests())

        async for response in self._stream(send):
            return ImportedBundle(response.bundle_id, response.size_bytes)
        raise UnavailableError("the runner said nothing")

    async def read_bundle(self, store_path: str) -> AsyncIterator[bytes]:
        """Yields the history of a snapshot as a git bundle, in chunks."""
        request = pb.ReadBundleRequest(store_path=store_path)
        async for response in self._stream(lambda channel: RunnerServiceStub(channel).ReadBundle(request)):
            yield response.chunk

    async def verify_snapshot(self, store_path: str, nar_hash: str) -> None:
        """Reads a whole snapshot and compares.

        Raises:
            SnapshotDamagedError: it is not what it was.
            NotFoundError: it is gone.
        """
        request = pb.VerifySnapshotRequest(store_path=store_path, nar_hash=nar_hash)
        await self._call(
            lambda channel: RunnerServiceStub(channel).VerifySnapshot(request), timeout_s=_LONG_READ_TIMEOUT_S
        )

    async def read_snapshot(self, store_path: str) -> AsyncIterator[bytes]:
        """Yields a snapshot as a Nix archive, in chunks."""
        request = pb.ReadSnapshotRequest(store_path=store_path)
        async for response in self._stream(lambda channel: RunnerServiceStub(channel).ReadSnapshot(request)):
            yield response.chunk

    async def inspect_host(self) -> HostReport:
        """Returns what the runner's machine offers and lacks."""
        request = pb.InspectHostRequest()
        return wire.read_host(await self._call(lambda channel: RunnerServiceStub(channel).InspectHost(request)))

    async def _execute(self, request: pb.ExecuteRequest, on_progress: OnProgress | None = None) -> pb.Finished:
        def ask(channel: grpc.aio.Channel, after: int) -> AsyncIterator[pb.ExecuteResponse]:
            asked = pb.ExecuteRequest(after_progress=after, again_if_interrupted=True)
            asked.MergeFrom(request)
            return aiter(RunnerServiceStub(channel).Execute(asked))

        async def tell(response: pb.ExecuteResponse) -> None:
            if on_progress is not None:
                await on_progress(wire.read_progress(response.progress))

        try:
            response = await execute_once(self._connection, ask, on_progress=tell, timeout_s=OPERATION_TIMEOUT_S)
        except RemoteError as error:
            raise _revived(error) from error
        if response.WhichOneof("message") == "failed":
            failed = response.failed
            raise revive_error(failed.code, failed.message, failed.hint, retryable=failed.retryable)
        if response.WhichOneof("message") != "finished":
            raise UnavailableError("the runner was killed while it worked on this")
        return response.finished

    async def _call(self, make: Callable[[grpc.aio.Channel], Awaitable[R]], *, timeout_s: float = _READ_TIMEOUT_S) -> R:
        try:
            return await self._connection.call(make, timeout_s=timeout_s)
        except RemoteError as error:
            raise _revived(error) from error

    async def _stream(self, make: Callable[[grpc.aio.Channel], AsyncIterable[R]]) -> AsyncIterator[R]:
        try:
            async for response in self._connection.stream(make, timeout_s=_LONG_READ_TIMEOUT_S):
                yield response
        except RemoteError as error:
            raise _revived(error) from error


def _revived(error: RemoteError) -> Exception:
    return revive_error(error.code, error.message, error.hint, retryable=error.retryable)
