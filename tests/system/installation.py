"""Octra as an administrator installs it on the machine: the wheel, the module's files, a database, a cache and users.

What NixOS would do besides writing the module's files (the database, Redis, the users' groups) is done here as Debian
does it.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.rehearsed import write_scenarios
from tests.daemon import wait_until
from tests.system.machine import Machine
from tests.system.prying import write_prying_scenario
from tests.system.python_packages import VENV
from tests.system.units import render
from tests.wheel import build_wheel, copy_source

REHEARSAL_PORT = 8765
# Short enough for a test to wait for, long enough that a task in its midst does not lose them.
IDLE_EXIT_S = 4
SERVICES = ("octrad.service", "octra-gateway.service", "octra-runner.service")
SOCKETS = ("octrad.socket", "octra-gateway.socket", "octra-runner.socket")
OPTIONS: dict[str, Any] = {
    "models": {
        "chain": ["rehearsal/python-cli"],
        "providers": {
            "rehearsal": {"kind": "rehearsal", "baseUrl": f"http://127.0.0.1:{REHEARSAL_PORT}/v1"},
        },
    },
    "nixpkgs": "stand-in",
    "redis": {"createLocally": True},
    "access": {
        "viewer": {"users": ["victor"]},
        "member": {"groups": ["octra"]},
        "admin": {"users": ["ada"]},
    },
    "settings": {"servant": {"idle_exit_s": IDLE_EXIT_S}},
}


@dataclass(frozen=True, slots=True)
class Person:
    """An ordinary user of the machine."""

    name: str
    groups: tuple[str, ...] = ()


PEOPLE = (
    Person("alice", ("octra",)),  # a member
    Person("bob", ("octra",)),  # another
    Person("ada"),  # an administrator of Octra, not of the machine
    Person("victor"),  # may look
    Person("mallory"),  # nobody
)
NIX_CONF = """sandbox = true
sandbox-paths = /bin /lib /lib64 /usr /etc/alternatives
substituters =
"""
REDIS_CONF = """port 0
unixsocket /run/redis-octra/redis.sock
unixsocketperm 770
dir /var/lib/redis
pidfile /run/redis-octra/redis.pid
save ""
"""
REHEARSAL_UNIT = f"""[Unit]
Description=A model that answers from a script

[Service]
ExecStart={VENV}/bin/octrad rehearse --port {REHEARSAL_PORT} --scenarios /srv/scenarios
DynamicUser=yes
"""


def install(machine: Machine) -> None:
    """Installs it all and starts it."""
    _install_wheel(machine)
    _write_files(machine)
    _make_users(machine)
    _make_database(machine)
    machine.must("systemctl", "daemon-reload")
    machine.must("systemctl", "restart", "nix-daemon.service")
    machine.must("systemctl", "start", "octra-catalog.service")
    machine.must("systemctl", "start", "redis-server@octra.service", "octra-rehearsal.service")
    wait_until(lambda: is_answering(machine), 30, "the rehearsal answers")
    machine.must("systemctl", "enable", "--now", *SOCKETS, "octrad.service", timeout_s=180)


def is_answering(machine: Machine) -> bool:
    """Whether the rehearsal takes calls."""
    connect = f"import socket; socket.create_connection(('127.0.0.1', {REHEARSAL_PORT})).close()"
    return machine.run("python3", "-c", connect).exit_code == 0


def _install_wheel(machine: Machine) -> None:
    with tempfile.TemporaryDirectory(prefix="octra-source-") as directory:
        wheel = build_wheel(copy_source(Path(directory)))
        shutil.copy(wheel, machine.path("/srv"))
    machine.must(f"{VENV}/bin/pip", "install", "-q", "--no-index", "--no-deps", f"/srv/{wheel.name}")
    for program in ("octrad", "octractl"):
        machine.must("ln", "-s", f"{VENV}/bin/{program}", f"/usr/local/bin/{program}")


def _write_files(machine: Machine) -> None:
    for path, text in render(OPTIONS).items():
        machine.write(path, text)
    machine.write("/etc/nix/nix.conf", NIX_CONF)
    machine.write("/etc/redis/redis-octra.conf", REDIS_CONF)
    machine.write("/etc/systemd/system/octra-rehearsal.service", REHEARSAL_UNIT)
    write_prying_scenario(write_scenarios(machine.path("/srv/scenarios")))


def _make_users(machine: Machine) -> None:
    machine.must("systemd-sysusers")
    machine.must("systemd-tmpfiles", "--create", "octra.conf")
    machine.must("usermod", "--append", "--groups", "redis", "octra")
    for person in PEOPLE:
        groups = ("--groups", ",".join(person.groups)) if person.groups else ()
        machine.must("useradd", "--create-home", *groups, person.name)


def _make_database(machine: Machine) -> None:
    machine.must("createuser", "octra", user="postgres")
    machine.must("createdb", "--owner=octra", "octra", user="postgres")
