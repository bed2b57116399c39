"""What a command may use, and how the kernel is told.

The shell that runs the command sets the limits on itself first, hard ones, which nothing in the sandbox can raise:
inside of the sandbox's own user namespace the limit on processes counts only its own, and no further program has to
be started. Memory is bounded as writable data (RLIMIT_DATA), not as addresses (RLIMIT_AS): node and Go reserve many
gigabytes of addresses that they never use. The sum over all processes is measured by `run_sandboxed`.
"""

import resource
from dataclasses import dataclass
from enum import StrEnum


class Limit(StrEnum):
    """What ended a command before its time."""

    NONE = ""
    TIMEOUT = "timeout"
    OUTPUT = "output"
    MEMORY = "memory"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use: of time and output together, of memory together and each process, the rest each."""

    timeout_s: float
    output_bytes: int
    memory_bytes: int
    processes: int
    file_bytes: int


def limit_shell(limits: Limits) -> str:
    """Returns bash code that sets the limits, to stand before the command on its first line."""
    data = _bound(resource.RLIMIT_DATA, limits.memory_bytes) // 1024
    file = _bound(resource.RLIMIT_FSIZE, limits.file_bytes) // 1024
    processes = _bound(resource.RLIMIT_NPROC, limits.processes)
    return f"ulimit -c 0 -d {data} -f {file} -u {processes} || exit 126; "


def _bound(kind: int, value: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
