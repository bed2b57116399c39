"""octrad with a gateway and a runner that are services of their own, each with a state directory of its own."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import House, Rehearsal, config_for, wait_until
from tests.socket_unit import SocketUnit, activating

pytestmark = pytest.mark.timeout(150)
NAMES = ("gateway", "runner")


@pytest.fixture
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("u")


@pytest.fixture
def units(base: Path, rehearsal: Rehearsal) -> Iterator[dict[str, SocketUnit]]:
    config = base / "servants.toml"
    config.write_text(config_for(rehearsal, "slow", "[servant]\nidle_exit_s = 1\n"), encoding="utf-8")
    made = {}
    for name in NAMES:
        argv = [
            sys.executable,
            "-m",
            "octrad",
            name,
            "--state-dir",
            str(base / f"octra-{name}"),
            "--config",
            str(config),
        ]
        made[name] = SocketUnit(base / f"{name}.sock", argv)
    with activating(*made.values()):
        yield made


@pytest.fixture
def own(base: Path, units: dict[str, SocketUnit], rehearsal: Rehearsal) -> Iterator[House]:
    sockets = "".join(f'[{name}]\nsocket = "{units[name].path}"\n' for name in NAMES)
    made = House(base / "h", config_for(rehearsal, "slow", sockets))
    made.base.mkdir()
    made.start()
    yield made
    left = made.end()
    assert not left


def test_a_task_outlives_the_end_of_octrad_and_of_both_servants(
    own: House, units: dict[str, SocketUnit], rehearsal: Rehearsal
) -> None:
    task = own.submit("count slowly")
    with own.follow(task) as following:
        following.until_step("step_started", "work")
        kill(units["gateway"])
        following.until_step("command_output", "check")
        runner = units["runner"].process
        assert own.stop() == os.EX_OK
        assert runner is not None
        assert runner.poll() is None, "a command runs, and its runner is not octrad's to end"
        own.start()
    with own.follow(task) as following:
        following.until_step("command_output", "check")
        kill(units["runner"])
    assert own.wait(task)["state"] == "TASK_STATE_DONE"
    assert own.servant_pids() == {}
    asked = [row["step"] for row in rehearsal.requests(task)]
    assert set(asked) == {"grade", "plan", "work/builder/1", "validate/1"}


def test_idle_servants_end_and_are_there_when_they_are_wanted(own: House, units: dict[str, SocketUnit]) -> None:
    assert gateway_state(own) == "asleep, wakes when asked"
    assert units["gateway"].starts == 0, "asking for the state wakes nobody"
    own.must("models")
    assert gateway_state(own) == "running"
    own.must("stacks")
    first = units["gateway"].process
    assert first is not None
    assert first.wait(30) == os.EX_OK
    wait_until(lambda: gateway_state(own) == "asleep, wakes when asked", 10, "octrad has noticed")
    assert units["gateway"].starts == 1
    assert own.must("models", "--json").json["models"][0]["name"] == "rehearsal/slow"
    assert units["gateway"].starts == 2


def gateway_state(own: House) -> str:
    """What `octractl status` says of the gateway."""
    components = own.must("status", "--json").json["components"]
    return str(next(component["detail"] for component in components if component["name"] == "gateway"))


def kill(unit: SocketUnit) -> None:
    assert unit.process
    unit.process.send_signal(signal.SIGKILL)
    unit.process.wait(10)
