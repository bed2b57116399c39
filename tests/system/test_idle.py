"""What Octra costs a machine on which nobody asks for anything."""

from pathlib import Path

from tests.system.service import Service
from tests.wake_ups import wait_until_grpc_has_left, wake_ups_per_s

OCTRAD_BYTES = 80 * 1024 * 1024
# Once around for everything that comes regularly.
MEASURED_S = 10
# Three times what was measured, all threads together: the queue's poll, heart and sweep, the self-check and status.
WAKE_UPS_PER_S = 3.0


def memory_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


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
    wait_until_grpc_has_left(pid)
    found = wake_ups_per_s(pid, measured_s=MEASURED_S)
    assert sum(found.values()) <= WAKE_UPS_PER_S, found
    assert memory_bytes(pid) <= OCTRAD_BYTES


def test_a_stopped_octrad_is_started_by_a_call(service: Service) -> None:
    service.machine.must("systemctl", "stop", "octrad.service")
    assert service.machine.pids("octrad.service") == []
    service.must("status")
    assert service.machine.is_active("octrad.service")
