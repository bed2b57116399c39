import asyncio

import pytest

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.event_log import EventLog
from octrad.tasks.events import StateChanged
from octrad.tasks.find_task import AmbiguousNameError, TaskNotFoundError, find_task, get_task
from octrad.tasks.list_tasks import TaskQuery, count_tasks, list_tasks
from octrad.tasks.machine import TaskState
from octrad.tasks.request_ids import RequestIdReusedError
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Role, TaskPriority
from tests.integration.tasks.steps import finish, submit, submit_and_claim


async def test_a_submitted_task_is_queued_with_its_first_event(database: Database, log: EventLog) -> None:
    submission = Submission("\n  A todo list\nin Rust", stack="rust", checks=("cargo test",), priority=TaskPriority.P0)
    task = await submit_task(database, submission, uid=1000)
    assert task == await get_task(database, task.id)
    assert (task.title, task.state, task.project, task.uid) == ("A todo list", TaskState.QUEUED, task.id, 1000)
    assert (task.stack, task.checks, task.priority, task.last_seq) == ("rust", ("cargo test",), TaskPriority.P0, 1)
    (event,) = await log.read(task.id, 0)
    assert (event.seq, event.role, event.detail) == (1, Role.USER, StateChanged(TaskState.DRAFT, TaskState.QUEUED))


async def test_the_same_request_id_makes_one_task_even_at_once(database: Database) -> None:
    submission = Submission("a todo list", checks=("true",))
    tasks = await asyncio.gather(*(submit_task(database, submission, request_id="abc") for _ in range(8)))
    assert len({task.id for task in tasks}) == 1
    assert (await count_tasks(database))[TaskState.QUEUED] == 1


async def test_a_request_id_is_refused_for_another_request(database: Database) -> None:
    await submit_task(database, Submission("one"), request_id="abc")
    with pytest.raises(RequestIdReusedError) as caught:
        await submit_task(database, Submission("two"), request_id="abc")
    assert caught.value.field == "request_id"


async def test_text_that_cannot_be_stored_is_refused(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match="`request`"):
        await submit_task(database, Submission("a\0b"))
    with pytest.raises(InvalidRequestError, match="`checks`"):
        await submit_task(database, Submission("a", checks=("\udc80",)))
    assert sum((await count_tasks(database)).values()) == 0


async def test_twenty_submits_at_once_make_twenty_tasks(database: Database) -> None:
    tasks = await asyncio.gather(*(submit(database, f"task {number}", project="p") for number in range(20)))
    page = await list_tasks(database, TaskQuery(project="p"))
    assert {task.id for task in page.tasks} == {task.id for task in tasks}
    assert len(page.tasks) == 20


async def test_a_task_is_found_by_any_unique_prefix(database: Database) -> None:
    tasks = [await submit(database) for _ in range(30)]
    for task in tasks:
        assert (await find_task(database, task.id)).id == task.id
    for length in range(1, 10):
        prefix = tasks[0].id[:length]
        same = [task.id for task in tasks if task.id.startswith(prefix)]
        if len(same) == 1:
            assert (await find_task(database, prefix)).id == tasks[0].id
        else:
            with pytest.raises(AmbiguousNameError) as caught:
                await find_task(database, prefix)
            assert set(caught.value.candidates[:2]) <= set(same)


@pytest.mark.parametrize("name", ["", "zzzzzzzzzz", "%", "b_", "../etc", "b" * 200, "9abc", "b\0"])
async def test_what_names_no_task_is_not_found(database: Database, name: str) -> None:
    await submit(database)
    with pytest.raises(TaskNotFoundError):
        await find_task(database, name)


async def test_pages_give_every_task_once_newest_first(database: Database) -> None:
    tasks = [await submit(database) for _ in range(7)]
    seen, token = [], ""
    while True:
        page = await list_tasks(database, TaskQuery(page_size=3, page_token=token))
        seen += [task.id for task in page.tasks]
        token = page.next_page_token
        if not token:
            break
    assert seen == [task.id for task in reversed(tasks)]


async def test_a_list_is_narrowed_by_state_and_project(database: Database) -> None:
    lease = await submit_and_claim(database, project="a")
    queued = await submit(database, project="b")
    running = await list_tasks(database, TaskQuery(states=(TaskState.RUNNING, TaskState.REVIEW)))
    assert [task.id for task in running.tasks] == [lease.task_id]
    assert [task.id for task in (await list_tasks(database, TaskQuery(project="b"))).tasks] == [queued.id]
    await finish(database, lease)
    counts = await count_tasks(database)
    assert (counts[TaskState.DONE], counts[TaskState.QUEUED], counts[TaskState.FAILED]) == (1, 1, 0)


async def test_the_likest_request_comes_first(database: Database) -> None:
    requests = ["a web shop for shoes in Node", "a command line todo list in Rust", "a snake game for the terminal"]
    for request in requests:
        await submit(database, request)
    page = await list_tasks(database, TaskQuery(like="todo list, command line", page_size=2))
    assert page.tasks[0].request == requests[1]
    rest = await list_tasks(
        database, TaskQuery(like="todo list, command line", page_size=2, page_token=page.next_page_token)
    )
    assert {task.request for task in page.tasks + rest.tasks} == set(requests)
    assert rest.next_page_token == ""


async def test_a_token_of_another_list_is_refused(database: Database) -> None:
    for _ in range(2):
        await submit(database)
    page = await list_tasks(database, TaskQuery(page_size=1))
    for query in (TaskQuery(like="x", page_token=page.next_page_token), TaskQuery(page_token="zzz!")):
        with pytest.raises(InvalidRequestError, match="page token"):
            await list_tasks(database, query)
    with pytest.raises(InvalidRequestError, match="a page holds"):
        await list_tasks(database, TaskQuery(page_size=201))
