"""Budgets in the database: admission, pauses and what ends them, raises, lists and sums."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from octrad.foundation.config import Budgets
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.budget import (
    Admitted,
    Budget,
    Refused,
    Scope,
    Standing,
    Subject,
    Wait,
    budgets_of,
    common_budgets,
    project_budget,
)
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.cost_sums import Cost, CostGroup, sum_costs
from octrad.tasks.event_log import EventLog
from octrad.tasks.events import Remarked
from octrad.tasks.explain_task import explain_task
from octrad.tasks.find_task import get_task
from octrad.tasks.journal import Journal, StepPostponedError
from octrad.tasks.journal_step import Step
from octrad.tasks.ledger import ModelCall, list_model_calls
from octrad.tasks.list_budgets import ProjectNotFoundError, list_budgets, list_current_budgets, require_project
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import TaskState, WrongStateError
from octrad.tasks.ownership import claim_task, release_task
from octrad.tasks.pause_task import pause_task, resume_paused
from octrad.tasks.raise_budget import SpentAlreadyError, raise_budget
from octrad.tasks.request_ids import RequestIdReusedError
from octrad.tasks.reserve_call import reserve_call
from octrad.tasks.retry_task import retry_task
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Lease, Role
from octrad.tasks.usage import read_usage
from tests.integration.tasks.steps import MACHINE, claim, submit_and_claim

NOW = datetime.now(UTC)
A_DOLLAR = Budgets(project_usd=1.0)


def shop(limit_usd: float = 1.0) -> list[Budget]:
    return [Budget(Scope.PROJECT, "shop", "", None, limit_usd, "shop")]


def stands(spent: float, reserved: float, in_flight: float) -> Standing:
    """The budget of a dollar."""
    return Standing(shop()[0], 1.0, spent, reserved, in_flight)


async def charge(database: Database, lease: Lease, cost_usd: float | None, step: str = "plan") -> None:
    """Records a step whose call has cost so much."""

    async def work(made: Step) -> bool:
        made.record_call(ModelCall("a/b", "ok", 100, 20, 10, cost_usd, content_hash="c0ffee"))
        return True

    await Journal(database, lease).step(step, work, result=bool, role=Role.WORKER)


async def standing(database: Database, budgets: Sequence[Budget]) -> Standing:
    [found] = await list_budgets(database, budgets)
    return found


async def pause(database: Database, lease: Lease, budgets: Sequence[Budget]) -> None:
    assert await pause_task(database, lease, await standing(database, budgets))


async def test_what_a_call_reserved_is_spent_when_its_step_is_recorded(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    assert await reserve_call(database, lease, "plan", shop(), 0.9) == Admitted()
    assert await standing(database, shop()) == stands(0.0, 0.9, 0.9)
    await charge(database, lease, 0.25)
    assert await standing(database, shop()) == stands(0.25, 0.0, 0.0)
    [call] = await list_model_calls(database, lease.task_id)
    assert call.content_hash == "c0ffee"


async def test_a_call_that_fails_is_charged_and_holds_nothing_back(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")

    async def work(step: Step) -> bool:
        assert await reserve_call(database, lease, step.name, shop(), 0.9) == Admitted()
        step.record_call(ModelCall("a/b", "hallucination", 5, 5, cost_usd=0.5))
        raise ValueError("no valid answer")

    with pytest.raises(ValueError, match="no valid answer"):
        await Journal(database, lease).step("plan", work, result=bool, role=Role.BOSS)
    assert await standing(database, shop()) == stands(0.5, 0.0, 0.0)


async def test_calls_wait_for_what_others_reserved_and_are_refused_for_what_is_spent(database: Database) -> None:
    first, second = await submit_and_claim(database, "shop"), await submit_and_claim(database, "shop")
    assert await reserve_call(database, first, "plan", shop(), 5.0) == Admitted()
    assert await reserve_call(database, second, "plan", shop(), 0.1) == Wait()
    await charge(database, first, 1.5)
    verdict = await reserve_call(database, second, "plan", shop(), 0.1)
    assert isinstance(verdict, Refused)
    assert verdict.standing.amounts == "$1.50 of $1.00 is spent"


async def test_no_task_is_refused_while_other_calls_of_its_own_are_on_the_way(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    assert await reserve_call(database, lease, "work/a/1", shop(), 0.1) == Admitted()
    assert await reserve_call(database, lease, "work/b/1", shop(), 0.1) == Admitted()
    await charge(database, lease, 2.0, "work/a/1")
    assert await reserve_call(database, lease, "work/a/2", shop(), 0.1) == Wait()
    await charge(database, lease, 0.1, "work/b/1")
    assert isinstance(await reserve_call(database, lease, "work/a/2", shop(), 0.1), Refused)


async def test_a_call_that_a_crash_interrupted_is_admitted_again_whatever_was_spent_since(database: Database) -> None:
    lease, other = await submit_and_claim(database, "shop"), await submit_and_claim(database, "shop")
    for owner in (lease, other):
        assert await reserve_call(database, owner, "plan", shop(), 0.1) == Admitted()
    await release_task(database, lease, "octrad stopped")
    # What was reserved stays reserved, but nobody waits for it.
    assert await standing(database, shop()) == stands(0.0, 0.2, 0.1)
    await charge(database, other, 2.0)
    with pytest.raises(StaleLeaseError):
        await reserve_call(database, lease, "work", shop(50), 0.1)
    resumed = await claim(database, lease.task_id)
    assert await reserve_call(database, resumed, "plan", shop(), 0.1) == Admitted()
    assert isinstance(await reserve_call(database, other, "next", shop(), 0.1), Refused)


async def test_a_task_that_is_over_holds_nothing_back(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    assert await reserve_call(database, lease, "plan", shop(), 0.9) == Admitted()
    await release_task(database, lease, "octrad stopped")
    async with database.connection() as connection, connection.transaction():
        await connection.execute("DELETE FROM steps")
    await cancel_task(database, lease.task_id)
    assert (await get_task(database, lease.task_id)).state is TaskState.CANCELLED
    assert (await standing(database, shop())).reserved_usd == 0


async def test_each_scope_counts_what_is_its_own(database: Database) -> None:
    limits = Budgets(task_usd=1, project_usd=1, user_usd_a_month=1, day_usd=1, month_usd=1)
    subjects = []
    for uid, project, cost in ((1000, "shop", 0.5), (1000, "blog", 0.25), (1001, "shop", 0.125)):
        task = await submit_task(database, Submission("x", project=project), uid=uid)
        await charge(database, await claim(database, task.id), cost)
        subjects.append(Subject(task.id, project, uid, "", None))
    async with database.connection() as connection, connection.transaction():
        # Of the first task: long ago. Its task and project go on to count it, the month does not.
        await connection.execute(
            "UPDATE model_calls SET at = now() - interval '40 days' WHERE task_id = %s", (subjects[0].task_id,)
        )

    async def spent(subject: Subject) -> list[float]:
        return [one.spent_usd for one in await list_budgets(database, budgets_of(subject, limits, datetime.now(UTC)))]

    # Month, day, user, project, task.
    assert await spent(subjects[0]) == [0.375, 0.375, 0.25, 0.625, 0.5]
    assert await spent(subjects[1]) == [0.375, 0.375, 0.25, 0.25, 0.25]
    assert await spent(subjects[2]) == [0.375, 0.375, 0.125, 0.625, 0.125]


async def test_a_limit_that_is_nearly_reached_is_told_of_once_over_all_tasks(database: Database, log: EventLog) -> None:
    leases = [await submit_and_claim(database, "shop") for _ in range(4)]
    await charge(database, leases[0], 0.79)
    await asyncio.gather(*(reserve_call(database, lease, "a", shop(), 0.0) for lease in leases))
    assert await warnings(log, leases) == []
    await charge(database, leases[0], 0.02, "b")
    await asyncio.gather(*(reserve_call(database, lease, "c", shop(), 0.0) for lease in leases))
    assert await warnings(log, leases) == ["the budget of project shop is used to 81 %: $0.8100 of $1.00 is spent"]
    await raise_budget(database, shop()[0], 1.01)
    await asyncio.gather(*(reserve_call(database, lease, "d", shop(), 0.0) for lease in leases))
    assert len(await warnings(log, leases)) == 2, "a limit that was raised is another limit"


async def warnings(log: EventLog, leases: Sequence[Lease]) -> list[str]:
    events = [event for lease in leases for event in await log.read(lease.task_id, 0)]
    return [event.detail.text for event in events if isinstance(event.detail, Remarked) and event.detail.warning]


async def test_a_postponed_step_neither_fails_nor_finishes(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    asked: list[str] = []

    async def work(step: Step) -> bool:
        asked.append(step.request_id)
        raise StepPostponedError("not now")

    for _ in range(2):
        with pytest.raises(StepPostponedError):
            await Journal(database, lease).step("plan", work, result=bool, role=Role.BOSS)
    assert asked == [f"{lease.task_id}/plan/#1"] * 2
    assert [step.state for step in await list_steps(database, lease.task_id)] == ["running"]


async def test_a_paused_task_says_what_it_waits_for_and_goes_on_when_its_budget_is_raised(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    await charge(database, lease, 1.02)
    await pause(database, lease, shop())
    assert await pause_task(database, lease, await standing(database, shop())), "the same again changes nothing"
    task = await get_task(database, lease.task_id)
    assert task.state is TaskState.PAUSED
    assert "The budget of project shop is used up: $1.02 of $1.00 is spent." in task.note
    assert task.next_command == "octractl budget raise --project shop 2.04"
    explained = await explain_task(database, task.id, tasks_at_once=1)
    assert (explained.answer, explained.next_command) == (task.note, task.next_command)
    with pytest.raises(WrongStateError) as caught:
        await retry_task(database, task.id)
    assert caught.value.hint == task.next_command
    assert await claim_task(database, task.id, MACHINE) is None
    assert await resume_paused(database, A_DOLLAR, NOW) == ()
    await raise_budget(database, shop()[0], 1.5)
    assert await resume_paused(database, A_DOLLAR, NOW) == (task.id,)
    assert await resume_paused(database, A_DOLLAR, NOW) == ()
    resumed = await get_task(database, task.id)
    assert (resumed.state, resumed.note, resumed.next_command) == (TaskState.QUEUED, "", "")
    assert (await claim(database, task.id)).generation > lease.generation
    with pytest.raises(StaleLeaseError):
        await pause_task(database, lease, await standing(database, shop()))


async def test_all_budgets_of_a_paused_task_need_room_and_only_those_with_room_go_on(database: Database) -> None:
    limits = Budgets(project_usd=1.0, day_usd=3.0)
    shopping, writing = await submit_and_claim(database, "shop"), await submit_and_claim(database, "blog")
    for lease, project in ((shopping, "shop"), (writing, "blog")):
        await charge(database, lease, 1.5)
        budget = project_budget(project, limits)
        assert budget
        await pause(database, lease, [budget])
        await raise_budget(database, budget, 5.0)
    assert await resume_paused(database, limits, datetime.now(UTC)) == ()
    [day] = common_budgets(limits, datetime.now(UTC))
    await raise_budget(database, day, 4.0)
    assert set(await resume_paused(database, limits, datetime.now(UTC))) == {shopping.task_id, writing.task_id}


async def test_what_waits_for_a_day_or_a_month_goes_on_when_that_is_over(database: Database) -> None:
    limits = Budgets(day_usd=1.0, month_usd=1.0)
    now = datetime.now(UTC)
    day, month = common_budgets(limits, now)
    lease = await submit_and_claim(database, "shop")
    await charge(database, lease, 1.0)
    await pause(database, lease, [day])
    assert day.since is not None
    assert month.since is not None
    last_moment = (month.since + timedelta(days=31)).replace(day=1) - timedelta(seconds=1)
    assert await resume_paused(database, limits, last_moment) == ()
    assert await resume_paused(database, limits, last_moment + timedelta(seconds=1)) == (lease.task_id,)


async def test_what_waits_goes_on_when_the_configuration_limits_it_no_more(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    await charge(database, lease, 1.0)
    await pause(database, lease, shop())
    assert await resume_paused(database, Budgets(), NOW) == (lease.task_id,)


async def test_a_task_whose_cancelling_was_asked_is_not_paused_but_wound_up_by_its_owner(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    await charge(database, lease, 1.0)
    await cancel_task(database, lease.task_id)
    assert not await pause_task(database, lease, await standing(database, shop()))
    assert (await get_task(database, lease.task_id)).state is TaskState.RUNNING


async def test_a_paused_task_that_is_cancelled_gets_an_owner_to_wind_it_up(database: Database) -> None:
    task = await submit_task(database, Submission("x", project="shop"), uid=1000)
    lease = await claim(database, task.id)
    await charge(database, lease, 1.0)
    await pause(database, lease, shop())
    asked = await cancel_task(database, task.id, reason="no longer wanted", uid=1000)
    assert (asked.state, asked.cancel_requested) == (TaskState.QUEUED, True)
    assert await resume_paused(database, Budgets(), NOW) == ()
    assert (await read_usage(database, 1000)).tasks_a_day == 1, "a cancelling is no task that was begun"
    await claim(database, task.id)


async def test_a_limit_is_raised_once_for_a_request_id_and_never_below_what_is_spent(database: Database) -> None:
    [budget] = shop()
    await charge(database, await submit_and_claim(database, "shop"), 1.25)
    assert (await raise_budget(database, budget, 2.0, request_id="x", uid=1000)).limit_usd == 2.0
    assert (await raise_budget(database, budget, 3.0, request_id="y", uid=1000)).limit_usd == 3.0
    assert (await raise_budget(database, budget, 2.0, request_id="x", uid=1000)).limit_usd == 3.0
    assert (await standing(database, [budget])).limit_usd == 3.0
    with pytest.raises(RequestIdReusedError):
        await raise_budget(database, budget, 4.0, request_id="x", uid=1000)
    with pytest.raises(SpentAlreadyError, match=r"\$1\.25 of the budget of project shop is spent already") as caught:
        await raise_budget(database, budget, 1.0)
    assert "$1.00 would be less" in caught.value.message
    assert (await raise_budget(database, budget, 1.25, request_id="x", uid=1001)).limit_usd == 1.25


async def test_a_raised_limit_counts_for_its_period_only(database: Database) -> None:
    limits = Budgets(day_usd=1.0)
    today, tomorrow = common_budgets(limits, NOW), common_budgets(limits, NOW + timedelta(days=1))
    await raise_budget(database, today[0], 2.0)
    assert (await standing(database, today)).limit_usd == 2.0
    assert (await standing(database, tomorrow)).limit_usd == 1.0


async def test_the_list_holds_what_limits_all_the_caller_and_what_has_not_ended(database: Database) -> None:
    limits = Budgets(task_usd=2, project_usd=5, user_usd_a_month=10, day_usd=3, month_usd=30)
    mine = await submit_task(database, Submission("x", project="shop", budget_usd=0.5), uid=1000, user_name="anna")
    over = await submit_task(database, Submission("y", project="blog"), uid=1001)
    await cancel_task(database, over.id)
    found = await list_current_budgets(database, limits, NOW, uid=0, user_name="root")
    assert [(one.budget.scope, one.budget.name, one.limit_usd) for one in found] == [
        (Scope.MONTH, "", 30),
        (Scope.DAY, "", 3),
        (Scope.USER, "0", 10),
        (Scope.USER, "1000", 10),
        (Scope.PROJECT, "shop", 5),
        (Scope.TASK, mine.id, 0.5),
    ]
    assert await list_current_budgets(database, Budgets(), NOW, uid=0, user_name="") == tuple(
        one for one in found if one.budget.name == mine.id
    )
    await require_project(database, "blog")
    with pytest.raises(ProjectNotFoundError):
        await require_project(database, "nowhere")


async def test_costs_are_added_up_by_whatever_calls_have_in_common(database: Database) -> None:
    async def call(task_id: TaskId, role: Role, *calls: ModelCall) -> None:
        async def work(step: Step) -> bool:
            for one in calls:
                step.record_call(one)
            return True

        await Journal(database, await claim(database, task_id)).step("plan", work, result=bool, role=role)

    anna = await submit_task(database, Submission("x", project="shop"), uid=1000, user_name="anna")
    carl = await submit_task(database, Submission("y", project="blog"), uid=1001)
    failed = ModelCall("a/b", "hallucination", 10, 1, cost_usd=0.5)
    long_ago = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    await call(anna.id, Role.BOSS, failed, ModelCall("a/b", "ok", 100, 20, 60, cost_usd=1.0))
    await call(
        carl.id, Role.WORKER, ModelCall("local/m", "ok", 7, 3), ModelCall("a/b", "ok", 1, 1, 0, 0.25, at=long_ago)
    )

    async def costs(by: CostGroup) -> dict[str, float | None]:
        return {cost.key: cost.cost_usd for cost in (await sum_costs(database, by)).costs}

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert await costs(CostGroup.TASK) == {anna.id: 1.5, carl.id: 0.25}
    assert await costs(CostGroup.PROJECT) == {"shop": 1.5, "blog": 0.25}
    assert await costs(CostGroup.MODEL) == {"a/b": 1.75, "local/m": None}
    assert await costs(CostGroup.USER) == {"anna": 1.5, "uid 1001": 0.25}
    assert await costs(CostGroup.DAY) == {"2026-01-31": 0.25, today: 1.5}
    assert await costs(CostGroup.ROLE) == {"boss": 1.5, "worker": 0.25}
    by_model = await sum_costs(database, CostGroup.MODEL)
    assert by_model.costs == (Cost("a/b", 3, 1, 0, 111, 22, 60, 1.75), Cost("local/m", 1, 0, 1, 7, 3, 0, None))
    assert by_model.total == Cost("", 4, 1, 1, 118, 25, 60, 1.75)
    recent = await sum_costs(database, CostGroup.MODEL, since=datetime(2026, 2, 1, tzinfo=UTC), project="blog")
    assert recent.total == Cost("", 1, 0, 1, 7, 3, 0, None)
    assert (await sum_costs(database, CostGroup.TASK, project="nowhere")).total == Cost("", 0, 0, 0, 0, 0, 0, None)
