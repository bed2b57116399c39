"""The rule of pruning, on a real database: what goes, what stays, and which roots may go for it."""

import asyncio
import random
import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from octrad.foundation.errors import NotFoundError
from octrad.foundation.ids import SnapshotId
from octrad.foundation.postgres import migrations
from octrad.foundation.postgres.pool import Database
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.find_task import get_task
from octrad.tasks.machine import TaskState
from octrad.tasks.migrate import MIGRATIONS, TABLE, migrate
from octrad.tasks.prune_snapshots import (
    LooseRoot,
    PruneOrder,
    list_loose_roots,
    list_rooted,
    note_unrooted,
    prune_snapshots,
)
from octrad.tasks.retry_task import retry_task
from octrad.tasks.snapshots import (
    NewSnapshot,
    Snapshot,
    SnapshotPrunedError,
    SnapshotQuery,
    choose_base,
    find_snapshot,
    list_snapshots,
    record_snapshot,
    when_pruned,
)
from octrad.tasks.transition import change_state
from tests.integration.tasks.steps import MACHINE, claim, finish, submit, submit_and_claim

OLD = PruneOrder(MACHINE, 30)
COMMIT = "c" * 40


def made(path: str, *, partial: bool = False) -> NewSnapshot:
    return NewSnapshot(f"/nix/store/{path}", "sha256:00", 100, COMMIT, partial)


async def leave(database: Database, path: str, *, project: str = "p", days: int = 0, partial: bool = False) -> Snapshot:
    """A task that ended so many days ago, and its snapshot."""
    lease = await submit_and_claim(database, project=project)
    snapshot = await record_snapshot(database, lease, made(path, partial=partial))
    if partial:
        await change_state(database, lease, TaskState.FAILED)
    else:
        await finish(database, lease)
    await age(database, snapshot.id, days)
    return snapshot


async def age(database: Database, snapshot_id: SnapshotId, days: int) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE snapshots SET created_at = now() - make_interval(days => %s, mins => 1) WHERE id = %s",
            (days, snapshot_id),
        )


async def prune(database: Database, order: PruneOrder = OLD, *, dry_run: bool = False) -> str:
    """The last letters of the paths that were pruned, in order."""
    return "".join(s.store_path[-1] for s in await prune_snapshots(database, order, dry_run=dry_run))


async def test_old_snapshots_go_but_for_a_projects_newest_and_newest_proved(database: Database) -> None:
    for path, days, partial in (("a", 90, False), ("b", 80, True), ("c", 70, False), ("d", 60, True), ("e", 50, True)):
        await leave(database, path, days=days, partial=partial)
    await leave(database, "z", project="other", days=900)
    assert await prune(database, dry_run=True) == "abd"
    assert await prune(database, PruneOrder(MACHINE, 85)) == "a"
    assert await prune(database, PruneOrder(MACHINE, 30, "other")) == ""
    assert await prune(database) == "bd"
    assert await prune(database) == ""
    kept = (await list_snapshots(database, SnapshotQuery(project="p"))).snapshots
    assert [snapshot.store_path[-1] for snapshot in kept] == ["e", "c"]
    everything = (await list_snapshots(database, SnapshotQuery(project="p", include_pruned=True))).snapshots
    assert [snapshot.store_path[-1] for snapshot in everything if snapshot.pruned_at] == ["d", "b", "a"]


async def test_of_snapshots_that_prove_nothing_the_newest_stays(database: Database) -> None:
    await leave(database, "a", days=90, partial=True)
    await leave(database, "b", days=80, partial=True)
    assert await prune(database) == "a"


async def test_young_snapshots_and_those_of_other_machines_stay(database: Database) -> None:
    await leave(database, "a", days=29)
    elsewhere = await leave(database, "b", days=90)
    async with database.connection() as connection:
        await connection.execute("UPDATE snapshots SET machine = 'there' WHERE id = %s", (elsewhere.id,))
    await leave(database, "c", days=0)
    assert await prune(database) == ""
    assert await prune(database, PruneOrder("there", 30)) == "b"


async def test_snapshot_of_a_task_that_is_retried_stays_until_it_ends(database: Database) -> None:
    old = await leave(database, "a", days=90, partial=True)
    await leave(database, "b")
    await retry_task(database, old.task_id, from_snapshot=True)
    assert await prune(database) == ""
    await cancel_task(database, old.task_id)
    assert await prune(database) == "a"


async def test_snapshot_that_a_task_begins_with_stays_until_it_ends(database: Database) -> None:
    base = await leave(database, "a", days=90)
    lease = await submit_and_claim(database, project="p")
    chosen = await choose_base(database, lease, "p")
    assert chosen is not None
    assert chosen.id == base.id
    await leave(database, "b")
    assert await prune(database) == ""
    await finish(database, lease)
    assert await prune(database) == "a"


