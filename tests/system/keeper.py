"""Keeps one booted machine, in a process of its own, until whoever started it closes its standard input or dies.

Run in a mount namespace of its own, so that no mount outlives it; what the machine writes is in memory. All of its
processes are in one cgroup, which is killed and removed at the end. Says `leader PID` once the machine's first process
runs.
"""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PREFIX = "octra-test-machine-"
READY = "leader "
START_TIMEOUT_S = 30
END_TIMEOUT_S = 20


def main() -> None:
    """Boots the layers that are named, upmost first."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as directory, _mounted(Path(directory), sys.argv[1:]) as root:
        _remove_abandoned()
        with _cgroup() as cgroup, _booted(root, cgroup) as nspawn:
            print(f"{READY}{_find_leader(nspawn)}", flush=True)  # noqa: T201 - the readiness line
            _wait(nspawn)


@contextlib.contextmanager
def _mounted(directory: Path, layers: Sequence[str]) -> Iterator[Path]:
    """The layers below, and memory above them."""
    _run("mount", "-t", "tmpfs", "tmpfs", str(directory))
    for name in ("upper", "work", "root"):
        (directory / name).mkdir(mode=0o755)
    options = f"lowerdir={':'.join(layers)},upperdir={directory}/upper,workdir={directory}/work"
    _run("mount", "-t", "overlay", "-o", options, "overlay", str(directory / "root"))
    # Over whatever is there: systemd-nspawn wants the unified hierarchy, which a kernel always has.
    _run("mount", "-t", "cgroup2", "none", str(CGROUPS))
    try:
        yield directory / "root"
    finally:
        _run("umount", "--lazy", str(CGROUPS))
        _run("umount", "--lazy", str(directory / "root"))
        _run("umount", "--lazy", str(directory))


@contextlib.contextmanager
def _cgroup() -> Iterator[Path]:
    cgroup = CGROUPS / f"{PREFIX}{os.getpid()}"
    cgroup.mkdir()
    try:
        yield cgroup
    finally:
        (cgroup / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + END_TIMEOUT_S
        while not _is_empty(cgroup) and time.monotonic() < deadline:
            time.sleep(0.02)
        _remove(cgroup)


@contextlib.contextmanager
def _booted(root: Path, cgroup: Path) -> Iterator[subprocess.Popen[bytes]]:
    argv = ["systemd-nspawn", "--quiet", f"--directory={root}", "--machine=octra", "--register=no", "--keep-unit"]
    argv += ["--private-network", "--boot"]
    # What the console says comes out as what we say on standard error: pytest shows it when a test fails.
    nspawn = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        preexec_fn=lambda: (cgroup / "cgroup.procs").write_text("0"),  # noqa: PLW1509 - one thread
    )
    try:
        yield nspawn
    finally:
        nspawn.kill()
        nspawn.wait(END_TIMEOUT_S)


def _find_leader(nspawn: subprocess.Popen[bytes]) -> int:
    """The process that is number 1 in there."""
    children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and nspawn.poll() is None:
        for pid in children.read_text(encoding="ascii").split():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
                if "\nNSpid:" in status and status.partition("\nNSpid:")[2].partition("\n")[0].endswith("\t1"):
                    return int(pid)
        time.sleep(0.02)
    sys.exit(f"systemd-nspawn started nothing; it exited {nspawn.poll()}")


def _wait(nspawn: subprocess.Popen[bytes]) -> None:
    pidfd = os.pidfd_open(nspawn.pid)
    select.select([sys.stdin, pidfd], [], [])


def _remove_abandoned() -> None:
    """Removes what a keeper that was killed has left: empty cgroups, since its machine died with its namespace."""
    for cgroup in CGROUPS.glob(f"{PREFIX}*"):
        if _is_empty(cgroup):
            _remove(cgroup)


def _is_empty(cgroup: Path) -> bool:
    return "populated 0" in (cgroup / "cgroup.events").read_text(encoding="ascii")


def _remove(cgroup: Path) -> None:
    for directory, _, _ in os.walk(cgroup, topdown=False):
        Path(directory).rmdir()


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, timeout=60)


if __name__ == "__main__":
    main()
