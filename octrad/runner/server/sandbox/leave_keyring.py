"""Leaves the session keyring that the runner was started with, so that commands do not inherit its keys.

A keyring of the kernel is in no namespace: who has inherited it may read what is in it, under whatever uid.
"""

import ctypes
import os

# Of the table of system calls: glibc has no function for it, and libkeyutils is not everywhere.
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_JOIN_SESSION_KEYRING = 1


def leave_keyring() -> None:
    """Gives the calling thread, and all that it starts from now on, a new and empty session keyring.

    Where the kernel or the container we are in knows no keyrings, commands have none either.
    """
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        ctypes.CDLL(None).syscall(ctypes.c_long(number), ctypes.c_long(_JOIN_SESSION_KEYRING), ctypes.c_void_p(None))
