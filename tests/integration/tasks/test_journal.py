import asyncio
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from octrad.foundation.errors import UnavailableError
from octrad.foundation.postgres.pool import Database
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.event_log import EventLog
from octrad.tasks.events import CommandOutput, FilesChanged, ModelAnswered, Remarked, StepFinished, StepStarted
from octrad.tasks.find_task import get_task
from octrad.tasks.journal import Journal, UnreadableStepError
from octrad.tasks.journal_step import Step
from octrad.tasks.ledger import ModelCall, list_model_calls
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import TaskState
from octrad.tasks.ownership import release_task
from octrad.tasks.retry_task import retry_task
from octrad.tasks.task import Role
from octrad.tasks.transition import change_state
from tests.integration.tasks.steps import claim, cut_connections, submit_and_claim


@dataclass(frozen=True, slots=True)
class Applied:
    commit: str
    paths: tuple[str, ...] = ()


class Plan(BaseModel):
    title: str
    workers: list[str]


async def never(step: Step) -> str:
    raise AssertionError(f"{step.name} was made again")


async def test_a_finished_step_is_not_made_again(database: Database) -> None:
    lease = await submit_and_claim(database)

    async def work(step: Step) -> Applied:
        step.commit = "abc"
        step.has_log = True
        return Applied("abc", ("a\0b", "ü"))

    first = await Journal(database, lease).step("apply", work, result=Applied, role=Role.WORKER, agent="builder")

    async def again(step: Step) -> Applied:
        return Applied(await never(step))

    resumed = Journal(database, lease)
    assert (
        await resumed.step("apply", again, result=Applied, role=Role.WORKER) == first == Applied("abc", ("a\0b", "ü"))
    )
    assert await resumed.recorded("other", Applied) is None
    (step,) = await list_steps(database, lease.task_id)
    assert (step.name, step.state, step.attempt, step.commit, step.has_log) == ("apply", "finished", 1, "abc", True)


async def test_pydantic_models_and_plain_values_are_recorded(database: Database) -> None:
    lease = await submit_and_claim(database)

    async def plan(_: Step) -> Plan:
        return Plan(title="Todo", workers=["a"])

    async def nothing(_: Step) -> None:
        return None

    journal = Journal(database, lease)
    await journal.step("plan", plan, result=Plan, role=Role.BOSS)
    await journal.step("remove", nothing, result=type(None), role=Role.DAEMON)
    assert await Journal(database, lease).recorded("plan", Plan) == Plan(title="Todo", workers=["a"])


async def test_events_and_ledger_of_a_step_come_once_and_in_order(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)
    told: list[str] = []

    async def work(step: Step) -> str:
        await step.emit(CommandOutput("out\0put"))
        step.record_call(ModelCall("a/b", "rate", duration_ms=5, error="slow down"))
        step.record_call(ModelCall("a/b", "ok", 100, 20, 10, cost_usd=0.25, duration_ms=7))
        step.record_call(ModelCall("c/d", "ok", 1, 2))
        step.record(FilesChanged(("x",), "abc"))

        async def acknowledge() -> None:
            told.append(step.request_id)

        step.on_recorded(acknowledge)
        return "done"

    journal = Journal(database, lease)
    await journal.step("work/a/1", work, result=str, role=Role.WORKER, agent="a", title="Work")
    await journal.close()
    events = await log.read(lease.task_id, 2)
    assert [event.seq for event in events] == list(range(3, 10))
    kinds = [StepStarted, CommandOutput, ModelAnswered, ModelAnswered, ModelAnswered, FilesChanged, StepFinished]
    assert [type(event.detail) for event in events] == kinds
    assert {(event.role, event.agent, event.step) for event in events} == {(Role.WORKER, "a", "work/a/1")}
    assert events[1].detail == CommandOutput("out\ufffdput")
    task = await get_task(database, lease.task_id)
    assert (task.input_tokens, task.output_tokens, task.cost_usd, task.unpriced_calls) == (101, 22, 0.25, 1)
    calls = await list_model_calls(database, lease.task_id)
    assert [(call.model, call.outcome, call.step, call.role) for call in calls] == [
        ("a/b", "rate", "work/a/1", "worker"),
        ("a/b", "ok", "work/a/1", "worker"),
        ("c/d", "ok", "work/a/1", "worker"),
    ]
    assert told == [f"{lease.task_id}/work/a/1/#1"]


async def test_only_a_failed_step_is_another_attempt(database: Database) -> None:
    lease = await submit_and_claim(database)
    journal = Journal(database, lease)
    asked: list[str] = []

    async def fails(step: Step) -> str:
        asked.append(step.request_id)
        step.record_call(ModelCall("a/b", "transient", 3, error="no"))
        raise UnavailableError("the provider is away")

    with pytest.raises(UnavailableError):
        await journal.step("plan", fails, result=str, role=Role.BOSS)
    (step,) = await list_steps(database, lease.task_id)
    assert (step.state, step.error) == ("failed", "the provider is away")
    assert len(await list_model_calls(database, lease.task_id)) == 1

    async def is_cancelled(step: Step) -> str:
        asked.append(step.request_id)
        raise asyncio.CancelledError

    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await journal.step("plan", is_cancelled, result=str, role=Role.BOSS)
    assert [name.rsplit("/", 1)[1] for name in asked] == ["#1", "#2", "#2"]


