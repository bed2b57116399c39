"""Commands in control groups of their own, below a real group that is delegated to a real runner.

Needs a unified hierarchy in which we may make a group: root has that, where cgroup2 is mounted.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from octrad.foundation.lock_file import LockFile
from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.operations import EmptySource
from octrad.runner.server.sandbox.command_groups import CommandGroups
from octrad.runner.server.sandbox.delegated_group import find_delegated_group
from octrad.runner.server.sandbox.limit_command import Limits
from tests.daemon import ROOT, living, wait_until
from tests.integration.runner.conftest import Place, Project

LIMITS = Limits(timeout_s=20, output_bytes=1000, memory_bytes=1000, processes=10, file_bytes=1000)


def unified() -> Path | None:
    """Where a group can be made."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2" and os.access(place, os.W_OK):
            return Path(place)
    return None


_letters = iter("bcdfghjkmn")
pytestmark = pytest.mark.skipif(unified() is None, reason="CANNOT MAKE CONTROL GROUPS HERE: cgroup2, as root")


@pytest.fixture
def delegated() -> Iterator[Path]:
    """A group with systemd's mark."""
    top = unified()
    assert top is not None
    group = top / f"octra-test-{os.getpid()}"
    group.mkdir()
    os.setxattr(group, "user.delegate", b"1")
    yield group
    (group / "cgroup.kill").write_text("1", encoding="ascii")
    wait_until(lambda: "populated 0" in (group / "cgroup.events").read_text(encoding="ascii"), 10, "it is empty")
    for directory, _, _ in os.walk(group, topdown=False):
        Path(directory).rmdir()


def groups(delegated: Path) -> list[Path]:
    """Those of commands."""
    return list(delegated.glob("command-*"))


def run_in(group: Path, *argv: str) -> "subprocess.Popen[bytes]":
    """Starts a program in a group, as systemd starts a service."""
    enter = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group), *argv]
    process = subprocess.Popen(enter, cwd=ROOT, start_new_session=True)
    wait_until(lambda: process.pid in procs(group) or process.poll() is not None, 10, "it is in its group")
    return process


def procs(group: Path) -> list[int]:
    return [int(line) for line in (group / "cgroup.procs").read_text(encoding="ascii").split()]


@pytest.fixture
async def project(place: Place, delegated: Path) -> AsyncIterator[Project]:
    """A tree of a runner that runs in the delegated group, as systemd would start it."""
    connection = ServantConnection("runner", place.state_dir)
    assert await connection.stop(timeout_s=20)
    argv = [sys.executable, "-m", "octrad", "runner", "--state-dir", str(place.state_dir)]
    process = await asyncio.to_thread(run_in, delegated, *argv, "--config", str(place.config_path))
    await asyncio.to_thread(
        wait_until, lambda: LockFile(place.state_dir / "runner" / "lock").holder() == process.pid, 20, "the runner"
    )
    client = RunnerClient(ServantConnection("runner", place.state_dir, place.config_path))
    task_id = f"g{next(_letters)}"
    created = await client.create_tree(f"{task_id}/prepare/#1", task_id, EmptySource())
    yield Project(client, place, task_id, created.commit)
    await client.remove_tree(f"{task_id}/remove/#1", task_id)
    await client.close()
    process.terminate()
    assert process.wait(30) == 0


async def test_a_command_has_a_group_of_its_own_that_goes_with_it(project: Project, delegated: Path) -> None:
    seen: list[Path] = []

    async def look(_: object) -> None:
        seen.extend(path for path in groups(delegated) if len(procs(path)) >= 2)

    result = await project.run("sleep 100 & echo started; sleep 0.5", on_output=look)
    assert result.succeeded
    assert seen
    assert procs(delegated) == []
    assert LockFile(project.place.state_dir / "runner" / "lock").holder() in procs(delegated / "runner")
    assert groups(delegated) == []


async def test_commands_beside_each_other_have_a_group_each(project: Project, delegated: Path) -> None:
    other = await project.client.create_tree("bother/prepare/#1", "bother", EmptySource())
    second = Project(project.client, project.place, "bother", other.commit)
    most = 0

    async def look(_: object) -> None:
        nonlocal most
        most = max(most, len(groups(delegated)))

    await asyncio.gather(
        *(one.run("for i in 1 2 3 4 5; do echo x; sleep 0.2; done", on_output=look) for one in (project, second))
    )
    await project.client.remove_tree("bother/remove/#1", "bother")
    assert most == 2


def test_a_killed_runner_leaves_groups_that_the_next_one_ends(delegated: Path) -> None:
    left = delegated / "command-7"
    left.mkdir()
    process = run_in(left, "sleep", "100")
    script = (
        "import asyncio; from octrad.runner.server.sandbox.command_groups import open_command_groups;"
        "asyncio.run(open_command_groups())"
    )
    assert run_in(delegated, sys.executable, "-c", script).wait(30) == 0
    assert process.wait(10) < 0
    assert living([process.pid]) == []
    assert not left.exists()


async def test_what_fled_into_groups_below_ends_with_the_command(delegated: Path) -> None:
    async with CommandGroups(delegated).make(LIMITS) as group:
        assert group is not None
        below = delegated / "command-1" / "deep" / "deeper"
        below.mkdir(parents=True)
        process = await asyncio.to_thread(run_in, below, "sleep", "100")
    assert process.wait(10) < 0
    assert not (delegated / "command-1").exists()


def test_a_group_that_is_only_writable_is_left_to_its_owner(delegated: Path, tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text(f"1:name=systemd:/x\n0::/{delegated.name}\n", encoding="utf-8")
    (tmp_path / "mountinfo").write_text(Path("/proc/self/mountinfo").read_text(encoding="utf-8"), encoding="utf-8")
    assert find_delegated_group(tmp_path) == delegated
    os.removexattr(delegated, "user.delegate")
    assert find_delegated_group(tmp_path) is None
