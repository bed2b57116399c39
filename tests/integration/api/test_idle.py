"""What an octrad, and its private PostgreSQL, cost a machine on which nobody asks for anything."""

from collections.abc import Iterator

import pytest

from tests.daemon import House, Rehearsal, children, config_for, house, wait_until
from tests.wake_ups import wait_until_grpc_has_left, wake_ups_per_s

# Three times what was measured: the queue's poll, heart and sweep, and the self-check.
OCTRAD_WAKE_UPS_PER_S = 3.0
# The other side of the same.
POSTGRESQL_WAKE_UPS_PER_S = 4.5
# Once around for everything that comes regularly.
MEASURED_S = 10


@pytest.fixture
def own(rehearsal: Rehearsal) -> Iterator[House]:
    with house(config_for(rehearsal, extra="[servant]\nidle_exit_s = 1\n")) as running:
        yield running


@pytest.mark.timeout(120)
def test_octrad_sleeps_when_its_callers_and_its_servants_have_gone(own: House) -> None:
    task = own.submit("a command line tool that greets")
    with own.follow(task) as following:  # and is killed while it follows
        following.until_step("step_started", "work")
    own.wait(task)
    assert own.octractl("show", "nobody").exit_code != 0
    wait_until(lambda: not own.servant_pids(), 20, "the servants have left")
    assert own.process
    wait_until_grpc_has_left(own.process.pid)
    found = wake_ups_per_s(own.process.pid, measured_s=MEASURED_S)
    assert sum(found.values()) <= OCTRAD_WAKE_UPS_PER_S, found
    # And it is there for the next one.
    own.must("status")


@pytest.mark.timeout(60)
def test_private_postgresql_of_an_idle_octrad_sleeps(own: House) -> None:
    postmaster = own.postmaster_pid()
    found = wake_ups_per_s(postmaster, *children(postmaster), measured_s=MEASURED_S)
    assert sum(found.values()) <= POSTGRESQL_WAKE_UPS_PER_S, found
