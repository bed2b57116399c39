"""Measures the memory that a process and all its descendants hold, from /proc.

Limits of single processes do not bound their sum, and a cgroup with a memory controller is not to be had everywhere.
"""

import os
import re
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PSS_ANON = re.compile(rb"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)


def exceeds_memory(pid: int, limit_bytes: int) -> bool:
    """Whether `pid` and its descendants hold more private memory than the limit; what ends meanwhile counts nothing.

    The cheap measure counts pages that forked processes still share once for each of them, so what looks like too
    much is measured again with every page counted once.
    """
    processes = _descendants(pid)
    if sum(map(_resident_bytes, processes)) <= limit_bytes:
        return False
    return sum(map(_proportional_bytes, processes)) > limit_bytes


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for process in found:  # grows while it is walked
        found.extend(_children(process))
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for thread in os.scandir(f"/proc/{pid}/task"):
            children.extend(map(int, Path(f"{thread.path}/children").read_text(encoding="ascii").split()))
    except OSError:
        return children
    return children


def _resident_bytes(pid: int) -> int:
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return max(0, int(resident) - int(shared)) * _PAGE_BYTES


def _proportional_bytes(pid: int) -> int:
    try:
        match = _PSS_ANON.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
    except OSError:
        return 0
    return int(match[1]) * 1024 if match else _resident_bytes(pid)
