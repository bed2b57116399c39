"""Which earlier request a new one is a duplicate of, on a real PostgreSQL with pgvector."""

import asyncio
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from octrad.foundation.postgres.pool import Database
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.embedding import EMBEDDING_MODEL
from octrad.tasks.find_duplicate import BY_TEXT, Comparison, Duplicate, DuplicateRequestError, RequestVector
from octrad.tasks.find_task import get_task
from octrad.tasks.ledger import ModelCall, list_model_calls
from octrad.tasks.list_tasks import count_tasks
from octrad.tasks.machine import TaskState
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Role, Task
from octrad.tasks.transition import Advice, change_state
from tests.integration.tasks.steps import claim, finish

TODO = "Build a command line todo list in Rust"
NEAR = "A command line todo list in Rust, please"
SHOP = "a web shop for shoes in Node"
MODEL = "somebody/embedding"


def comparison(*vector: float, model: str = MODEL, refuse_at: float = 0.85, **fields: Any) -> Comparison:
    made = RequestVector(model, vector) if vector else None
    return Comparison(refuse_at=refuse_at, vector=made, **fields)


async def submit(database: Database, request: str = TODO, compared: Comparison | None = None, **fields: Any) -> Task:
    submission = Submission(request, **fields)
    return await submit_task(database, submission, comparison=compared or comparison())


async def refused(
    database: Database, request: str = TODO, compared: Comparison | None = None, **fields: Any
) -> Duplicate:
    with pytest.raises(DuplicateRequestError) as caught:
        await submit(database, request, compared, **fields)
    return caught.value.duplicate


async def test_an_equal_request_is_refused_with_the_earlier_task(database: Database) -> None:
    earlier = await submit(database)
    await submit(database, SHOP)
    found = await refused(database, f"  {TODO.upper()}. ")
    assert found == Duplicate(earlier.id, earlier.title, TaskState.QUEUED, "", BY_TEXT, 1.0)
    assert sum((await count_tasks(database)).values()) == 2


async def test_a_near_request_is_refused_from_the_similarity_on(database: Database) -> None:
    earlier = await submit(database)
    found = await refused(database, NEAR)
    assert (found.task_id, found.compared_by) == (earlier.id, EMBEDDING_MODEL)
    assert 0.85 <= found.similarity < 0.9
    await submit(database, NEAR, comparison(refuse_at=0.9))


async def test_an_equal_request_goes_before_a_near_one_and_a_newer_before_an_older(database: Database) -> None:
    anyway = Comparison()
    await submit(database, TODO, anyway)
    newer = await submit(database, TODO, anyway)
    await submit(database, NEAR, anyway)
    assert (await refused(database)).task_id == newer.id


async def test_without_a_similarity_everything_is_taken_and_compared_later(database: Database) -> None:
    first = await submit(database, TODO, Comparison())
    second = await submit(database, TODO, Comparison())
    assert first.id != second.id
    assert (await refused(database)).task_id == second.id


@pytest.mark.parametrize("state", [TaskState.FAILED, TaskState.CANCELLED])
async def test_what_failed_or_was_cancelled_is_asked_for_again(database: Database, state: TaskState) -> None:
    earlier = await submit(database)
    if state is TaskState.CANCELLED:
        await cancel_task(database, earlier.id)
    else:
        lease = await claim(database, earlier.id)
        await change_state(database, lease, TaskState.FAILED, advice=Advice("It failed.", "octractl retry"))
    assert (await get_task(database, earlier.id)).state is state
    await submit(database)


