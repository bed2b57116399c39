import asyncio

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.event_log import EventLog
from octrad.tasks.events import Snapshotted, StateChanged
from octrad.tasks.evidence import list_evidence, record_evidence, reuse_evidence
from octrad.tasks.find_task import AmbiguousNameError, get_task
from octrad.tasks.machine import TaskState, WrongStateError
from octrad.tasks.migrate import migrate
from octrad.tasks.ownership import Hands, claim_task, forget_workers, note_worker, reclaim_tasks
from octrad.tasks.retry_task import retry_task
from octrad.tasks.snapshots import (
    NewSnapshot,
    SnapshotNotFoundError,
    SnapshotQuery,
    choose_base,
    find_snapshot,
    list_snapshots,
    record_snapshot,
)
from octrad.tasks.task import Lease
from octrad.tasks.transition import change_state, describe_task
from tests.integration.tasks.steps import claim, finish, submit, submit_and_claim


def made(path: str, *, partial: bool = False) -> NewSnapshot:
    return NewSnapshot(f"/nix/store/{path}", "sha256:00", 2**33, "abc", partial)


async def test_the_same_tree_is_the_same_snapshot(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)
    first = await record_snapshot(database, lease, made("a", partial=True), step="snapshot/1")
    assert await record_snapshot(database, lease, made("a", partial=True)) == first
    task = await get_task(database, lease.task_id)
    assert (task.snapshot_id, task.store_path) == (first.id, "/nix/store/a")
    (event,) = await log.read(lease.task_id, 2)
    assert event.detail == Snapshotted(first.id, "/nix/store/a", 2**33, partial=True)
    proved = await record_snapshot(database, lease, made("a"))
    assert (proved.id, proved.partial) == (first.id, False)


async def test_a_snapshot_is_named_by_its_id_or_its_task(database: Database) -> None:
    lease = await submit_and_claim(database)
    older = await record_snapshot(database, lease, made("a"))
    newer = await record_snapshot(database, lease, made("b"))
    assert await find_snapshot(database, lease.task_id) == newer
    assert await find_snapshot(database, older.id) == older
    for name in ("zzzzzzzzzz", "", "%"):
        with pytest.raises(SnapshotNotFoundError):
            await find_snapshot(database, name)
    many = [await record_snapshot(database, lease, made(f"c{n}")) for n in range(20)]
    first_letters = [snapshot.id[0] for snapshot in many]
    twice = next(letter for letter in first_letters if first_letters.count(letter) > 1)
    with pytest.raises(AmbiguousNameError) as caught:
        await find_snapshot(database, twice)
    assert caught.value.field == "snapshot"


async def test_a_project_goes_on_from_what_was_proved(database: Database) -> None:
    lease = await submit_and_claim(database, project="p")
    assert await choose_base(database, lease, "p") is None
    partial = await record_snapshot(database, lease, made("a", partial=True))
    assert await choose_base(database, lease, "p") == partial
    proved = await record_snapshot(database, lease, made("b"))
    await record_snapshot(database, lease, made("c", partial=True))
    assert await choose_base(database, lease, "p") == proved
    page = await list_snapshots(database, SnapshotQuery(project="p", page_size=2))
    rest = await list_snapshots(database, SnapshotQuery(project="p", page_size=2, page_token=page.next_page_token))
    assert [snapshot.store_path[-1] for snapshot in page.snapshots + rest.snapshots] == ["c", "b", "a"]


async def test_what_one_task_proved_the_next_rests_on(database: Database) -> None:
    first, second = [await submit_and_claim(database) for _ in range(2)]
    key = {"tree_hash": "t", "environment_hash": "e", "command": "cargo test"}
    assert await reuse_evidence(database, second.task_id, **key) is None
    for _ in range(2):
        await record_evidence(database, first, **key)
    found = await reuse_evidence(database, second.task_id, **key)
    assert found is not None
    assert await list_evidence(database, first.task_id) == (found,) == await list_evidence(database, second.task_id)
    assert await reuse_evidence(database, second.task_id, **{**key, "tree_hash": "other"}) is None


