"""Measures the memory that a process and all its descendants hold, from /proc.

Limits of single processes do not bound their sum, and a cgroup with a memory controller is not to be had everywhere.
"""

import os
import re
from pathlib import Path

# Shared memory is memory of the command's as well: a mapping that it shares with nobody, or a file in memory.
_RESIDENT = re.compile(rb"^Rss(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)
_PROPORTIONAL = re.compile(rb"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)


def exceeds_memory(pid: int, limit_bytes: int) -> bool:
    """Whether `pid` and its descendants hold more memory than the limit; what ends meanwhile counts nothing.

    Programs and files on the disk do not count. The cheap measure counts pages that processes share once for each of
    them, so what looks like too much is measured again with every page counted once.
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
        return _sum_bytes(_RESIDENT, Path(f"/proc/{pid}/status").read_bytes())
    except OSError:
        return 0


def _proportional_bytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except OSError:
        return 0
    return _sum_bytes(_PROPORTIONAL, rollup) if b"Pss_Anon:" in rollup else _resident_bytes(pid)


def _sum_bytes(lines: re.Pattern[bytes], text: bytes) -> int:
    return sum(map(int, lines.findall(text))) * 1024
