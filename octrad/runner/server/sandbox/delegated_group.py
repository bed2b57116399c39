"""Finds the control group that systemd has delegated to the runner (Delegate=yes), if it has.

Being able to write is not enough: root can everywhere, and what is not delegated is systemd's own to arrange. systemd
marks what it delegates with an extended attribute; see https://systemd.io/CGROUP_DELEGATION/.
"""

import os
from pathlib import Path

# Where the runner itself lives: a group that has controllers for its children can have no processes of its own.
OWN_NAME = "runner"
_MARKS = ("user.delegate", "trusted.delegate")


def find_delegated_group(process: Path = Path("/proc/self")) -> Path | None:
    """The directory of the runner's delegated group; None where there is none, or it cannot be written to."""
    group = _group_of(process)
    if group is None:
        return None
    # DelegateSubgroup= of systemd, or a runner before a re-exec, is there already.
    group = group.parent if group.name == OWN_NAME and _is_delegated(group.parent) else group
    return group if _is_delegated(group) and os.access(group / "cgroup.procs", os.W_OK) else None


def _group_of(process: Path) -> Path | None:
    mount = _mount_point(process)
    for line in (process / "cgroup").read_text(encoding="utf-8").splitlines():
        if line.startswith("0::/") and mount is not None:
            return mount / line.removeprefix("0::/")
    return None


def _mount_point(process: Path) -> Path | None:
    """Where the whole of the unified hierarchy is mounted."""
    for line in (process / "mountinfo").read_text(encoding="utf-8").splitlines():
        mount, _, kind = line.partition(" - ")
        if kind.startswith("cgroup2 ") and mount.split()[3] == "/":
            return Path(mount.split()[4])
    return None


def _is_delegated(group: Path) -> bool:
    return any(_attribute(group, name) == b"1" for name in _MARKS)


def _attribute(group: Path, name: str) -> bytes:
    try:
        return os.getxattr(group, name)
    except OSError:
        return b""