async def test_no_record_is_written_after_the_end(database: Database) -> None:
    lease = await submit_and_claim(database)
    await describe_task(database, lease, title="Todo", stack="rust", grade=2, rehearsal=True)
    await finish(database, lease)
    task = await get_task(database, lease.task_id)
    assert (task.title, task.stack, task.grade, task.rehearsal) == ("Todo", "rust", 2, True)
    with pytest.raises(StaleLeaseError):
        await record_snapshot(database, lease, made("a"))
    with pytest.raises(StaleLeaseError):
        await record_evidence(database, lease, tree_hash="t", environment_hash="e", command="true")
    with pytest.raises(StaleLeaseError):
        await describe_task(database, lease, title="x")
    # The answer to the last write may have been lost: the same again is the same.
    assert (await change_state(database, lease, TaskState.DONE)).state is TaskState.DONE
    with pytest.raises(WrongStateError):
        await retry_task(database, lease.task_id)


async def test_of_many_claims_one_succeeds(database: Database) -> None:
    task = await submit(database)
    claims = await asyncio.gather(*(claim_task(database, task.id, f"m{n}") for n in range(8)))
    assert sum(claimed is not None for claimed in claims) == 1


async def test_twenty_tasks_change_at_once_without_a_gap(database: Database, log: EventLog) -> None:
    tasks = [await submit(database) for _ in range(20)]

    async def live(number: int) -> None:
        lease = await claim(database, tasks[number].id)
        await asyncio.gather(
            describe_task(database, lease, grade=1), record_snapshot(database, lease, made(str(number)))
        )
        await finish(database, lease)

    await asyncio.gather(*(live(number) for number in range(20)))
    for task in tasks:
        events = await log.read(task.id, 0)
        assert [event.seq for event in events] == [1, 2, 3, 4, 5]
        states = [event.detail.to for event in events if isinstance(event.detail, StateChanged)]
        assert states == [TaskState.QUEUED, TaskState.RUNNING, TaskState.REVIEW, TaskState.DONE]


async def test_tasks_of_a_machine_that_restarted_or_died_are_taken_back(database: Database) -> None:
    mine, other = await submit_and_claim(database), await claim(database, (await submit(database)).id, "there")
    await _hold_jobs(database, {"here": [mine], "there": [other]})
    assert await reclaim_tasks(database, Hands("here", {mine.task_id})) == 0
    assert await reclaim_tasks(database, Hands("elsewhere")) == 0
    await forget_workers(database, "here")
    assert await reclaim_tasks(database, Hands("here")) == 1
    task = await get_task(database, mine.task_id)
    assert (task.state, task.generation > mine.generation) == (TaskState.QUEUED, True)
    async with database.connection() as connection:
        await connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    assert await reclaim_tasks(database, Hands("here")) == 1
    with pytest.raises(StaleLeaseError):
        await change_state(database, other, TaskState.REVIEW)
    assert await reclaim_tasks(database, Hands("here")) == 0


async def test_a_queued_task_without_a_job_gets_one(database: Database) -> None:
    task = await submit(database)
    async with database.connection() as connection:
        await connection.execute("DELETE FROM procrastinate_jobs")
    assert await reclaim_tasks(database, Hands("here")) == 1
    assert await reclaim_tasks(database, Hands("here")) == 0
    assert (await get_task(database, task.id)).state is TaskState.QUEUED


async def test_migrating_twice_changes_nothing_and_a_newer_queue_is_refused(dsn: str) -> None:
    assert await migrate(dsn) == []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO procrastinate_applied (name) VALUES ('99.00.00_01_pre_future')")
    with pytest.raises(ConfigurationError, match="newer than this octrad"):
        await migrate(dsn)


async def test_two_daemons_may_migrate_at_once(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated_twice")
    fresh = make_conninfo(server, dbname="migrated_twice")
    applied = await asyncio.gather(*(migrate(fresh) for _ in range(3)))
    assert sorted(map(len, applied))[:2] == [0, 0]


async def _hold_jobs(database: Database, held: dict[str, list[Lease]]) -> None:
    """Makes each machine's worker hold the jobs of its tasks, as if it had fetched them."""
    async with database.connection() as connection:
        for machine, leases in held.items():
            row = await (await connection.execute("SELECT * FROM procrastinate_register_worker_v1()")).fetchone()
            assert row is not None
            await note_worker(database, machine, row[0])
            for lease in leases:
                await connection.execute(
                    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE lock = %s",
                    (row[0], lease.task_id),
                )
