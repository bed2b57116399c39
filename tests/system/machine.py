"""A booted machine with systemd, and the ways in: run a command in there as any user, read and write its files.

Nothing of the machine outlives the keeper that holds it, and the keeper does not outlive us.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.daemon import ROOT, Said, wait_until
from tests.system.keeper import READY

BOOT_TIMEOUT_S = 120
COMMAND_TIMEOUT_S = 60
END_TIMEOUT_S = 30
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Machine:
    """`leader` is the pid of its systemd, as we see it."""

    leader: int

    def argv(self, command: Sequence[str], user: str = "root") -> list[str]:
        """The command line that runs a command in there, as a user with exactly that user's groups."""
        enter = ["nsenter", f"--target={self.leader}", "--all", "env", "-i", f"PATH={_PATH}", "LANG=C.UTF-8"]
        if user == "root":
            return [*enter, "HOME=/root", *command]
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--inh-caps=-all"]
        return [*enter, f"HOME=/home/{user}", f"USER={user}", *become, *command]

    def run(self, *command: str, user: str = "root", stdin: str = "", timeout_s: float = COMMAND_TIMEOUT_S) -> Said:
        """Runs it to its end."""
        ended = subprocess.run(
            self.argv(command, user), input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def must(self, *command: str, user: str = "root", stdin: str = "", timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Runs it, requires that it exits 0, and returns what it printed."""
        said = self.run(*command, user=user, stdin=stdin, timeout_s=timeout_s)
        assert said.exit_code == 0, f"{user}$ {' '.join(command)}: {said}"
        return said.stdout.strip()

    def start(self, *command: str, user: str = "root") -> subprocess.Popen[str]:
        """Starts it; the caller ends it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(self.argv(command, user), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)

    def path(self, path: str) -> Path:
        """A path of the machine's as we can open it; no part of it may be an absolute link."""
        return Path(f"/proc/{self.leader}/root{path}")

    def write(self, path: str, text: str) -> None:
        """Writes a file in there that everybody may read."""
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text, encoding="utf-8")

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """What systemd says of a unit."""
        lines = self.must("systemctl", "show", unit, f"--property={','.join(properties)}").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def is_active(self, unit: str) -> bool:
        return self.show(unit, "ActiveState")["ActiveState"] == "active"

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Entries of the journal, oldest first, all written by now."""
        self.must("journalctl", "--sync")
        lines = self.must("journalctl", "--output=json", "--all", "--no-pager", *matches).splitlines()
        return [json.loads(line) for line in lines]

    def pids(self, unit: str) -> list[int]:
        """The processes of a unit, in all of its cgroups, as we number them. Any of them may go while we look."""
        found: list[int] = []
        cgroup = self.show(unit, "ControlGroup")["ControlGroup"]
        for directory, _, _ in os.walk(self.path(f"/sys/fs/cgroup{cgroup}")) if cgroup else ():
            with contextlib.suppress(OSError):
                found += map(int, Path(directory, "cgroup.procs").read_text(encoding="ascii").split())
        return found


@contextlib.contextmanager
def booted(*layers: Path) -> Iterator[Machine]:
    """Boots the layers, upmost first, waits until it is up, and ends it whatever happens."""
    argv = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.system.keeper"]
    # Its own session: what ends us by a signal to our group does not end it before it has cleaned up.
    keeper = subprocess.Popen(
        [*argv, *map(str, layers)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _wait_for_boot(keeper)
    finally:
        keeper.communicate(timeout=END_TIMEOUT_S)


def _wait_for_boot(keeper: subprocess.Popen[str]) -> Machine:
    assert keeper.stdout
    said = keeper.stdout.readline()
    assert said.startswith(READY), "no machine came up; what its console said is above"
    machine = Machine(int(said.removeprefix(READY)))
    wait_until(lambda: _state(machine) == "running", BOOT_TIMEOUT_S, "the machine is up with no unit failed")
    # What a container has read-only and a real machine has not. The numbers are those of a user namespace: what
    # bubblewrap writes there is nobody else's.
    machine.must("mount", "--bind", "/proc/sys/user", "/proc/sys/user")
    machine.must("mount", "--options", "remount,rw,bind", "/proc/sys/user")
    return machine


def _state(machine: Machine) -> str:
    state = machine.run("systemctl", "is-system-running").stdout.strip()
    assert state not in ("degraded", "maintenance", "stopping"), machine.run("systemctl", "--failed").stdout
    return state


def why_not() -> str:
    """Why this machine cannot boot another one; empty where it can."""
    if os.geteuid() != 0:
        return "only root can boot a machine with systemd"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, timeout=30, check=False)
    return "" if tried.returncode == 0 else f"this root may not mount anything: {tried.stderr.strip()}"
