"""What somebody reads who asks what to do about a task, and how a task goes on that had no model left to ask."""

import pytest

from tests.acceptance.rehearsed import ADVICE
from tests.daemon import House, Rehearsal


@pytest.fixture(scope="module")
def failed(daemon: House) -> str:
    """A task that never passes its check, of a model that answers questions about it."""
    task = daemon.wait(daemon.submit("the largest prime number", "--model", "rehearsal/advised"))
    assert task["state"] == "TASK_STATE_FAILED"
    return str(task["id"])


def consulted(rehearsal: Rehearsal, task: str) -> list[str]:
    return [row["step"] for row in rehearsal.requests(task) if row["step"].startswith("consult/")]


def test_advice_costs_nothing_and_says_what_failed_and_the_next_step(
    daemon: House, rehearsal: Rehearsal, failed: str
) -> None:
    asked = len(rehearsal.requests(failed))
    said = daemon.must("advise", failed[:6])
    lines = said.stdout.splitlines()
    assert lines[0] == "A check still fails after the last repair."
    assert "| found a prime number larger than 2^136279841 - 1" in lines
    assert lines[-1] == f"next: octractl --socket {daemon.socket} logs {failed} --step check/4/1"
    task = daemon.show(failed)["task"]
    assert daemon.must("advise", failed, "--json").json == {key: task[key] for key in ("note", "next_command")}
    assert len(rehearsal.requests(failed)) == asked


def test_question_is_answered_by_a_model_by_name_once_for_its_id(
    daemon: House, rehearsal: Rehearsal, failed: str
) -> None:
    before = daemon.show(failed)
    arguments = ("advise", failed, "why does it fail?", "--request-id", "why")
    said = daemon.must(*arguments)
    assert said.stdout.splitlines() == [
        ADVICE,
        "(rehearsal/advised [rehearsal] says so; nothing of it was tried)",
    ]
    again = daemon.must(*arguments, "--json").json
    assert again == {"answer": ADVICE, "model": "rehearsal/advised", "rehearsal": True}
    [step] = consulted(rehearsal, failed)

    after = daemon.show(failed)
    [call] = after["model_calls"][len(before["model_calls"]) :]
    assert (call["role"], call["step"], call["outcome"]) == ("advisor", step, "ok")
    assert int(after["task"]["input_tokens"]) == int(before["task"]["input_tokens"]) + int(call["input_tokens"])
    assert after["task"]["note"] == before["task"]["note"]
    assert "why does it fail?" in daemon.must("logs", failed, "--role", "advisor").stdout
    refused = daemon.octractl("advise", failed, "and who?", "--request-id", "why")
    assert refused.exit_code == 65
    assert "used before" in refused.stderr


def test_without_a_model_that_answers_there_is_an_error_and_the_advice_all_the_same(daemon: House, failed: str) -> None:
    note = daemon.must("advise", failed).stdout
    said = daemon.octractl("advise", failed, "why?", "--model", "rehearsal/never-passes")
    assert said.exit_code == 1
    assert said.stdout == note
    assert said.stderr.startswith("error: no model answered `advise`: rehearsal/never-passes is not known")
    unknown = daemon.octractl("advise", failed, "why?", "--model", "nobody/nothing")
    assert unknown.exit_code == 65
    assert "no configured provider serves" in unknown.stderr


def test_task_that_is_done_is_advised_on_too(daemon: House) -> None:
    task = daemon.wait(daemon.submit("quick", "--model", "rehearsal/quick"))["id"]
    assert daemon.must("advise", task).stdout.splitlines()[0] == "It is done and proved."
    assert daemon.octractl("advise", task, "", "--model", "rehearsal/quick").exit_code == 2
    assert daemon.octractl("advise", "zzzzzzzz").exit_code == 66


@pytest.mark.timeout(120)
def test_retry_with_another_chain_goes_on_at_the_step_whose_models_failed(daemon: House, rehearsal: Rehearsal) -> None:
    task = daemon.wait(daemon.submit("quick", "--model", "rehearsal/refuses-to-work"))
    assert "wants to be paid" in task["note"]
    asked = [row["step"] for row in rehearsal.requests(task["id"])]

    unknown = daemon.octractl("retry", task["id"], "--model", "nobody/nothing")
    assert (unknown.exit_code, "no configured provider serves" in unknown.stderr) == (65, True)
    daemon.must("retry", task["id"], "--model", "rehearsal/nothing-there, rehearsal/quick", timeout_s=100)

    ended = daemon.show(task["id"])["task"]
    assert ended["state"] == "TASK_STATE_DONE"
    assert ended["model"] == "rehearsal/nothing-there,rehearsal/quick"
    again = [row["step"] for row in rehearsal.requests(task["id"])][len(asked) :]
    assert again[0] == asked[-1]
    assert not {"grade", "plan"} & set(again)
    changes = [event["state_changed"] for event in daemon.events(task["id"]) if "state_changed" in event]
    assert "retried, asking rehearsal/nothing-there,rehearsal/quick" in {change["reason"] for change in changes}
