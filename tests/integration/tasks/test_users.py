"""Users in the database: whose request ids, whose quotas, and the audit log."""

import asyncio
import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.postgres import migrations
from octrad.foundation.postgres.pool import Database
from octrad.tasks.audit import AuditQuery, NewAuditEvent, Outcome, add_audit_event, list_audit_events
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.find_task import get_task
from octrad.tasks.migrate import MIGRATIONS, TABLE, migrate
from octrad.tasks.quota import Quota, QuotaExceededError
from octrad.tasks.retry_task import retry_task
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.usage import read_usage

SUBMISSION = Submission("a todo list")


async def test_task_tells_who_submitted_it(database: Database) -> None:
    task = await submit_task(database, SUBMISSION, uid=1000, user_name="anna")
    found = await get_task(database, task.id)
    assert (found.uid, found.user_name) == (1000, "anna")


async def test_request_ids_are_each_users_own(database: Database) -> None:
    annas = await submit_task(database, SUBMISSION, request_id="x", uid=1000)
    carls = await submit_task(database, Submission("another"), request_id="x", uid=1001)
    assert carls.id != annas.id
    assert (await submit_task(database, SUBMISSION, request_id="x", uid=1000)).id == annas.id
    with pytest.raises(InvalidRequestError, match="used before"):
        await submit_task(database, SUBMISSION, request_id="x", uid=1001)


async def test_of_many_submits_at_once_only_those_within_the_quota_pass(database: Database) -> None:
    quota = Quota(tasks_at_once=3)
    answers = await asyncio.gather(
        *(submit_task(database, Submission(f"number {n}"), uid=1000, quota=quota) for n in range(8)),
        *(submit_task(database, Submission(f"number {n}"), uid=1001, quota=Quota(tasks_at_once=1)) for n in range(4)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, QuotaExceededError) for answer in refused)
    assert len(refused) == 5 + 3
    assert (await read_usage(database, 1000)).tasks_at_once == 3
    assert (await read_usage(database, 1001)).tasks_at_once == 1


async def test_the_same_submit_again_is_answered_also_when_the_quota_is_used_up(database: Database) -> None:
    quota = Quota(tasks_at_once=1, tasks_a_day=1)
    task = await submit_task(database, SUBMISSION, request_id="x", uid=1000, quota=quota)
    assert (await submit_task(database, SUBMISSION, request_id="x", uid=1000, quota=quota)).id == task.id


async def test_a_retry_counts_as_a_task_begun_and_needs_room_among_those_at_once(database: Database) -> None:
    first = await submit_task(database, SUBMISSION, uid=1000)
    await cancel_task(database, first.id, uid=1000)
    assert (await read_usage(database, 1000)).tasks_at_once == 0
    with pytest.raises(QuotaExceededError, match="begun 1 task "):
        await retry_task(database, first.id, uid=1000, quota=Quota(tasks_a_day=1))
    await submit_task(database, SUBMISSION, uid=1000)
    with pytest.raises(QuotaExceededError, match="1 task of yours has not ended"):
        await retry_task(database, first.id, uid=1000, quota=Quota(tasks_at_once=1))
    await retry_task(database, first.id, uid=1000, quota=Quota(tasks_at_once=2, tasks_a_day=3))
    usage = await read_usage(database, 1000)
    assert (usage.tasks_at_once, usage.tasks_a_day) == (2, 3)


async def test_only_the_last_day_counts(database: Database) -> None:
    task = await submit_task(database, SUBMISSION, uid=1000)
    insert = """INSERT INTO model_calls (task_id, step, role, model, outcome, input_tokens, output_tokens,
        cached_tokens, cost_usd, duration_ms, error, at)
        VALUES (%(task)s, 's', 'worker', 'm', 'ok', 1, 1, 0, %(cost)s, 1, '', now() - %(age)s::interval)"""
    async with database.connection() as connection, connection.transaction():
        for cost, age in ((1.25, "1 hour"), (0.5, "23 hours"), (100.0, "25 hours"), (None, "1 hour")):
            await connection.execute(insert, {"task": task.id, "cost": cost, "age": age})
    assert (await read_usage(database, 1000)).cost_usd_a_day == pytest.approx(1.75)
    assert (await read_usage(database, 1001)).cost_usd_a_day == 0
    with pytest.raises(QuotaExceededError, match=r"cost \$1\.75"):
        await submit_task(database, SUBMISSION, uid=1000, quota=Quota(cost_usd_a_day=1.0))
    async with database.connection() as connection, connection.transaction():
        await connection.execute("UPDATE task_transitions SET at = now() - interval '25 hours'")
    assert (await read_usage(database, 1000)).tasks_a_day == 0


