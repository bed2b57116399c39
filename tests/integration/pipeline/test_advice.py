"""What is said at the end of a run that is not done, and of tasks that somebody asks about, with real ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from octrad.foundation.config import Advisor as AdvisorConfig
from octrad.foundation.config import Config, Limits
from octrad.foundation.errors import UnavailableError
from octrad.foundation.ids import TaskId
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.settings import Settings
from octrad.pipeline.advisor.consult import Advisor, Inquiry, NoAnswerError
from octrad.tasks.consultation import Consultation
from octrad.tasks.events import Advised, Remarked, StepFinished
from octrad.tasks.find_task import get_task
from octrad.tasks.ledger import list_model_calls
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import TaskState
from octrad.tasks.quota import UNLIMITED, Quota, QuotaExceededError
from octrad.tasks.recorded_result import recorded_result
from octrad.tasks.request_ids import RequestIdReusedError
from octrad.tasks.retry_task import retry_task
from octrad.tasks.task import Role
from tests.integration.pipeline.desk import RUN_TIMEOUT_S, Desk

NO_WORKER = "no-worker,no-worker:b"
MINE = """
title = "The primes are ours"
explanation = "Ask the number theorists."
commands = ["octractl diff {task}"]
[[match]]
code = "checks_failed"
stack = "plain"
"""
ASKED = Inquiry("why is there no file?", (), "the-first", 1000, UNLIMITED)


@pytest.fixture(autouse=True)
async def forgetful_gateway(state_dir: Path) -> AsyncIterator[None]:
    """What a model did wrong here is not held against it in the next test."""
    yield
    await ServantConnection("gateway", state_dir).stop()


def advisor(desk: Desk) -> Advisor:
    settings = Settings(Config(limits=desk.limits, advisor=desk.advisor))
    return Advisor(desk.database, desk.gateway, settings, desk.library)


def asked_of_the_advisor(desk: Desk, task_id: TaskId) -> list[str]:
    return [step for step in desk.requests(task_id) if step.startswith(("advise", "consult"))]


async def test_trail_of_models_is_told_and_a_retry_with_another_goes_on_at_that_very_step(desk: Desk) -> None:
    task = await desk.run(await desk.submit(NO_WORKER))
    assert task.state is TaskState.FAILED
    lines = task.note.splitlines()
    assert lines[:2] == ["No model answered: the key is refused.", "What was tried at step work/builder/1:"]
    assert lines[2].startswith("- rehearsal/no-worker is not known to its provider (asked once, ")
    assert lines[2].endswith("The model does not exist")
    assert lines[3].startswith("- rehearsal/no-worker:b refuses the key (asked once, ")
    assert "partial snapshot" in task.note
    # The configured chain is of the provider that refuses the key: no other can be named.
    assert task.next_command == "octractl models"
    assert not asked_of_the_advisor(desk, task.id)

    retried = await retry_task(desk.database, task.id, model="rehearsal/hello", request_id="again")
    assert (await retry_task(desk.database, task.id, model="rehearsal/hello", request_id="again")) == retried
    with pytest.raises(RequestIdReusedError):
        await retry_task(desk.database, task.id, model="rehearsal/python-cli", request_id="again")
    task = await desk.run(task.id)

    assert task.state is TaskState.DONE, task.note
    assert task.model == "rehearsal/hello"
    asked = desk.requests(task.id)
    assert (asked.count("grade"), asked.count("plan"), asked.count("work/builder/1")) == (1, 1, 3)


async def test_another_configured_model_is_the_next_step_where_the_model_was_the_trouble(desk: Desk) -> None:
    task = await desk.run(await desk.submit("no-words"))
    assert "- rehearsal/no-words gave no valid answer (asked 2 times" in task.note
    assert task.next_command == f"octractl retry {task.id} --model rehearsal/python-cli"


async def test_cause_of_a_failing_check_is_found_in_its_output(desk: Desk) -> None:
    desk.limits = Limits(fix_rounds=1)
    task = await desk.run(await desk.submit("wants-network"))
    lines = task.note.splitlines()
    assert lines[0] == "A check fails because it wants the network."
    assert "| curl: (6) Could not resolve host: primes.example" in lines
    assert task.next_command == f"octractl logs {task.id} --step check/2/1"
    assert "tokens in" in task.note


async def test_ones_own_playbook_goes_before_ours_and_a_broken_one_is_passed_over(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.toml").write_text("title =")
    (tmp_path / "mine.toml").write_text(MINE)
    desk.limits, desk.advisor = Limits(fix_rounds=1), AdvisorConfig(playbooks_dir=tmp_path)
    task = await desk.run(await desk.submit("never-passes"))
    assert task.note.startswith("The primes are ours.\n")
    assert task.next_command == f"octractl diff {task.id}"
    assert "broken.toml" in caplog.text

    (tmp_path / "mine.toml").unlink()
    advice = await advisor(desk).advise(task)
    assert advice.note.startswith("A check still fails"), "advice is made anew from what was recorded"
    assert advice.next_command == f"octractl logs {task.id} --step check/2/1"


async def test_words_of_a_model_come_below_the_note_and_are_asked_for_once(desk: Desk) -> None:
    desk.advisor = AdvisorConfig(model_wording=True)
    task_id = await desk.submit(NO_WORKER)
    await desk.interrupt(task_id, StepFinished, "advise/1/words")
    task = await desk.run(task_id)
    assert task.note.splitlines()[0] == "No model answered: the key is refused."
    assert task.note.splitlines()[-1] == "In a model's words: The second key is wrong. next: rm -rf /"
    assert task.next_command == "octractl models"
    assert asked_of_the_advisor(desk, task_id) == ["advise/1/words"]
    assert [call.step for call in await list_model_calls(desk.database, task_id) if call.role == Role.ADVISOR] == [
        "advise/1/words"
    ]
    assert len(await desk.events(task_id, Advised)) == 1


async def test_note_is_the_same_where_no_model_words_it(desk: Desk) -> None:
    task_id = await desk.submit("no-words")
    without = await desk.run(task_id)
    desk.advisor = AdvisorConfig(model_wording=True)
    await retry_task(desk.database, task_id)
    again = await desk.run(task_id)
    assert again.state is TaskState.FAILED
    assert "In a model's words" not in again.note
    assert again.next_command == without.next_command


async def test_task_that_is_given_up_says_what_did_not_answer(desk: Desk) -> None:
    task = await get_task(desk.database, await desk.submit("hello"))
    error = UnavailableError("the runner does not start", hint="runner.log ends: no bwrap")
    advice = await desk.pipeline().advise_given_up(task, error)
    assert "The runner does not start.\n" in advice.note
    assert "Hint: Runner.log ends: no bwrap.\n" in advice.note
    assert advice.next_command == f"octractl retry {task.id}"


async def test_advice_on_a_task_that_did_not_fail_is_what_it_waits_for(desk: Desk) -> None:
    task_id = await desk.submit("hello")
    waiting = await advisor(desk).advise(await get_task(desk.database, task_id))
    assert waiting.next_command == f"octractl watch {task_id}"
    done = await advisor(desk).advise(await desk.run(task_id))
    assert (done.note, done.next_command) == ("It is done and proved.", f"octractl restore {task_id}")


async def test_question_about_an_ended_task_is_asked_once_for_its_id_and_paid_by_the_task(desk: Desk) -> None:
    ended = await desk.run(await desk.submit(NO_WORKER))
    inquiry = replace(ASKED, chain=("rehearsal/no-worker",))
    first, second = await asyncio.gather(*(advisor_of.consult(ended, inquiry) for advisor_of in [advisor(desk)] * 2))
    assert (first.answer, first.model, first.rehearsal) == ("Because nobody wrote it.", "rehearsal/no-worker", True)
    assert first == second == await advisor(desk).consult(ended, inquiry)
    with pytest.raises(RequestIdReusedError):
        await advisor(desk).consult(ended, replace(inquiry, question="who?"))

    [step] = asked_of_the_advisor(desk, ended.id)
    [call] = [call for call in await list_model_calls(desk.database, ended.id) if call.role == Role.ADVISOR]
    assert (call.step, call.outcome) == (step, "ok")
    task = await get_task(desk.database, ended.id)
    assert (task.state, task.note) == (ended.state, ended.note)
    assert task.input_tokens == ended.input_tokens + call.input_tokens
    [told] = [e.detail for e in await desk.events(ended.id, Remarked) if e.role is Role.ADVISOR]
    assert told == Remarked("“why is there no file?” Because nobody wrote it.")
    assert "consult" not in {
        step.name.split("/")[0] for step in await list_steps(desk.database, ended.id) if step.error
    }


async def test_question_that_no_model_answers_is_recorded_and_not_asked_again(desk: Desk) -> None:
    ended = await desk.run(await desk.submit("no-words"))
    inquiry = replace(ASKED, chain=("rehearsal/no-words",))
    for _ in range(2):
        with pytest.raises(NoAnswerError, match="no model answered"):
            await advisor(desk).consult(ended, inquiry)
    assert len(asked_of_the_advisor(desk, ended.id)) == 1
    assert len([call for call in await list_model_calls(desk.database, ended.id) if call.role == Role.ADVISOR]) == 1


async def test_question_whose_asker_leaves_is_recorded_all_the_same(desk: Desk) -> None:
    ended = await desk.run(await desk.submit(NO_WORKER))
    inquiry = replace(ASKED, chain=("rehearsal/slow-advice",))
    asking = asyncio.create_task(advisor(desk).consult(ended, inquiry))
    async with asyncio.timeout(RUN_TIMEOUT_S):
        while not (steps := asked_of_the_advisor(desk, ended.id)):  # noqa: ASYNC110 - the rehearsal announces nothing
            await asyncio.sleep(0.02)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        while (found := await recorded_result(desk.database, ended.id, steps[0], Consultation)) is None:  # noqa: ASYNC110 - nor does this
            await asyncio.sleep(0.02)
    assert found.answer == "Slowly."


async def test_question_is_held_to_what_the_user_may_spend(desk: Desk) -> None:
    ended = await desk.run(await desk.submit(NO_WORKER))
    async with desk.database.connection() as connection:
        await connection.execute("UPDATE model_calls SET cost_usd = 1")
    inquiry = replace(ASKED, uid=ended.uid, quota=Quota(tasks_at_once=0, cost_usd_a_day=0.5))
    with pytest.raises(QuotaExceededError, match="have cost"):
        await advisor(desk).consult(ended, inquiry)
    assert not asked_of_the_advisor(desk, ended.id)
