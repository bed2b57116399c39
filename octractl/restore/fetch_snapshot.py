"""Brings a snapshot's tree into a directory: copied from the store where we can read it, else streamed as an archive.

Either way it is proved before anybody may use it: the copy by the daemon's check of what we copied, which runs at the
same time; the archive by its own hash.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from octra_proto.v1 import snapshots_pb2
from octractl.client import LONG_CALL_TIMEOUT_S, Client
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.restore.copy_tree import copy_tree
from octractl.restore.nar import NarError
from octractl.restore.target import cannot_create
from octractl.restore.unpack_nar import unpack_nar

SIGNAL_WITHIN_S = 0.2


def fetch_snapshot(client: Client, snapshot: snapshots_pb2.Snapshot, directory: Path, *, stream: bool) -> None:
    """Fills an empty directory with the snapshot's tree and proves it.

    Args:
        client: the connection.
        snapshot: what the daemon has recorded of it.
        directory: empty and ours.
        stream: never copy from the store.

    Raises:
        OctractlError: it cannot be had, is damaged, or cannot be written; the directory is not to be used then.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            # In a thread, because a signal's exception may come up anywhere in the main thread, and neither a
            # process that is being started nor gRPC's locks would survive that. Here it only ends a wait.
            job = pool.submit(_fetch, client, snapshot, directory, None if stream else stop)
            # In slices: a signal that comes just before a wait begins does not end it.
            while not wait([job], timeout=SIGNAL_WITHIN_S).done:
                pass
            job.result()
        except (KeyboardInterrupt, SystemExit):
            stop.set()
            client.close()
            raise


def _fetch(client: Client, snapshot: snapshots_pb2.Snapshot, directory: Path, stop: threading.Event | None) -> None:
    try:
        if stop is not None and is_readable(snapshot.store_path):
            _copy_proved(client, snapshot, directory, stop)
        else:
            _stream_proved(client, snapshot, directory)
    except OSError as error:
        raise cannot_create(directory, error) from error


def is_readable(store_path: str) -> bool:
    """Whether we can read the snapshot where it is."""
    return os.path.isdir(store_path) and os.access(store_path, os.R_OK | os.X_OK)  # noqa: PTH112 - a plain question


def _copy_proved(client: Client, snapshot: snapshots_pb2.Snapshot, directory: Path, stop: threading.Event) -> None:
    request = snapshots_pb2.VerifySnapshotRequest(snapshot=snapshot.id)
    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(client.ask, client.snapshots.VerifySnapshot, request, LONG_CALL_TIMEOUT_S)
        try:
            copy_tree(Path(snapshot.store_path), directory, stop)
        finally:
            # Also when copying failed: a damaged snapshot may be one that cannot be copied, and that is to be said.
            check.result(LONG_CALL_TIMEOUT_S)


def _stream_proved(client: Client, snapshot: snapshots_pb2.Snapshot, directory: Path) -> None:
    try:
        found = unpack_nar(_chunks(client, snapshot.id), directory)
    except NarError as error:
        raise _damaged(snapshot, str(error)) from error
    if found != snapshot.nar_hash:
        raise _damaged(snapshot, f"its hash is {found}, not {snapshot.nar_hash}")


def _chunks(client: Client, snapshot_id: str) -> Iterator[bytes]:
    request = snapshots_pb2.ReadSnapshotRequest(snapshot=snapshot_id)
    stream = client.snapshots.ReadSnapshot(request, timeout=LONG_CALL_TIMEOUT_S)
    for part in client.read_stream(stream):
        yield part.chunk


def _damaged(snapshot: snapshots_pb2.Snapshot, reason: str) -> OctractlError:
    return OctractlError(
        f"snapshot {snapshot.id} is damaged: {reason}",
        hint="nothing was restored; an older snapshot may be whole: octractl snapshots",
        exit_code=ExitCode.DATA,
    )