async def test_audit_log_is_read_in_pages_newest_first_by_user_and_target(database: Database) -> None:
    for number in range(5):
        await add_audit_event(database, NewAuditEvent(1000, "anna", "m", f"k{number}", "", Outcome.ALLOWED))
    await add_audit_event(database, NewAuditEvent(7, "", "m", "k1x", "r\0" + "x" * 500, Outcome.REFUSED))
    first = await list_audit_events(database, AuditQuery(page_size=4))
    assert [event.target for event in first.events] == ["k1x", "k4", "k3", "k2"]
    assert (first.events[0].uid, first.events[0].outcome) == (7, "refused")
    assert len(first.events[0].request_id) == 200
    second = await list_audit_events(database, AuditQuery(page_size=4, page_token=first.next_page_token))
    assert [event.target for event in second.events] == ["k1", "k0"]
    assert second.next_page_token == ""
    by_number = await list_audit_events(database, AuditQuery(user="7"))
    assert [event.target for event in by_number.events] == ["k1x"]
    by_target = await list_audit_events(database, AuditQuery(user="anna", target="k1"))
    assert [event.target for event in by_target.events] == ["k1"]
    assert (await list_audit_events(database, AuditQuery(target="%"))).events == ()


async def test_database_of_before_is_brought_to_users_with_what_it_holds(server: str, tmp_path: Path) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE before_users")
    dsn = make_conninfo(server, dbname="before_users")
    shutil.copy(MIGRATIONS / "0001_tasks.sql", tmp_path)
    assert await migrations.migrate(dsn, tmp_path, table=TABLE) == [1]
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO projects (name) VALUES ('p')")
        connection.execute(
            """INSERT INTO tasks (id, project, title, request, state, priority, uid)
            VALUES ('k7f3', 'p', 't', 'r', 'done', 'p2', 0)"""
        )
        connection.execute(
            "INSERT INTO requests (method, request_id, digest, task_id, uid) VALUES ('RetryTask', 'x', 'd', 'k7f3', 0)"
        )
    assert 2 in await migrate(dsn)
    repeated = (
        "INSERT INTO requests (method, request_id, digest, task_id, uid) VALUES ('RetryTask', 'x', '', 'k7f3', 0)"
    )
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT uid, user_name FROM tasks").fetchall() == [(0, "")]
        # The same id of another user is another request.
        connection.execute(
            "INSERT INTO requests (method, request_id, digest, task_id, uid) VALUES ('RetryTask', 'x', 'd', 'k7f3', 1)"
        )
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(repeated)


async def test_refusals_of_tasks_of_others_leave_one_row_a_task(database: Database) -> None:
    for target in ("k1", "k2", "k1", "k2"):
        refused = NewAuditEvent(1, "carl", "Cancel", target, "", Outcome.REFUSED, target_exists=True)
        await add_audit_event(database, refused)
    assert [event.target for event in (await list_audit_events(database, AuditQuery())).events] == ["k2", "k1"]


async def test_refusals_of_a_user_and_a_method_leave_one_row_an_hour(database: Database) -> None:
    async def refuse(uid: int, method: str) -> None:
        await add_audit_event(database, NewAuditEvent(uid, "eve", method, "t", "", Outcome.REFUSED))

    await asyncio.gather(*(refuse(uid, method) for uid in (1, 2) for method in ("a", "b") for _ in range(20)))
    assert len((await list_audit_events(database, AuditQuery())).events) == 4
    async with database.connection() as connection:
        await connection.execute("UPDATE audit_events SET at = at - interval '61 minutes' WHERE uid = 1")
    await asyncio.gather(*(refuse(uid, "a") for uid in (1, 2) for _ in range(5)))
    assert len((await list_audit_events(database, AuditQuery(user="1"))).events) == 3
    assert len((await list_audit_events(database, AuditQuery(user="2"))).events) == 2
    for _ in range(2):
        await add_audit_event(database, NewAuditEvent(1, "eve", "a", "t", "", Outcome.ALLOWED))
    assert len((await list_audit_events(database, AuditQuery(user="1"))).events) == 5
