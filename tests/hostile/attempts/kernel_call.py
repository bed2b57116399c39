"""Calls the kernel by a call's number: Python and glibc have no function for most of what is tried here."""

import ctypes
import os

_NUMBERS = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clone3": (435, 435),
    "finit_module": (313, 273),
    "fsopen": (430, 430),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "mount_setattr": (442, 442),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "ptrace": (101, 117),
    "reboot": (169, 142),
    "setns": (308, 268),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "acct": (163, 89),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
}
_LIBRARY = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """What the kernel returns.

    Raises:
        OSError: it refuses.
    """
    number = _NUMBERS[name][os.uname().machine != "x86_64"]
    wide = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    result: int = _LIBRARY.syscall(ctypes.c_long(number), *wide)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
