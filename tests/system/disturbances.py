"""What may happen to a machine in the midst of a task, each done by the means that really bring it about."""

import os
import signal
from collections.abc import Callable

from tests.daemon import wait_until
from tests.system.service import READY_TIMEOUT_S, Service

Disturbance = Callable[[Service], None]


def kill(unit: str) -> Disturbance:
    """SIGKILL to all processes of a unit at once."""

    def disturb(service: Service) -> None:
        pids = service.machine.pids(unit)
        assert pids, f"{unit} does not run"
        service.machine.must("systemctl", "kill", "--signal=SIGKILL", unit)
        wait_until(lambda: not set(pids) & set(service.machine.pids(unit)), 20, f"{unit} is killed")

    return disturb


def kill_and_start(unit: str) -> Disturbance:
    """The same to a unit of Debian's that systemd does not start again by itself."""

    def disturb(service: Service) -> None:
        kill(unit)(service)
        service.machine.must("systemctl", "start", unit)

    return disturb


def systemctl(verb: str, unit: str) -> Disturbance:
    """`systemctl VERB UNIT`, to its end."""

    def disturb(service: Service) -> None:
        service.machine.must("systemctl", verb, unit, timeout_s=90)

    return disturb


def reload(service: Service) -> None:
    """A reload leaves the process as it is."""
    (before,) = service.machine.pids("octrad.service")
    service.machine.must("systemctl", "reload", "octrad.service")
    assert service.machine.pids("octrad.service") == [before]


def hang(service: Service) -> None:
    """octrad stands still until its watchdog ends it and systemd starts another."""
    (pid,) = service.machine.pids("octrad.service")
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: pid not in service.machine.pids("octrad.service"), READY_TIMEOUT_S, "the watchdog bites")
    log = service.machine.must("journalctl", "--unit=octrad", "--lines=200", "--no-pager")
    assert "Watchdog timeout" in log, log


def replace_servants(service: Service) -> None:
    """What a rebuild does to them: each goes as soon as nothing is under way, and the next call starts the new one."""
    for unit in ("octra-gateway.service", "octra-runner.service"):
        service.machine.must("systemctl", "reload", unit)
