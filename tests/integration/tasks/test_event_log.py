import asyncio
import random
from contextlib import aclosing

import pytest

from octrad.foundation.errors import ExhaustedError
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.tasks.event_log import EventLog, ResumeAfter
from octrad.tasks.events import Remarked, StateChanged
from octrad.tasks.find_task import TaskNotFoundError
from octrad.tasks.journal import Journal
from octrad.tasks.machine import TaskState
from octrad.tasks.retry_task import retry_task
from octrad.tasks.task import Role
from octrad.tasks.transition import Advice, change_state
from octrad.tasks.wakeups import Wakeups
from tests.integration.tasks.steps import claim, cut_connections, finish, submit, submit_and_claim


async def collect(log: EventLog, task_id: TaskId, after_seq: int = 0) -> list[int | ResumeAfter]:
    return [item if isinstance(item, ResumeAfter) else item.seq async for item in log.watch(task_id, after_seq)]


async def remark(journal: Journal, count: int) -> None:
    for number in range(count):
        await journal.emit(Remarked(str(number)), role=Role.DAEMON)


async def test_many_watchers_see_everything_once_and_end_with_the_task(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)
    watchers = [asyncio.create_task(collect(log, lease.task_id)) for _ in range(50)]
    journal = Journal(database, lease)
    await asyncio.gather(*(remark(journal, 20) for _ in range(4)))
    await finish(database, lease)
    for seen in await asyncio.gather(*watchers):
        assert seen == list(range(1, 2 + 80 + 2 + 1))


async def test_watchers_that_resume_at_random_numbers_lose_nothing(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)

    async def restless(seed: int) -> list[int]:
        dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
        seen: list[int] = []
        while True:
            patience = dice.randrange(1, 12)
            async with aclosing(log.watch(lease.task_id, len(seen))) as watch:
                async for item in watch:
                    assert not isinstance(item, ResumeAfter)
                    seen.append(item.seq)
                    if isinstance(item.detail, StateChanged) and item.detail.to is TaskState.DONE:
                        return seen
                    patience -= 1
                    if patience == 0:
                        break

    watchers = [asyncio.create_task(restless(seed)) for seed in range(12)]
    await asyncio.gather(*(remark(Journal(database, lease), 25) for _ in range(3)))
    await finish(database, lease)
    for seen in await asyncio.gather(*watchers):
        assert seen == list(range(1, 2 + 75 + 2 + 1))


async def test_a_stopped_log_says_where_to_resume(database: Database, wakeups: Wakeups) -> None:
    log = EventLog(database, wakeups)
    lease = await submit_and_claim(database)
    seen: list[int] = []
    caught_up = asyncio.Event()

    async def watch() -> int:
        async for item in log.watch(lease.task_id, 0):
            if isinstance(item, ResumeAfter):
                return item.seq
            seen.append(item.seq)
            if len(seen) == 2:
                caught_up.set()
        raise AssertionError("it ended without a number")

    watching = asyncio.create_task(watch())
    await caught_up.wait()
    log.stop()
    assert await watching == 2
    await finish(database, lease)
    assert await collect(EventLog(database, wakeups), lease.task_id, 2) == [3, 4]


async def test_a_final_state_in_the_past_does_not_end_the_watch_of_a_retried_task(
    database: Database, log: EventLog
) -> None:
    lease = await submit_and_claim(database)
    await change_state(database, lease, TaskState.FAILED, advice=Advice("It failed.", "octractl retry"))
    assert await collect(log, lease.task_id) == [1, 2, 3, 4]
    await retry_task(database, lease.task_id)
    watching = asyncio.create_task(collect(log, lease.task_id))
    await finish(database, await claim(database, lease.task_id))
    assert await watching == list(range(1, 9))


async def test_watching_what_does_not_exist_is_an_error(log: EventLog) -> None:
    with pytest.raises(TaskNotFoundError):
        await collect(log, TaskId("zzzzzzzzzz"))


async def test_waiting_for_the_end_has_a_deadline(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)
    with pytest.raises(ExhaustedError, match="did not end within"):
        await log.wait_until_final(lease.task_id, 0.05)
    waiting = asyncio.create_task(log.wait_until_final(lease.task_id, 20))
    await finish(database, lease)
    assert (await waiting).state is TaskState.DONE


async def test_a_watch_outlives_the_loss_of_every_connection(database: Database, log: EventLog) -> None:
    task = await submit(database)
    first_seen = asyncio.Event()

    async def watch() -> list[int]:
        seen = []
        async for item in log.watch(task.id, 0):
            assert not isinstance(item, ResumeAfter)
            seen.append(item.seq)
            first_seen.set()
        return seen

    watching = asyncio.create_task(watch())
    await first_seen.wait()
    await cut_connections(database)
    await finish(database, await claim(database, task.id))
    assert await watching == [1, 2, 3, 4]
