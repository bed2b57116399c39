"""Every scenario through the whole pipeline, and what must hold of its end."""

import pytest

from octrad.tasks.events import CommandFinished, EditsRefused, PackagesRefused, Remarked, Reviewed, Snapshotted
from octrad.tasks.evidence import list_evidence
from octrad.tasks.machine import TaskState
from octrad.tasks.submit_task import Submission
from tests.integration.pipeline.desk import Desk


@pytest.mark.parametrize("scenario", ["python-cli", "cmake-cli", "rust-cli", "go-cli", "node-web", "conflict"])
async def test_scenario_ends_done_with_a_snapshot_and_no_tree(desk: Desk, scenario: str) -> None:
    task = await desk.run(await desk.submit(scenario))
    assert task.state is TaskState.DONE, task.note
    assert task.note == ""
    assert task.rehearsal
    assert desk.git(task.store_path, "status", "--porcelain") == ""
    assert not desk.tree(task.id)
    [snapshotted] = await desk.events(task.id, Snapshotted)
    assert isinstance(snapshotted.detail, Snapshotted)
    assert not snapshotted.detail.partial
    assert await list_evidence(desk.database, task.id)
    asked = desk.requests(task.id)
    assert sorted(asked) == sorted(set(asked))


async def test_scaffold_that_fails_once_is_helped_and_run_again(desk: Desk) -> None:
    task = await desk.run(await desk.submit("scaffold-fails-once"))
    assert task.state is TaskState.DONE, task.note
    codes = [(e.step, e.detail.exit_code) for e in await desk.events(task.id) if isinstance(e.detail, CommandFinished)]
    assert codes[:2] == [("scaffold/1", 101), ("scaffold/1/again", 0)]


async def test_failed_check_is_repaired_with_its_real_output_and_run_again(desk: Desk) -> None:
    task = await desk.run(await desk.submit("fix-after-failure"))
    assert task.state is TaskState.DONE, task.note
    codes = {e.step: e.detail.exit_code for e in await desk.events(task.id) if isinstance(e.detail, CommandFinished)}
    assert (codes["check/1/1"], codes["check/2/1"]) == (1, 0)


async def test_repair_is_told_what_a_guide_knows_of_the_output_and_people_hear_of_it(desk: Desk) -> None:
    task = await desk.run(await desk.submit("spaces-in-makefile"))
    assert task.state is TaskState.DONE, task.note
    [said] = [e for e in await desk.events(task.id, Remarked) if e.step == "fix/1"]
    assert isinstance(said.detail, Remarked)
    assert said.detail.text == "the repair was told what guides know of the output (make: *** missing separator)"


async def test_later_worker_of_a_conflict_does_its_work_again(desk: Desk) -> None:
    task = await desk.run(await desk.submit("conflict"))
    assert task.state is TaskState.DONE, task.note
    assert "work/german/2" in desk.requests(task.id)
    assert "Guten Morgen" in desk.git(task.store_path, "show", "HEAD:morning.py")


async def test_worker_that_a_manager_sends_back_works_again_on_top_of_main(desk: Desk) -> None:
    task = await desk.run(await desk.submit("sent-back-by-manager"))
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task.id)
    assert [step for step in asked if step.startswith(("work", "review"))][-4:] == [
        "work/german/2",
        "review/languages/1",
        "work/german/3",
        "review/languages/2",
    ]
    assert "Guete Morge" in desk.git(task.store_path, "show", "HEAD:morning.py")


async def test_packages_that_nobody_has_are_done_without_and_that_is_said(desk: Desk) -> None:
    task = await desk.run(await desk.submit("unknown-package"))
    assert task.state is TaskState.DONE, task.note
    [refused] = [e.detail.refused for e in await desk.events(task.id) if isinstance(e.detail, PackagesRefused)]
    assert [one.package for one in refused] == ["packageThatNobodyHas"]


async def test_task_that_never_passes_ends_failed_with_partial_snapshot_and_note(desk: Desk) -> None:
    task = await desk.run(await desk.submit("never-passes"))
    assert task.state is TaskState.FAILED
    assert "tests/run.sh" in task.note
    assert task.next_command == f"octractl logs {task.id} --step check/4/1"
    assert "2^136279841" in desk.git(task.store_path, "show", "HEAD:prime.sh")
    assert not desk.tree(task.id)


async def test_every_hostile_answer_is_refused_with_reasons_and_none_is_written(desk: Desk) -> None:
    task = await desk.run(await desk.submit("hostile"))
    assert task.state is TaskState.DONE, task.note
    refused = [e.detail.reasons for e in await desk.events(task.id) if isinstance(e.detail, EditsRefused)]
    assert len(refused) == 2
    for named in ("../../etc/passwd", "/etc/cron.d/octra", ".git/hooks/post-commit", ".git/HEAD"):
        assert any(named in reason for reason in refused[0]), named
    assert desk.git(task.store_path, "ls-files") == "flake.lock\nflake.nix\nhello.sh\ntests/run.sh"
    assert "builtins.readFile" in desk.git(task.store_path, "show", "HEAD:flake.nix")


async def test_file_that_is_too_large_goes_back_with_the_reason(desk: Desk) -> None:
    task = await desk.run(await desk.submit("large-file"))
    assert task.state is TaskState.DONE, task.note
    refused = [e.detail.reasons for e in await desk.events(task.id) if isinstance(e.detail, EditsRefused)]
    assert "large" in refused[0][0]


async def test_boss_that_does_not_approve_gets_one_repair(desk: Desk) -> None:
    task = await desk.run(await desk.submit("sent-back"))
    assert task.state is TaskState.DONE, task.note
    assert [e.detail.approved for e in await desk.events(task.id) if isinstance(e.detail, Reviewed)] == [False, True]


async def test_tree_that_a_repair_left_as_it_was_is_not_proved_again(desk: Desk) -> None:
    task = await desk.run(await desk.submit("repair-of-nothing"))
    assert task.state is TaskState.DONE, task.note
    checks = [e.detail for e in await desk.events(task.id) if isinstance(e.detail, CommandFinished)]
    assert [check.already_proved for check in checks] == [False, True]


async def test_flaky_model_is_survived_along_the_chain(desk: Desk) -> None:
    task = await desk.run(await desk.submit("flaky-model,flaky-model:b"))
    assert task.state is TaskState.DONE, task.note
    assert desk.requests(task.id).count("grade") == 4


async def test_users_check_that_fails_fails_the_task(desk: Desk) -> None:
    submission = Submission(request="a script", checks=("test -e nothing",))
    task = await desk.run(await desk.submit("hostile", submission))
    assert task.state is TaskState.FAILED
