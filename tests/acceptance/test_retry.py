"""A retry goes on at the step that failed and really tries again; a fresh one starts over."""

from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.soundness import asked_twice, assert_nothing_left
from tests.daemon import House, Rehearsal, config_for, house


def asked(rehearsal: Rehearsal, task: str) -> list[str]:
    return [row["step"] for row in rehearsal.requests(task)]


@pytest.mark.timeout(120)
def test_retry_of_what_never_passes_asks_for_further_repairs_and_ends_with_a_note(
    daemon: House, rehearsal: Rehearsal
) -> None:
    followed = daemon.octractl("submit", "x", "--model", "rehearsal/never-passes", "--progress", "json")
    assert followed.exit_code == 1
    task = followed.events[-1]["task_id"]
    first = asked(rehearsal, task)
    repairs = [step for step in first if step.startswith("fix/")]

    again = daemon.octractl("retry", task, "--progress", "json", timeout_s=60)

    assert again.exit_code == 1
    new = asked(rehearsal, task)[len(first) :]
    assert len(new) == len(repairs), "a retry has as many repairs again"
    assert not set(new) & set(first), "and no question is asked a second time"
    ended = daemon.show(task)["task"]
    assert ended["state"] == "TASK_STATE_FAILED"
    assert ended["note"]
    assert ended["store_path"]
    assert sum("command_finished" in event for event in again.events) == len(repairs)

    daemon.octractl("retry", task, "--fresh", timeout_s=60)

    assert Counter(asked(rehearsal, task)[len(first) + len(new) :]) == Counter(first), "the same from the start"
    assert daemon.show(task)["task"]["note"]


@pytest.mark.timeout(120)
def test_retry_after_cancel_goes_on_at_the_command(daemon: House, rehearsal: Rehearsal) -> None:
    task = daemon.submit("slow", "--model", "rehearsal/slow")
    with daemon.follow(task) as following:
        following.until_step("command_started", "check/")
    daemon.must("cancel", task)
    said = daemon.must("retry", task, "--progress", "json", timeout_s=100)
    begun = {event["step"] for event in said.events if "step_started" in event}
    assert begun == {"prepare/2", "environment/2", "check/1/1", "validate/1", "end/2", "snapshot/2", "remove/2"}
    assert asked_twice(rehearsal, task) == {}
    assert daemon.show(task)["task"]["state"] == "TASK_STATE_DONE"
    assert daemon.show(task)["task"]["note"] == ""


@pytest.mark.timeout(120)
def test_retry_after_cancel_in_a_model_call_asks_again(daemon: House, rehearsal: Rehearsal) -> None:
    task = daemon.submit("thinking", "--model", "rehearsal/thinking")
    with daemon.follow(task) as following:
        following.until_step("step_started", "plan")
    daemon.must("cancel", task)
    daemon.must("retry", task, timeout_s=100)
    assert daemon.show(task)["task"]["state"] == "TASK_STATE_DONE"
    assert Counter(asked(rehearsal, task))["plan"] <= 2


@pytest.mark.timeout(180)
def test_unreachable_provider_fails_the_task_by_name_and_a_retry_goes_on_once_it_is_there(tmp_path: Path) -> None:
    provider = Rehearsal()
    provider.start()
    port = provider.base_url.removesuffix("/v1").rsplit(":", 1)[1]
    provider.stop()
    with house(config_for(provider)) as daemon:
        task = daemon.wait(daemon.submit("a tool"))
        assert task["state"] == "TASK_STATE_FAILED"
        assert f"127.0.0.1:{port}" in task["note"]
        assert task["next_command"] == f"octractl retry {task['id']}"
        provider.start(port)
        try:
            daemon.must("retry", task["id"], timeout_s=100)
            assert daemon.show(task["id"])["task"]["state"] == "TASK_STATE_DONE"
            daemon.must("restore", task["id"], str(tmp_path / "restored"))
            assert_nothing_left(daemon, task["id"])
        finally:
            provider.stop()


def test_done_task_is_not_retried_and_the_hint_says_what_to_do(daemon: House) -> None:
    task = daemon.wait(daemon.submit("quick", "--model", "rehearsal/quick"))["id"]
    said = daemon.octractl("retry", task)
    assert said.exit_code == 1
    assert "is done" in said.stderr
    assert "hint:" in said.stderr
