"""What Octra costs a machine on which nobody asks for anything."""

import time
from pathlib import Path

from tests.system.service import Service

OCTRAD_BYTES = 80 * 1024 * 1024
MEASURED_S = 5
# All of its threads together: health, the queue's poll, the watchdog.
WAKE_UPS_PER_S = 20


def memory_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def wake_ups(pid: int) -> int:
    """How often a thread of the process went to sleep, and so woke up, in its life."""
    status = [path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in status)


def test_gateway_and_runner_leave_when_nobody_wants_them(service: Service) -> None:
    service.wait(service.submit("quick"))
    service.wait_until_idle()
    for unit in ("octra-gateway.service", "octra-runner.service"):
        assert service.machine.show(unit, "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}


def test_octrad_is_one_small_process_that_sleeps(service: Service) -> None:
    service.machine.must("systemctl", "restart", "octrad.service")
    service.must("status")
    service.wait_until_idle()
    (pid,) = service.machine.pids("octrad.service")
    before = wake_ups(pid)
    time.sleep(MEASURED_S)  # what is measured is a rate
    assert (wake_ups(pid) - before) / MEASURED_S <= WAKE_UPS_PER_S
    assert memory_bytes(pid) <= OCTRAD_BYTES


def test_a_stopped_octrad_is_started_by_a_call(service: Service) -> None:
    service.machine.must("systemctl", "stop", "octrad.service")
    assert service.machine.pids("octrad.service") == []
    service.must("status")
    assert service.machine.is_active("octrad.service")
