"""The runner's side of the inner protocol: operations through the at-most-once engine, reads directly.

Errors of ours are raised as they are; the servant's shell makes a status of them.
"""

from collections.abc import AsyncIterator
from typing import assert_never

import grpc.aio

from octra_proto.runner.v1 import runner_pb2 as pb
from octra_proto.runner.v1.runner_pb2_grpc import RunnerServiceServicer
from octrad.foundation.once.engine import Engine
from octrad.foundation.once.messages import (
    Accepted,
    Failed,
    Finished,
    Interrupted,
    Message,
    Progress,
    Report,
    request_digest,
)
from octrad.runner.server.inspect_host import inspect_workshop
from octrad.runner.server.nix.read_snapshot import read_snapshot, verify_snapshot
from octrad.runner.server.nix.snapshot_place import side_of_snapshot, snapshot_git_dir
from octrad.runner.server.operations.perform import perform
from octrad.runner.server.trees.diff_commits import ResolvedSide, diff_commits, side_of_task
from octrad.runner.server.trees.import_bundle import import_bundle
from octrad.runner.server.trees.read_bundle import read_bundle
from octrad.runner.server.trees.read_files import list_files, read_files
from octrad.runner.server.trees.task_tree import existing_tree
from octrad.runner.server.workshop import Workshop

# Every method gets one, and none needs it.
Context = grpc.aio.ServicerContext[object, object]


class RunnerServicer(RunnerServiceServicer):
    """Serves one workshop."""

    def __init__(self, workshop: Workshop, engine: Engine) -> None:
        self._workshop = workshop
        self._engine = engine

    async def Execute(self, request: pb.ExecuteRequest, context: Context) -> AsyncIterator[pb.ExecuteResponse]:
        async def work(report: Report) -> bytes:
            return (await perform(self._workshop, request, report)).SerializeToString()

        async for message in self._engine.execute(
            request.id,
            request_digest(request),
            work,
            after_progress=request.after_progress,
            again_if_interrupted=request.again_if_interrupted,
        ):
            yield _response(message)

    async def Acknowledge(self, request: pb.AcknowledgeRequest, context: Context) -> pb.AcknowledgeResponse:
        if request.id_prefix:
            await self._engine.acknowledge_all(request.id_prefix)
        else:
            await self._engine.acknowledge(request.id)
        return pb.AcknowledgeResponse()

    async def Cancel(self, request: pb.CancelRequest, context: Context) -> pb.CancelResponse:
        return pb.CancelResponse(cancelled=await self._engine.cancel(request.id_prefix))

    async def ListFiles(self, request: pb.ListFilesRequest, context: Context) -> pb.ListFilesResponse:
        tree = existing_tree(self._workshop.runner_dir, request.task_id)
        entries = await list_files(tree, request.commit)
        return pb.ListFilesResponse(
            files=[pb.FileEntry(path=entry.path, size_bytes=entry.size_bytes, kind=entry.kind) for entry in entries]
        )

    async def ReadFiles(self, request: pb.ReadFilesRequest, context: Context) -> pb.ReadFilesResponse:
        tree = existing_tree(self._workshop.runner_dir, request.task_id)
        files = await read_files(tree, request.commit, tuple(request.paths), request.limit_bytes)
        return pb.ReadFilesResponse(
            files=[
                pb.FileContent(path=file.path, content=file.content, truncated=file.truncated, binary=file.binary)
                for file in files
            ]
        )

    async def ReadOutput(self, request: pb.ReadOutputRequest, context: Context) -> pb.ReadOutputResponse:
        part = self._workshop.outputs.read(request.id, request.offset, request.limit_bytes)
        return pb.ReadOutputResponse(chunk=part.chunk, next_offset=part.next_offset, complete=part.complete)

    async def Diff(self, request: pb.DiffRequest, context: Context) -> AsyncIterator[pb.DiffResponse]:
        before: pb.DiffSide = getattr(request, "from")  # a keyword of Python
        async for chunk in diff_commits(self._side(before), self._side(request.to)):
            yield pb.DiffResponse(chunk=chunk)

    async def ImportBundle(
        self, request_iterator: AsyncIterator[pb.ImportBundleRequest], context: Context
    ) -> pb.ImportBundleResponse:
        chunks = (request.chunk async for request in request_iterator)
        limit = self._workshop.config.limits.bundle_bytes
        imported = await import_bundle(self._workshop.bundles_dir, chunks, limit)
        return pb.ImportBundleResponse(bundle_id=imported.bundle_id, size_bytes=imported.size_bytes)

    async def ReadBundle(self, request: pb.ReadBundleRequest, context: Context) -> AsyncIterator[pb.ReadBundleResponse]:
        async for chunk in read_bundle(snapshot_git_dir(self._workshop.store, request.store_path)):
            yield pb.ReadBundleResponse(chunk=chunk)

    async def VerifySnapshot(self, request: pb.VerifySnapshotRequest, context: Context) -> pb.VerifySnapshotResponse:
        await verify_snapshot(self._workshop.store, request.store_path, request.nar_hash)
        return pb.VerifySnapshotResponse()

    async def ReadSnapshot(
        self, request: pb.ReadSnapshotRequest, context: Context
    ) -> AsyncIterator[pb.ReadSnapshotResponse]:
        async for chunk in read_snapshot(self._workshop.store, request.store_path):
            yield pb.ReadSnapshotResponse(chunk=chunk)

    async def InspectHost(self, request: pb.InspectHostRequest, context: Context) -> pb.InspectHostResponse:
        report = await inspect_workshop(self._workshop.store, self._workshop.nixpkgs, running=self._engine.running)
        return pb.InspectHostResponse(
            findings=[
                pb.Finding(name=found.name, ok=found.ok, detail=found.detail, hint=found.hint)
                for found in report.findings
            ],
            nix_version=report.nix_version,
            store_dir=report.store_dir,
            nixpkgs=report.nixpkgs,
            stand_in=report.stand_in,
            running=report.running,
        )

    def _side(self, side: pb.DiffSide) -> ResolvedSide:
        match side.WhichOneof("place"):
            case "task_id":
                return side_of_task(self._workshop.runner_dir, side.task_id, side.commit)
            case "store_path":
                return side_of_snapshot(self._workshop.store, side.store_path, side.commit)
            case None:
                return ResolvedSide(None, "")
            case other:
                assert_never(other)


def _response(message: Message) -> pb.ExecuteResponse:
    match message:
        case Accepted():
            return pb.ExecuteResponse(accepted=pb.Accepted())
        case Progress(number=number, payload=payload, missed=missed):
            progress = pb.Progress.FromString(payload)
            progress.number, progress.missed = number, missed
            return pb.ExecuteResponse(progress=progress)
        case Finished(payload=payload):
            return pb.ExecuteResponse(finished=pb.Finished.FromString(payload))
        case Failed(code=code, message=text, hint=hint, retryable=retryable):
            return pb.ExecuteResponse(failed=pb.Failed(code=code, message=text, hint=hint, retryable=retryable))
        case Interrupted():
            return pb.ExecuteResponse(interrupted=pb.Interrupted())
        case other:
            assert_never(other)