async def test_a_retry_goes_on_and_a_fresh_one_starts_over_under_new_attempts(database: Database) -> None:
    lease = await submit_and_claim(database)

    async def give(step: Step) -> str:
        return step.request_id.rsplit("#", 1)[1]

    async def interrupted(step: Step) -> str:
        raise asyncio.CancelledError(step.name)

    await Journal(database, lease).step("plan", give, result=str, role=Role.BOSS)
    with pytest.raises(asyncio.CancelledError):
        await Journal(database, lease).step("work", interrupted, result=str, role=Role.WORKER)
    await change_state(database, lease, TaskState.FAILED)

    await retry_task(database, lease.task_id)
    journal = Journal(database, second := await claim(database, lease.task_id))
    assert await journal.step("plan", never, result=str, role=Role.BOSS) == "1"
    assert await journal.step("work", give, result=str, role=Role.WORKER) == "2"
    await change_state(database, second, TaskState.FAILED)

    await retry_task(database, lease.task_id, fresh=True)
    assert await list_steps(database, lease.task_id) == ()
    journal = Journal(database, await claim(database, lease.task_id))
    assert await journal.step("plan", give, result=str, role=Role.BOSS) == "2"
    assert await journal.step("work", give, result=str, role=Role.WORKER) == "3"
    assert (await get_task(database, lease.task_id)).run == 3


async def test_an_owner_of_before_can_write_nothing(database: Database) -> None:
    stale = await submit_and_claim(database)
    journal = Journal(database, stale)
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def frozen(_: Step) -> str:
        entered.set()
        await go_on.wait()
        return "late"

    step = asyncio.create_task(journal.step("plan", frozen, result=str, role=Role.BOSS))
    await entered.wait()
    await release_task(database, stale, "taken away")
    owner = await claim(database, stale.task_id, "elsewhere")

    async def quick(step: Step) -> str:
        return step.request_id

    answer = await Journal(database, owner).step("plan", quick, result=str, role=Role.BOSS)
    assert answer.endswith("#1")
    before = (await get_task(database, stale.task_id)).last_seq
    go_on.set()
    with pytest.raises(StaleLeaseError):
        await step
    with pytest.raises(StaleLeaseError):
        await journal.emit(Remarked("late"), role=Role.DAEMON)
    with pytest.raises(StaleLeaseError):
        await journal.step("other", quick, result=str, role=Role.BOSS)
    with pytest.raises(StaleLeaseError):
        await change_state(database, stale, TaskState.FAILED)
    assert (await get_task(database, stale.task_id)).last_seq == before
    assert await Journal(database, owner).recorded("plan", str) == answer


async def test_steps_side_by_side_leave_no_gap_in_the_numbers(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)
    journal = Journal(database, lease)

    async def talk(step: Step) -> int:
        for number in range(5):
            await step.emit(Remarked(f"{step.name} {number}"))
        return 1

    steps = [journal.step(f"work/{number}/1", talk, result=int, role=Role.WORKER) for number in range(12)]
    assert sum(await asyncio.gather(*steps)) == 12
    events = await log.read(lease.task_id, 0)
    assert [event.seq for event in events] == list(range(1, 2 + 12 * 7 + 1))
    for number in range(12):
        mine = [event.detail for event in events if event.step == f"work/{number}/1"]
        assert mine[1:-1] == [Remarked(f"work/{number}/1 {said}") for said in range(5)]


async def test_a_result_of_another_version_is_named(database: Database) -> None:
    lease = await submit_and_claim(database)

    async def give(_: Step) -> str:
        return "text"

    await Journal(database, lease).step("plan", give, result=str, role=Role.BOSS)
    with pytest.raises(UnreadableStepError, match="step `plan`"):
        await Journal(database, lease).recorded("plan", Plan)


async def test_what_finished_in_an_outage_is_recorded_afterwards(database: Database, log: EventLog) -> None:
    lease = await submit_and_claim(database)
    runs: list[str] = []

    async def cut_off(step: Step) -> str:
        runs.append(step.request_id)
        await cut_connections(database)
        return "kept"

    journal = Journal(database, lease)
    steps = [journal.step(f"work/{n}", cut_off, result=str, role=Role.WORKER) for n in range(6)]
    assert await asyncio.gather(*steps) == ["kept"] * 6
    assert len(runs) == 6
    assert len(await list_steps(database, lease.task_id)) == 6
    events = await log.read(lease.task_id, 2)
    assert [event.seq for event in events] == list(range(3, 15))
    assert sum(isinstance(event.detail, StepFinished) for event in events) == 6
