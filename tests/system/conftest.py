"""One machine for all of these tests, with Octra installed; each test leaves it serving."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.debian_root import debian_root
from tests.system.installation import install
from tests.system.machine import Machine, booted, why_not
from tests.system.python_packages import python_packages
from tests.system.service import Service
from tests.system.units import CONFIG

HERE = Path(__file__).parent
# The first test also makes the machine, from nothing where the cache is empty.
TIMEOUT_S = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    if reason := why_not():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"NOT TESTED: {reason}")
    with booted(python_packages(), debian_root()) as up:
        install(up)
        yield up


@pytest.fixture(scope="session")
def installed(machine: Machine) -> Service:
    return Service(machine)


@pytest.fixture
def service(installed: Service) -> Iterator[Service]:
    installed.wait_until_ready()
    yield installed
    installed.wait_until_ready()


@pytest.fixture
def config(service: Service) -> Iterator[str]:
    """The configuration, which is put back afterwards, whatever octrad made of another one."""
    good = service.machine.path(CONFIG).read_text(encoding="utf-8")
    yield good
    service.machine.write(CONFIG, good)
    service.machine.must("systemctl", "reset-failed", "octrad.service")
    service.machine.must("systemctl", "restart", "octrad.socket", "octrad.service")
