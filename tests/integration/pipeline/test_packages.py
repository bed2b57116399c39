"""What a worker asks for besides files: granted, refused, bounded, and resumed wherever it was interrupted."""

import pytest

from octrad.foundation.config import Packages
from octrad.pipeline.package_requests import NO_MORE, REQUEST_ROUNDS
from octrad.tasks.events import CommandFinished, PackagesAdded, PackagesRefused, StepFinished, StepStarted
from octrad.tasks.machine import TaskState
from octrad.tasks.submit_task import Submission
from tests.integration.pipeline.desk import Desk

NEEDS_JQ = Submission(request="a script", checks=("jq --version",))


async def refused(desk: Desk, task_id: object) -> dict[str, str]:
    events = [event.detail for event in await desk.events(task_id, PackagesRefused)]  # type: ignore[arg-type]
    return {one.package: one.reason for said in events if isinstance(said, PackagesRefused) for one in said.refused}


async def added(desk: Desk, task_id: object) -> list[PackagesAdded]:
    found = [event.detail for event in await desk.events(task_id, PackagesAdded)]  # type: ignore[arg-type]
    return [detail for detail in found if isinstance(detail, PackagesAdded)]


async def test_what_is_granted_comes_in_a_commit_of_its_own_and_is_used(desk: Desk) -> None:
    task = await desk.run(await desk.submit("asks-for-packages"))
    assert task.state is TaskState.DONE, task.note
    [one] = await added(desk, task.id)
    assert one.packages == ("sqlite", "jq")
    assert desk.git(task.store_path, "show", "--format=%s", "--name-only", one.commit).split("\n") == [
        "Add packages: sqlite, jq",
        "",
        "flake.nix",
    ]
    flake = desk.git(task.store_path, "show", "HEAD:flake.nix")
    listed = [line.strip() for line in flake.splitlines() if line.strip().startswith("pkgs.")]
    assert listed == ["pkgs.bash", "pkgs.gnugrep", "pkgs.jq", "pkgs.sqlite"]
    reasons = await refused(desk, task.id)
    assert reasons == dict.fromkeys(("packageThatNobodyHas", "databaseThatNobodyHas"), "it does not exist in nixpkgs")


async def test_the_policy_refuses_and_the_worker_goes_on_without(desk: Desk) -> None:
    desk.packages = Packages(deny=("sqlite",))
    task = await desk.run(await desk.submit("asks-for-packages"))
    assert task.state is TaskState.DONE, task.note
    assert "packages.deny" in (await refused(desk, task.id))["sqlite"]
    assert "pkgs.sqlite" not in desk.git(task.store_path, "show", "HEAD:flake.nix")


async def test_a_repair_may_be_a_package_alone(desk: Desk) -> None:
    task = await desk.run(await desk.submit("repair-by-package", NEEDS_JQ))
    assert task.state is TaskState.DONE, task.note
    ended = [e.detail.exit_code for e in await desk.events(task.id) if isinstance(e.detail, CommandFinished)]
    # Refused packages change nothing: the repair is asked for again before the checks run again.
    assert ended == [0, 127, 0, 0]
    assert [step for step in desk.requests(task.id) if step.startswith("fix")] == ["fix/1", "fix/2"]


async def test_where_requests_are_refused_a_repair_is_told_so_and_the_task_fails(desk: Desk) -> None:
    desk.packages = Packages(requests="refuse")
    task = await desk.run(await desk.submit("repair-by-package", NEEDS_JQ))
    assert task.state is TaskState.FAILED
    assert "packages.requests" in (await refused(desk, task.id))["packageThatNobodyHas"]


async def test_requests_without_end_are_heard_so_often_and_no_more(desk: Desk) -> None:
    task = await desk.run(await desk.submit("asks-for-ever"))
    assert task.state is TaskState.DONE, task.note
    rounds = [step for step in desk.requests(task.id) if step.startswith("work/")]
    assert len(rounds) == REQUEST_ROUNDS + 1
    assert (await refused(desk, task.id))["packageThatNobodyHas"] == NO_MORE


@pytest.mark.parametrize(
    ("at", "step"),
    [
        (StepStarted, "packages/1/check"),
        (StepFinished, "packages/1/check"),
        (StepStarted, "packages/1"),
        (StepFinished, "packages/1"),
        (StepStarted, "work/reporter/2"),
    ],
)
async def test_an_interrupted_request_goes_on_where_it_was(desk: Desk, at: type, step: str) -> None:
    task_id = await desk.submit("asks-for-packages")
    await desk.interrupt(task_id, at, step)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    assert len(await added(desk, task_id)) == 1
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))