async def test_what_was_pruned_is_not_offered_and_says_when_it_went(database: Database) -> None:
    old = await leave(database, "a", days=90, partial=True)
    await leave(database, "b")
    assert await when_pruned(database, old.id) is None
    await prune(database)
    assert await when_pruned(database, old.id) is not None
    for name in (old.id, old.task_id):
        with pytest.raises(SnapshotPrunedError, match=f"{old.id} was pruned on 2") as caught:
            await find_snapshot(database, name)
        assert (caught.value.code, caught.value.hint) == ("snapshot_pruned", "octractl snapshots --project p")
        assert isinstance(caught.value, NotFoundError)
    with pytest.raises(SnapshotPrunedError) as refused:
        await retry_task(database, old.task_id, from_snapshot=True)
    assert refused.value.hint == f"octractl retry {old.task_id} --fresh"
    assert (await get_task(database, old.task_id)).state is TaskState.FAILED
    assert (await retry_task(database, old.task_id, from_snapshot=True, fresh=True)).state is TaskState.QUEUED


async def test_roots_go_when_no_snapshot_that_is_kept_has_their_path(database: Database) -> None:
    await leave(database, "a", days=90)
    await leave(database, "b", days=80)
    await leave(database, "a", project="other", days=70)
    await leave(database, "c", project="other", days=60)
    await leave(database, "d")
    assert await prune(database, PruneOrder(MACHINE, 30, "p")) == "ab"
    assert await list_loose_roots(database, MACHINE) == (LooseRoot("/nix/store/b", COMMIT),)
    assert await list_loose_roots(database, "there") == ()
    assert await prune(database) == "a"
    assert [root.store_path[-1] for root in await list_loose_roots(database, MACHINE)] == ["a", "b"]
    await note_unrooted(database, MACHINE, "/nix/store/b")
    assert await list_rooted(database, MACHINE) == {"/nix/store/a"}
    await note_unrooted(database, MACHINE, "/nix/store/a")
    assert await list_loose_roots(database, MACHINE) == ()


async def test_the_same_tree_again_is_kept_again(database: Database) -> None:
    old = await leave(database, "a", days=90, partial=True)
    await leave(database, "b")
    await prune(database)
    await note_unrooted(database, MACHINE, "/nix/store/a")
    await retry_task(database, old.task_id, fresh=True)
    lease = await claim(database, old.task_id)
    again = await record_snapshot(database, lease, made("a"))
    # An answer of the runner's that came late is no reason to lose it.
    await note_unrooted(database, MACHINE, "/nix/store/a")
    await finish(database, lease)
    assert (again.id, again.partial, again.pruned_at) == (old.id, False, None)
    assert (await find_snapshot(database, old.task_id)).id == old.id
    newest = (await list_snapshots(database, SnapshotQuery(project="p"))).snapshots[0]
    assert newest.id == old.id
    await age(database, again.id, 90)
    await leave(database, "c")
    assert await prune(database) == "a"
    assert [root.store_path for root in await list_loose_roots(database, MACHINE)] == ["/nix/store/a"]


async def test_pruning_meanwhile_takes_nothing_from_a_task_that_begins(database: Database) -> None:
    """Tasks choose what they begin with, newer snapshots come and pruning runs: none begins with what is pruned."""
    await leave(database, "0", days=90)
    stop = asyncio.Event()

    async def keep_pruning() -> None:
        while not stop.is_set():
            await prune_snapshots(database, PruneOrder(MACHINE, 1))

    async def begin(number: int) -> None:
        lease = await claim(database, (await submit(database, project="p")).id)
        chosen = await choose_base(database, lease, "p")
        assert chosen is not None
        await asyncio.sleep(random.random() / 20)  # noqa: S311 - lets others in between
        assert await when_pruned(database, chosen.id) is None
        made_here = await record_snapshot(database, lease, made(str(number)))
        await finish(database, lease)
        await age(database, made_here.id, 2)

    pruning = asyncio.create_task(keep_pruning())
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*(begin(number) for number in range(1, 30)))
    finally:
        stop.set()
        await pruning
    await prune_snapshots(database, PruneOrder(MACHINE, 1))
    kept = (await list_snapshots(database, SnapshotQuery(project="p"))).snapshots
    assert len(kept) == 1


async def test_database_of_before_knows_whose_store_its_snapshots_are_in(server: str, tmp_path: Path) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE before_retention")
    dsn = make_conninfo(server, dbname="before_retention")
    for path in sorted(MIGRATIONS.glob("000[123]_*.sql")):
        shutil.copy(path, tmp_path)
    assert await migrations.migrate(dsn, tmp_path, table=TABLE) == [1, 2, 3]
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO projects (name) VALUES ('p')")
        connection.execute(
            """INSERT INTO tasks (id, project, title, request, state, priority, uid, machine)
            VALUES ('k7f3', 'p', 't', 'r', 'done', 'p2', 0, 'm1')"""
        )
        for snapshot_id in ("s1", "s2"):
            connection.execute(
                """INSERT INTO snapshots (id, task_id, project, store_path, nar_hash, size_bytes, commit, partial,
                rehearsal, created_at) VALUES (%s, 'k7f3', 'p', '/nix/store/' || %s, 'h', 1, 'c', false, false,
                now() - interval '90 days')""",
                (snapshot_id, snapshot_id),
            )
    assert 4 in await migrate(dsn)
    database = Database(dsn)
    await database.open()
    try:
        assert await prune(database, PruneOrder("here", 30)) == ""
        assert await prune(database, PruneOrder("m1", 30)) == "1"
    finally:
        await database.close()
