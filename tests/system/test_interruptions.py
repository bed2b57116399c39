"""Whatever happens in the midst of a task, it ends done: nothing is lost, asked twice, left behind or unrooted."""

from collections.abc import Iterator

import pytest

from tests.acceptance.soundness import asked_twice, assert_sound
from tests.daemon import wait_until
from tests.system.disturbances import Disturbance, hang, kill, kill_and_start, reload, replace_servants, systemctl
from tests.system.installation import SERVICES
from tests.system.service import Service

POSTGRESQL = "postgresql@17-main.service"
DISTURBANCES = {
    "octrad is killed": kill("octrad.service"),
    "octrad is restarted": systemctl("restart", "octrad.service"),
    "octrad is reloaded": reload,
    "gateway and runner are replaced": replace_servants,
    "PostgreSQL is restarted": systemctl("restart", POSTGRESQL),
    "PostgreSQL is killed": kill_and_start(POSTGRESQL),
    "Redis is stopped": systemctl("stop", "redis-server@octra.service"),
    "the Nix daemon is restarted": systemctl("restart", "nix-daemon.service"),
}
WATCHDOG_S = 5
WATCHDOG = "/run/systemd/system/octrad.service.d/watchdog.conf"


@pytest.fixture(autouse=True)
def undisturbed(service: Service) -> Iterator[None]:
    """What a test has stopped is started again."""
    yield
    service.machine.must("systemctl", "start", POSTGRESQL, "redis-server@octra.service", "nix-daemon.service")


@pytest.fixture
def impatient(service: Service) -> Iterator[Service]:
    """octrad with a watchdog that is quicker than the module's, which would take a minute."""
    machine = service.machine
    machine.write(WATCHDOG, f"[Service]\nWatchdogSec={WATCHDOG_S}\n")
    machine.must("systemctl", "daemon-reload")
    machine.must("systemctl", "restart", "octrad.service")
    yield service
    machine.must("rm", WATCHDOG)
    machine.must("systemctl", "daemon-reload")
    machine.must("systemctl", "restart", "octrad.service")


def wait_for_call(service: Service, task: str) -> None:
    wait_until(lambda: "plan" in {row["step"] for row in service.requests(task)}, 60, "the model is asked for a plan")


def assert_done(service: Service, task: str, again: dict[str, int]) -> None:
    """The task is done and sound; of its questions only `again` were asked more than once."""
    service.wait_until_ready()
    assert service.wait(task)["state"] == "TASK_STATE_DONE", service.log()
    assert asked_twice(service, task) == again
    assert_sound(service, task)
    assert_rooted(service, task)


def assert_rooted(service: Service, task: str) -> None:
    path = service.show(task)["task"]["store_path"]
    assert service.machine.must("nix-store", "--query", "--roots", path), f"{path} has no root"


def assert_no_orphan(service: Service) -> None:
    """When all is idle octrad's process is the only one in the units' cgroups."""
    service.wait_until_idle()
    pid = int(service.machine.show("octrad.service", "MainPID")["MainPID"])
    assert [len(service.machine.pids(unit)) for unit in SERVICES] == [1, 0, 0], service.machine.must("ps", "axf")
    assert pid


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_task_outlives(service: Service, name: str) -> None:
    """One task is disturbed in a call of the model, and one beside it in a command."""
    disturb: Disturbance = DISTURBANCES[name]
    running, thinking = service.submit("slow"), ""
    with service.follow(running) as following:
        following.until_step("command_output", "check/")
        thinking = service.submit("thinking")
        wait_for_call(service, thinking)
        disturb(service)
    for task in (running, thinking):
        assert_done(service, task, {})
    checks = [step["name"] for step in service.show(running)["steps"] if step["name"].startswith("check/")]
    output = [service.must("logs", running, "--step", step).stdout.splitlines().count("started") for step in checks]
    assert sum(output) == 1, "the command ran more than once"


def test_a_task_outlives_an_octrad_that_hangs(impatient: Service) -> None:
    task = impatient.submit("slow")
    with impatient.follow(task) as following:
        following.until_step("command_output", "check/")
        hang(impatient)
    assert_done(impatient, task, {})


def test_a_killed_gateway_repeats_only_the_call_in_flight(service: Service) -> None:
    task = service.submit("thinking")
    wait_for_call(service, task)
    kill("octra-gateway.service")(service)
    assert_done(service, task, {"plan": 2})


def test_a_killed_runner_repeats_only_the_command_in_flight(service: Service) -> None:
    task = service.submit("slow")
    with service.follow(task) as following:
        following.until_step("command_output", "check/")
        kill("octra-runner.service")(service)
    assert_done(service, task, {})


def test_nothing_is_left_and_no_snapshot_is_lost(service: Service) -> None:
    """After all of that: no process, no tree and no unfetched result, and the collector takes nothing."""
    assert_no_orphan(service)
    machine = service.machine
    for place in ("octra-runner/runner/trees", "octra-runner/runner/spool", "octra-gateway/gateway/spool"):
        found = machine.must("find", f"/var/lib/{place}", "-mindepth", "1")
        assert found == "", found
    paths = {row["store_path"] for row in service.must("snapshots", "--json").json["snapshots"]}
    assert paths
    machine.must("nix-collect-garbage", timeout_s=120)
    machine.must("nix-store", "--check-validity", *paths)
