"""The SnapshotService: finds a snapshot by its name and has the runner, which can read the store, do the rest."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from octra_proto.v1 import snapshots_pb2, snapshots_pb2_grpc
from octrad.api.closing import closing
from octrad.api.parts import Parts
from octrad.api.project_name import require_project_name
from octrad.api.task_messages import snapshot_message
from octrad.api.task_name import find_named_task
from octrad.foundation.errors import InvalidRequestError
from octrad.tasks.snapshots import Snapshot, SnapshotQuery, find_snapshot, list_snapshots

Context = grpc.aio.ServicerContext[Any, Any]
# A hundred years: more is a mistake, and PostgreSQL's dates end somewhere.
_LONGEST_DAYS = 36_500


class SnapshotServicer(snapshots_pb2_grpc.SnapshotServiceServicer):
    """Snapshots over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._runner = parts.runner
        self._pruner = parts.pruner

    async def ListSnapshots(
        self, request: snapshots_pb2.ListSnapshotsRequest, context: Context
    ) -> snapshots_pb2.ListSnapshotsResponse:
        if request.project:
            require_project_name(request.project)
        task = await find_named_task(self._database, request.task) if request.task else None
        query = SnapshotQuery(
            project=request.project,
            task_id=task.id if task else "",
            include_pruned=request.include_pruned,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        page = await list_snapshots(self._database, query)
        return snapshots_pb2.ListSnapshotsResponse(
            snapshots=[snapshot_message(snapshot) for snapshot in page.snapshots], next_page_token=page.next_page_token
        )

    async def VerifySnapshot(
        self, request: snapshots_pb2.VerifySnapshotRequest, context: Context
    ) -> snapshots_pb2.VerifySnapshotResponse:
        snapshot = await self._find(request.snapshot)
        if not request.lookup_only:
            await self._runner.verify_snapshot(snapshot.store_path, snapshot.nar_hash)
        return snapshots_pb2.VerifySnapshotResponse(snapshot=snapshot_message(snapshot))

    async def ReadSnapshot(
        self, request: snapshots_pb2.ReadSnapshotRequest, context: Context
    ) -> AsyncIterator[snapshots_pb2.ReadSnapshotResponse]:
        snapshot = await self._find(request.snapshot)
        yield snapshots_pb2.ReadSnapshotResponse(snapshot=snapshot_message(snapshot))
        async with closing(self._runner.read_snapshot(snapshot.store_path)) as chunks:
            async for chunk in chunks:
                yield snapshots_pb2.ReadSnapshotResponse(chunk=chunk)

    async def ReadBundle(
        self, request: snapshots_pb2.ReadBundleRequest, context: Context
    ) -> AsyncIterator[snapshots_pb2.ReadBundleResponse]:
        snapshot = await self._find(request.snapshot)
        async with closing(self._runner.read_bundle(snapshot.store_path)) as chunks:
            async for chunk in chunks:
                yield snapshots_pb2.ReadBundleResponse(chunk=chunk)

    async def PruneSnapshots(
        self, request: snapshots_pb2.PruneSnapshotsRequest, context: Context
    ) -> AsyncIterator[snapshots_pb2.PruneSnapshotsResponse]:
        if request.project:
            require_project_name(request.project)
        prune = self._pruner.preview if request.dry_run else self._pruner.prune
        for pruned in await prune(_days(request), request.project):
            yield snapshots_pb2.PruneSnapshotsResponse(snapshot=snapshot_message(pruned.snapshot), rooted=pruned.rooted)

    async def _find(self, name: str) -> Snapshot:
        if not name:
            raise InvalidRequestError(
                "snapshot is empty", field="snapshot", hint="name a snapshot or its task; `octractl snapshots`"
            )
        return await find_snapshot(self._database, name)


def _days(request: snapshots_pb2.PruneSnapshotsRequest) -> int | None:
    if not request.HasField("older_than_days"):
        return None
    if not 0 <= request.older_than_days <= _LONGEST_DAYS:
        raise InvalidRequestError(
            f"{request.older_than_days} days is not between 0 and {_LONGEST_DAYS}", field="older_than_days"
        )
    return request.older_than_days