async def test_a_task_that_runs_is_watched_and_one_that_is_done_is_looked_at(database: Database) -> None:
    earlier = await submit(database)
    lease = await claim(database, earlier.id)
    with pytest.raises(DuplicateRequestError) as caught:
        await submit(database)
    assert caught.value.hint == f"octractl watch {earlier.id}; or submit it all the same, with --anyway"
    await finish(database, lease)
    found = await refused(database)
    assert (found.state, found.next_command) == (TaskState.DONE, f"octractl show {earlier.id}")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({}, {"bundle_id": "a" * 64}),
        ({"bundle_id": "a" * 64}, {}),
        ({"bundle_id": "a" * 64}, {"bundle_id": "b" * 64}),
        ({}, {"stack": "rust"}),
        ({"stack": "go"}, {"stack": "rust"}),
        ({"rehearsal": True, "model": "rehearsal/a"}, {}),
        ({"rehearsal": True, "model": "rehearsal/a"}, {"rehearsal": True, "model": "rehearsal/b"}),
    ],
)
async def test_an_equal_request_on_another_ground_is_none(
    database: Database, earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    await submit(database, **earlier)
    await submit(database, **later)
    await refused(database, **later)


async def test_a_request_in_a_project_that_goes_on_is_compared_within_it(database: Database) -> None:
    began = await submit(database, project="shop")
    elsewhere = await submit(database, SHOP)
    await submit(database, "add a --version flag", project="shop")
    await submit(database, SHOP, project="shop")
    assert (await refused(database, project="shop")).task_id == began.id
    # What goes on in a project is none of what begins with nothing.
    await submit(database, "add a --version flag")
    assert (await refused(database, SHOP)).task_id == elsewhere.id


async def test_a_request_that_begins_a_project_is_compared_with_all_that_begin_with_nothing(database: Database) -> None:
    earlier = await submit(database)
    assert (await refused(database, project="new")).task_id == earlier.id


async def test_models_priorities_and_checks_make_no_other_request(database: Database) -> None:
    await submit(database, model="a/b")
    await refused(database, model="c/d", checks=("true",), budget_usd=1.0)


async def test_of_equal_requests_at_once_one_is_taken(database: Database) -> None:
    answers = await asyncio.gather(*(submit(database) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, Task) for answer in answers) == 1
    assert sum(isinstance(answer, DuplicateRequestError) for answer in answers) == 5


async def test_the_same_request_id_is_the_same_submission_and_no_duplicate(database: Database) -> None:
    once = await submit_task(database, Submission(TODO), request_id="abc", comparison=comparison())
    again = await submit_task(database, Submission(TODO), request_id="abc", comparison=comparison())
    assert once.id == again.id
    with pytest.raises(DuplicateRequestError):
        await submit_task(database, Submission(TODO), request_id="other", comparison=comparison())
    # Refused, it was answered with no task: with leave the same id makes one.
    assert (await submit_task(database, Submission(TODO), request_id="other")).id != once.id


async def test_vectors_of_a_provider_are_compared_within_their_model_alone(database: Database) -> None:
    earlier = await submit(database, TODO, comparison(1.0, 0.0, 0.1))
    found = await refused(database, SHOP, comparison(1.0, 0.0, 0.0))
    assert (found.task_id, found.compared_by) == (earlier.id, MODEL)
    assert f"by {MODEL}" in found.words
    await submit(database, SHOP, comparison(1.0, 0.0, 0.0, model="another/embedding"))


async def test_a_model_that_changed_its_dimensions_is_not_compared_with_its_past(database: Database) -> None:
    await submit(database, TODO, comparison(1.0, 0.0, 0.1))
    await submit(database, SHOP, comparison(1.0, 0.0))


async def test_what_a_comparison_cost_is_on_the_ledger_of_its_task(database: Database) -> None:
    call = ModelCall(MODEL, "ok", input_tokens=7, cost_usd=0.5, step="compare", role=Role.DAEMON, at=datetime.now(UTC))
    task = await submit(database, TODO, comparison(1.0, 0.0, calls=(call,), remark="compared"))
    assert (task.input_tokens, task.cost_usd) == (7, 0.5)
    await refused(database, SHOP, comparison(1.0, 0.0, calls=(call,)))
    charged = await list_model_calls(database, task.id)
    assert [(row.model, row.step, row.cost_usd) for row in charged] == [(MODEL, "compare", 0.5)] * 2
    assert (await get_task(database, task.id)).cost_usd == 1.0


async def test_tasks_of_an_older_octrad_are_found_by_their_words(database: Database) -> None:
    began = await submit(database, TODO, project="shop")
    went_on = await submit(database, "add a --version flag", project="shop")
    migration = files("octrad.tasks").joinpath("migrations", "0009_duplicates.sql").read_text(encoding="utf-8")
    filling = "INSERT INTO request_fingerprints" + migration.split("INSERT INTO request_fingerprints")[1].split(";")[0]
    async with database.connection() as connection:
        await connection.execute("DELETE FROM request_fingerprints")
        await connection.execute(filling.encode())
    found = await refused(database, TODO)
    assert (found.task_id, found.compared_by) == (began.id, EMBEDDING_MODEL)
    assert (await refused(database, "add a --version flag", project="shop")).task_id == went_on.id
    await submit(database, "add a --version flag")
