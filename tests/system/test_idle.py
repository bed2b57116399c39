"""What Octra costs a machine on which nobody asks for anything."""

from pathlib import Path

from tests.system.python_packages import VENV
from tests.system.service import Service
from tests.system.units import CONFIG
from tests.wake_ups import wait_until_grpc_has_left, wake_ups_per_s

OCTRAD_BYTES = 80 * 1024 * 1024
# Once around for everything that comes regularly.
MEASURED_S = 10
# Three times what was measured, all threads together: the queue's poll, heart and sweep, the self-check and status.
WAKE_UPS_PER_S = 3.0
REDIS = '["cache"]\n"redis_url" = "unix:///run/redis-octra/redis.sock"\n'
# What a process has with octrad's modules, and with some more.
_RESIDENT = """
import re, sys, octrad.daemon
if sys.argv[1:]: __import__(sys.argv[1])
from octrad.foundation.share_heap import give_back_heap
give_back_heap()
print(1024 * int(re.search(r"VmRSS:\\s+([0-9]+)", open("/proc/self/status").read())[1]))
"""


def memory_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_gateway_and_runner_leave_when_nobody_wants_them(service: Service) -> None:
    service.wait(service.submit("quick"))
    service.wait_until_idle()
    for unit in ("octra-gateway.service", "octra-runner.service"):
        assert service.machine.show(unit, "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}


def test_octrad_is_one_small_process_that_sleeps(service: Service, config: str) -> None:
    assert REDIS in config
    service.machine.write(CONFIG, config.replace(REDIS, ""))
    assert idle_bytes(service) <= OCTRAD_BYTES


def test_with_redis_it_is_larger_by_the_client_alone(service: Service) -> None:
    python = f"{VENV}/bin/python"
    without = int(service.machine.must(python, "-c", _RESIDENT))
    client = int(service.machine.must(python, "-c", _RESIDENT, "redis.asyncio")) - without
    assert idle_bytes(service) <= OCTRAD_BYTES + client


def idle_bytes(service: Service) -> int:
    """What octrad keeps some time after it was started and called; it has to sleep."""
    service.machine.must("systemctl", "restart", "octrad.service")
    service.must("status")
    service.wait_until_idle()
    (pid,) = service.machine.pids("octrad.service")
    wait_until_grpc_has_left(pid)
    found = wake_ups_per_s(pid, measured_s=MEASURED_S)
    assert sum(found.values()) <= WAKE_UPS_PER_S, found
    return memory_bytes(pid)


def test_a_stopped_octrad_is_started_by_a_call(service: Service) -> None:
    service.machine.must("systemctl", "stop", "octrad.service")
    assert service.machine.pids("octrad.service") == []
    service.must("status")
    assert service.machine.is_active("octrad.service")
