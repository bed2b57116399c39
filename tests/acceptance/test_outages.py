"""What octrad leans on may go away in mid-run: PostgreSQL comes back, Redis need not; no task fails of either."""

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.soundness import asked_twice, assert_nothing_left, assert_sound
from tests.daemon import House, Rehearsal, config_for, house, wait_until

OUTAGES = 4


@pytest.mark.timeout(180)
def test_private_postgresql_killed_in_mid_run_is_started_again_and_fails_no_task(
    victim: House, rehearsal: Rehearsal
) -> None:
    tasks = {
        name: victim.submit(SCENARIOS[name].request, "--model", f"rehearsal/{name}")
        for name in ("node-web", "fix-after-failure", "conflict", "slow")
    }
    chance = random.Random(3)  # noqa: S311 - a schedule, not a secret
    for _ in range(OUTAGES):
        time.sleep(chance.uniform(0.2, 2.0))
        victim.kill_postgres()
        wait_until(lambda: victim.octractl("list", "--json").exit_code == 0, 60, "the API answers again")
    for name, task in tasks.items():
        assert victim.wait(task)["state"] == "TASK_STATE_DONE", name
        assert asked_twice(rehearsal, task) == {}, name
        assert_sound(victim, task)
    assert_nothing_left(victim, *tasks.values())


@pytest.mark.timeout(120)
def test_postgresql_killed_at_each_end_of_a_task_loses_nothing(victim: House, rehearsal: Rehearsal) -> None:
    tasks = []
    for kind, step in (("step_started", "prepare"), ("step_started", "end/1"), ("step_started", "remove/1")):
        tasks.append(task := victim.submit("quick", "--model", "rehearsal/quick"))
        with victim.follow(task) as following:
            following.until_step(kind, step)
            victim.kill_postgres()
        assert victim.wait(task)["state"] == "TASK_STATE_DONE", (kind, step)
        assert asked_twice(rehearsal, task) == {}, (kind, step)
        assert_sound(victim, task)
    assert_nothing_left(victim, *tasks)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Redis of its own on a Unix socket."""
    socket = tmp_path / "redis.sock"
    argv = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    wait_until(socket.exists, 20, "Redis listens")
    yield process, f"unix://{socket}"
    process.kill()
    process.wait(10)


@pytest.mark.timeout(180)
def test_redis_that_stops_in_mid_run_loses_nothing(
    rehearsal: Rehearsal, redis: tuple[subprocess.Popen[bytes], str]
) -> None:
    process, url = redis
    with house(config_for(rehearsal, extra=f'[cache]\nredis_url = "{url}"\n')) as daemon:
        before = daemon.wait(daemon.submit("quick", "--model", "rehearsal/quick"))
        running = daemon.submit("slow", "--model", "rehearsal/slow")
        with daemon.follow(running) as following:
            following.until_step("command_output", "check/")
            process.kill()
            process.wait(10)
        after = daemon.submit(SCENARIOS["python-cli"].request)
        for task in (before["id"], running, after):
            assert daemon.wait(task)["state"] == "TASK_STATE_DONE"
            assert_sound(daemon, task)
        assert len(daemon.must("list", "--json").json["tasks"]) == 3
        daemon.must("status")
        assert_nothing_left(daemon, before["id"], running, after)
