"""A run whose budget is used up: it is paused before its next question, and goes on at that question."""

import asyncio

import pytest

from octrad.foundation.config import Budgets
from octrad.foundation.ids import TaskId
from octrad.pipeline.questions.content_hash import hash_content
from octrad.tasks.budget import Budget, Scope
from octrad.tasks.cancel_signal import CancelSignal
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.events import StepStarted
from octrad.tasks.find_task import get_task
from octrad.tasks.ledger import list_model_calls
from octrad.tasks.list_budgets import list_budgets
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import TaskState
from octrad.tasks.pause_task import resume_paused
from octrad.tasks.raise_budget import raise_budget
from octrad.tasks.submit_task import Submission
from octrad.tasks.task import Task
from tests.integration.pipeline.desk import Desk

# Less than any question costs at the prices of `conftest.py`.
A_QUESTION_USD = 0.0001


def budget_of(task_id: TaskId, limit_usd: float) -> Budget:
    return Budget(Scope.TASK, task_id, "", None, limit_usd, task_id)


async def go_on(desk: Desk, task: Task, limit_usd: float) -> Task:
    """Raises the task's budget and runs it on."""
    await raise_budget(desk.database, budget_of(task.id, limit_usd), limit_usd)
    assert task.id in await resume_paused(desk.database, desk.budgets, task.created_at)
    return await desk.run(task.id)


@pytest.mark.parametrize("scenario", ["hello", "node-web"])
async def test_a_run_that_is_paused_at_every_question_asks_and_pays_for_nothing_twice(
    desk: Desk, scenario: str
) -> None:
    task_id = await desk.submit(scenario, Submission("build it", budget_usd=A_QUESTION_USD))
    task, pauses = await desk.run(task_id), 0
    while task.state is TaskState.PAUSED:
        pauses += 1
        assert desk.tree(task_id), "its work is kept"
        assert task.next_command.startswith(f"octractl budget raise {task_id} ")
        [standing] = await list_budgets(desk.database, [budget_of(task_id, A_QUESTION_USD)])
        assert standing.reserved_usd == 0
        assert not any(step.state == "failed" for step in await list_steps(desk.database, task_id))
        # Room for one question more, so that it is paused again before the next.
        task = await go_on(desk, task, task.cost_usd + A_QUESTION_USD)
    assert task.state is TaskState.DONE, task.note
    assert (task.note, task.next_command) == ("", "")
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))
    assert 2 < pauses < len(asked)
    calls = await list_model_calls(desk.database, task_id)
    assert sorted(call.step for call in calls) == sorted(asked)
    assert task.cost_usd == pytest.approx(sum(call.cost_usd or 0 for call in calls))


async def test_calls_carry_the_hash_of_what_they_were_made_of(desk: Desk) -> None:
    task_id = await desk.submit("hello")
    assert (await desk.run(task_id)).state is TaskState.DONE
    hashes = {(call.content_hash, call.prices_hash) for call in await list_model_calls(desk.database, task_id)}
    [(content_hash, prices_hash)] = hashes
    assert content_hash == hash_content(desk.library.current)
    assert len(prices_hash) == 64


async def test_a_run_goes_by_the_budgets_of_the_configuration(desk: Desk) -> None:
    desk.budgets = Budgets(day_usd=A_QUESTION_USD)
    task = await desk.run(await desk.submit("hello"))
    assert task.state is TaskState.PAUSED
    assert "by itself on the next day (UTC)" in task.note
    assert task.next_command.startswith("octractl budget raise --day ")


async def test_a_run_whose_budget_is_not_used_up_is_not_held_up(desk: Desk) -> None:
    desk.budgets = Budgets(task_usd=1e6, project_usd=1e6, user_usd_a_month=1e6, day_usd=1e6, month_usd=1e6)
    task_id = await desk.submit("node-web")
    assert (await desk.run(task_id)).state is TaskState.DONE
    assert desk.requests(task_id)


async def test_a_paused_run_that_is_cancelled_is_wound_up_with_a_snapshot(desk: Desk) -> None:
    task_id = await desk.submit("hello", Submission("build it", budget_usd=A_QUESTION_USD))
    assert (await desk.run(task_id)).state is TaskState.PAUSED
    await cancel_task(desk.database, task_id, reason="no longer wanted")
    cancel = CancelSignal()
    cancel.set("no longer wanted")
    task = await desk.run(task_id, cancel)
    assert task.state is TaskState.CANCELLED
    assert "no longer wanted" in task.note
    assert task.store_path
    assert not desk.tree(task_id)


async def test_a_run_that_is_cancelled_at_its_pause_is_wound_up_at_once(desk: Desk) -> None:
    task_id = await desk.submit("hello", Submission("build it", budget_usd=A_QUESTION_USD))
    lease = await desk.claim(task_id)
    cancel = CancelSignal()
    # Written down, but its owner has not heard of it when it comes to its pause.
    await cancel_task(desk.database, task_id)
    running = asyncio.create_task(desk.pipeline().run_task(lease, cancel))
    await desk.wait_for(task_id, StepStarted, "plan")
    cancel.set("no longer wanted")
    await asyncio.wait_for(running, 60)
    assert (await get_task(desk.database, task_id)).state is TaskState.CANCELLED


async def test_a_run_that_is_interrupted_with_a_question_reserved_goes_on_with_it(desk: Desk) -> None:
    task_id = await desk.submit("hello", Submission("build it", budget_usd=A_QUESTION_USD))
    assert (await desk.run(task_id)).state is TaskState.PAUSED
    await raise_budget(desk.database, budget_of(task_id, 1), 1e6)
    await resume_paused(desk.database, desk.budgets, (await get_task(desk.database, task_id)).created_at)
    await desk.interrupt(task_id, StepStarted, "work/builder/1")
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))
