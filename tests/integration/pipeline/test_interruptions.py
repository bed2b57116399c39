"""What a run survives: a stop between any two steps, a kill of the servants, a cancel, a failure and its retry."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octrad.foundation.config import Limits
from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.tasks.cancel_signal import CancelSignal
from octrad.tasks.events import CommandFinished, CommandOutput, CommandStarted, EditsRefused, StepFinished, StepStarted
from octrad.tasks.journal_step import StepState
from octrad.tasks.list_steps import list_steps
from octrad.tasks.machine import TaskState
from octrad.tasks.retry_task import retry_task
from octrad.tasks.submit_task import Submission
from tests.daemon import git, processes_naming
from tests.integration.pipeline.desk import Desk

STEPS = [
    (StepFinished, "prepare"),
    (StepStarted, "plan"),
    (StepFinished, "environment"),
    (StepStarted, "work/backend-api/1"),
    (StepFinished, "work/frontend-pages/1/apply"),
    (StepStarted, "merge/backend-api/1"),
    (CommandStarted, "check/1/1"),
    (StepFinished, "validate/1"),
    (StepStarted, "snapshot/1"),
    (StepFinished, "remove/1"),
]


async def test_run_that_is_interrupted_everywhere_asks_nothing_twice(desk: Desk) -> None:
    task_id = await desk.submit("node-web")
    for kind, step in STEPS:
        await desk.interrupt(task_id, kind, step)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))
    assert {step.attempt for step in await list_steps(desk.database, task_id)} == {1}
    assert desk.git(task.store_path, "status", "--porcelain") == ""


async def test_run_attaches_to_the_command_that_was_in_flight(desk: Desk) -> None:
    task_id = await desk.submit("slowish")
    await desk.interrupt(task_id, CommandOutput, "check/1/1")
    log = _runs_log(desk.state_dir)
    [first] = log.read_text(encoding="utf-8").splitlines()
    running = asyncio.create_task(desk.run(task_id))
    await desk.wait_for(task_id, CommandStarted, "check/1/1")
    assert log.read_text(encoding="utf-8").splitlines() == [first]
    assert (await running).state is TaskState.DONE


async def test_killed_servants_do_again_only_what_was_in_flight(desk: Desk) -> None:
    task_id = await desk.submit("slowish")
    running = asyncio.create_task(desk.run(task_id))
    await desk.wait_for(task_id, CommandOutput, "check/1/1")
    for pid, words in processes_naming(desk.state_dir):
        if "octrad runner" in words or "octrad gateway" in words:
            os.kill(pid, signal.SIGKILL)
    task = await running
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))


async def test_cancel_in_mid_command_leaves_no_process_and_keeps_the_work(desk: Desk) -> None:
    task_id = await desk.submit("very-slow")
    cancel = CancelSignal()
    running = asyncio.create_task(desk.run(task_id, cancel))
    await desk.wait_for(task_id, CommandOutput, "check/1/1")
    cancel.set("not needed any more")
    task = await running
    assert task.state is TaskState.CANCELLED
    assert "not needed any more" in task.note
    assert task.next_command == f"octractl retry {task_id}"
    assert not [words for _, words in processes_naming(desk.state_dir) if task_id in words]
    assert "count.sh" in desk.git(task.store_path, "ls-files")
    assert not desk.tree(task_id)


async def test_cancel_of_a_task_that_was_interrupted_winds_it_up(desk: Desk) -> None:
    task_id = await desk.submit("very-slow")
    await desk.interrupt(task_id, CommandOutput, "check/1/1")
    cancel = CancelSignal()
    cancel.set("")
    task = await desk.run(task_id, cancel)
    assert task.state is TaskState.CANCELLED
    assert task.store_path
    assert not [words for _, words in processes_naming(desk.state_dir) if task_id in words]


async def test_retry_of_a_cancelled_task_goes_on_where_it_was(desk: Desk) -> None:
    task_id = await desk.submit("slowish")
    await desk.interrupt(task_id, CommandOutput, "check/1/1")
    cancel = CancelSignal()
    cancel.set("")
    await desk.run(task_id, cancel)
    await retry_task(desk.database, task_id)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))


@pytest.mark.parametrize("step", ["work/backend-api/1", "merge/backend-api/1"])
async def test_retry_makes_branches_again_that_went_with_the_tree(desk: Desk, step: str) -> None:
    task_id = await desk.submit("node-web")
    await desk.interrupt(task_id, StepFinished, "work/backend-store/1/apply")
    await desk.interrupt(task_id, StepFinished, step)
    # The cancelling ends what is asked just now, and the retry asks that again.
    unanswered = {one.name for one in await list_steps(desk.database, task_id) if one.state is not StepState.FINISHED}
    cancel = CancelSignal()
    cancel.set("")
    await desk.run(task_id, cancel)
    await retry_task(desk.database, task_id)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task_id)
    assert {name for name in asked if asked.count(name) > 1} <= unanswered


async def test_task_whose_model_refuses_fails_with_the_next_step_and_can_be_retried(desk: Desk) -> None:
    task_id = await desk.submit("no-model")
    task = await desk.run(task_id)
    assert (task.state, task.next_command) == (TaskState.FAILED, "octractl models")
    assert task.store_path
    await retry_task(desk.database, task_id)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    assert desk.requests(task_id) == ["grade", "plan", "work/builder/1", "work/builder/1", "validate/1"]


async def test_fresh_retry_forgets_every_step(desk: Desk) -> None:
    task_id = await desk.submit("no-model")
    await desk.run(task_id)
    await retry_task(desk.database, task_id, fresh=True)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    assert desk.requests(task_id).count("plan") == 2
    assert "hello.sh" in desk.git(task.store_path, "ls-files")


async def test_retry_of_a_task_that_used_up_its_rounds_gets_as_many_again(desk: Desk) -> None:
    desk.limits = Limits(fix_rounds=1)
    task_id = await desk.submit("never-passes")
    await desk.run(task_id)
    await retry_task(desk.database, task_id)
    task = await desk.run(task_id)
    assert task.state is TaskState.FAILED
    assert [step for step in desk.requests(task_id) if step.startswith("fix/")] == ["fix/1", "fix/2"]
    assert task.next_command == f"octractl logs {task_id} --step check/3/1"


async def test_result_that_is_never_approved_is_not_called_done(desk: Desk) -> None:
    task = await desk.run(await desk.submit("never-approved"))
    assert task.state is TaskState.FAILED
    assert "louder" in task.note
    assert desk.requests(task.id).count("validate/2") == 1


async def test_faulty_plans_go_back_until_one_is_sound(desk: Desk) -> None:
    task = await desk.run(await desk.submit("bad-plan"))
    assert task.state is TaskState.DONE, task.note
    assert desk.requests(task.id)[:4] == ["grade", "plan", "plan/2", "plan/3"]


async def test_change_of_a_repository_continues_its_history(desk: Desk, tmp_path: Path) -> None:
    head = _make_repository(tmp_path)
    submission = Submission(
        request="greet strangers",
        bundle_id=await _import(desk, tmp_path),
        stack="python",
        checks=("python3 -m unittest discover -v",),
    )
    task = await desk.run(await desk.submit("change-repository", submission))
    assert task.state is TaskState.DONE, task.note
    assert desk.git(task.store_path, "merge-base", "--is-ancestor", head, "HEAD") == ""
    assert "stranger" in desk.git(task.store_path, "show", "HEAD:greet.py")
    steps = {step.name for step in await list_steps(desk.database, task.id)}
    assert not any(step.startswith("scaffold") for step in steps)


async def test_link_out_of_the_tree_is_no_way_out(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "outside").symlink_to(outside)
    _commit_all(repository)
    submission = Submission(request="say hello", bundle_id=await _import(desk, repository))
    task = await desk.run(await desk.submit("hostile", submission))
    assert task.state is TaskState.DONE, task.note
    [_, refused] = [e.detail for e in await desk.events(task.id) if isinstance(e.detail, EditsRefused)]
    assert any("outside/evil.txt" in reason for reason in refused.reasons)
    assert not list(outside.iterdir())


async def test_retry_captures_an_environment_that_was_dropped_since(desk: Desk) -> None:
    task_id = await desk.submit("never-passes")
    assert (await desk.run(task_id)).state is TaskState.FAILED
    for directory in (desk.state_dir / "runner" / "environments").iterdir():
        remove_directory(directory)
    before = len(await desk.events(task_id, CommandFinished))
    await retry_task(desk.database, task_id)
    again = await desk.run(task_id)
    ran = [event.detail for event in (await desk.events(task_id, CommandFinished))[before:]]
    assert ran, again.note
    assert all(isinstance(detail, CommandFinished) and detail.exit_code == 1 for detail in ran)
    assert "environment/2" in {step.name for step in await list_steps(desk.database, task_id)}
    head = desk.git(again.store_path, "log", "-1", "--format=%s")
    assert head != "Add the project's Nix environment", "main stays where the work left it"


async def test_later_task_of_a_project_begins_with_its_newest_snapshot(desk: Desk) -> None:
    first = await desk.run(await desk.submit("bad-plan", Submission(request="x", project="shared")))
    second = await desk.run(await desk.submit("sent-back", Submission(request="x", project="shared")))
    assert second.state is TaskState.DONE, second.note
    head = desk.git(first.store_path, "rev-parse", "HEAD")
    assert desk.git(second.store_path, "merge-base", "--is-ancestor", head, "HEAD") == ""


def _make_repository(path: Path) -> str:
    (path / "tests").mkdir()
    (path / "tests/__init__.py").write_text("")
    (path / "greet.py").write_text(
        '"""Greets people."""\n\n\ndef greet(name: str) -> str:\n    return f"Hello, {name}!"\n'
    )
    (path / "tests/test_greet.py").write_text(
        "import unittest\n\nfrom greet import greet\n\n\nclass GreetTest(unittest.TestCase):\n"
        '    def test_greets_by_name(self) -> None:\n        self.assertEqual(greet("Ada"), "Hello, Ada!")\n'
    )
    return _commit_all(path)


def _commit_all(path: Path) -> str:
    git(path, "init", "-q", "-b", "trunk")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "Begin")
    return git(path, "rev-parse", "HEAD")


async def _import(desk: Desk, repository: Path) -> str:
    bundle = repository.with_suffix(".bundle")
    git(repository, "bundle", "create", "-q", str(bundle), "HEAD")
    return (await desk.runner.import_bundle(_chunks(bundle))).bundle_id


def _runs_log(state_dir: Path) -> Path:
    [log] = (state_dir / "runner").rglob("runs.log")
    return log


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    yield path.read_bytes()  # noqa: ASYNC240 -- a small file of the test's own
