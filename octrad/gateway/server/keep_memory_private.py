"""Keeps what the process holds in memory, keys among it, out of core dumps and away from other processes of its user.

A core is written by the kernel with all of the memory in it, and collected, compressed and kept by the machine's own
service for weeks.
"""

import contextlib
import ctypes
import os
import resource

_PR_SET_DUMPABLE = 4  # from linux/prctl.h


def keep_memory_private() -> None:
    """Forbids core dumps, and reading the process through /proc or a debugger of the same user.

    Raises:
        OSError: the kernel refuses.
    """
    # So that it can be seen from outside. It would not stop a core that goes to a program's standard input, as
    # systemd-coredump's does, and where a filter of calls forbids it nothing is lost.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
