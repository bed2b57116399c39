"""The units that the module makes: systemd understands all of them, and each is as closed as it can be."""

import json

import pytest

from tests.system.installation import SERVICES, SOCKETS
from tests.system.python_packages import VENV
from tests.system.service import Service
from tests.system.units import CONFIG, SYSTEMD

TRIAL = f"{SYSTEMD}/octra-trial.service"

# What `systemd-analyze security` may say of each, times ten.
EXPOSURE = {"octrad.service": 8, "octra-gateway.service": 10, "octra-runner.service": 20}


def test_systemd_finds_nothing_wrong_with_the_units(service: Service) -> None:
    said = service.machine.run("systemd-analyze", "verify", "octra-database.service", *SERVICES, *SOCKETS)
    assert (said.exit_code, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", SERVICES)
def test_exposure_stays_below_its_bound(service: Service, unit: str) -> None:
    threshold = f"--threshold={EXPOSURE[unit]}"
    said = service.machine.run("systemd-analyze", "security", "--no-pager", threshold, unit)
    assert said.exit_code == 0, "\n".join(line for line in said.stdout.splitlines() if not line.startswith("✓"))


@pytest.mark.parametrize("unit", SOCKETS)
def test_sockets_listen(service: Service, unit: str) -> None:
    assert service.machine.is_active(unit)


def test_each_process_is_its_own_user(service: Service) -> None:
    users = {unit: service.machine.show(unit, "User")["User"] for unit in SERVICES}
    assert list(users.values()) == ["octra", "octra-gateway", "octra-runner"]


def test_a_sandbox_can_be_made_in_the_unit_of_the_runner(service: Service) -> None:
    """The unit itself, except that it looks at what it has and ends."""
    machine, unit = service.machine, f"{SYSTEMD}/octra-runner.service"
    machine.must("cp", unit, TRIAL)
    argv = [f"{VENV}/bin/octrad", "runner", "--check", "--state-dir", "/var/lib/octra-runner", "--config", CONFIG]
    trial = f"[Unit]\nRequires=\n[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart={' '.join(argv)}\n"
    machine.write(f"{TRIAL}.d/look.conf", trial)
    machine.must("systemctl", "daemon-reload")
    said = machine.run("systemctl", "start", "octra-trial.service")
    log = [entry["MESSAGE"] for entry in machine.journal("--unit=octra-trial", "--identifier=octrad")]
    assert said.exit_code == 0, log
    findings = json.loads(log[-1])
    assert [finding for finding in findings if not finding["ok"]] == []
