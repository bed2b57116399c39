"""The filter of system calls that every command runs under. Pure: a program for the kernel's BPF machine, as bytes.

The namespaces keep a command from what belongs to others; this keeps it from parts of the kernel that it has no use
for, where most ways out of sandboxes began, and from what is in no namespace: keys, and sockets to the hypervisor.
What a project's tools do need stays: ptrace, which gdb and the leak checker of GCC and Clang use among the command's
own processes, and processes, threads, files, the ordinary sockets.

A refused call fails with an error that programs expect of older or stricter kernels, and ends nothing. What is written
here is https://docs.kernel.org/userspace-api/seccomp_filter.html, with 32 bits of an argument compared where the
kernel takes 32 bits of it.
"""

import errno
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# By machine: x86_64, aarch64. None where it has no such call.
_DENIED: Mapping[str, tuple[int | None, int | None]] = {
    # In no namespace, and readable across users.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Large parts of the kernel, open to everybody on some machines.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    # The way to a file, or to a descriptor of another process, that was not opened.
    "open_by_handle_at": (304, 265),
    "pidfd_getfd": (438, 438),
    # Other namespaces and other mounts: what there is was set up before.
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    # The machine itself.
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vhangup": (153, 58),
}
# Programs do without these where the kernel is older: glibc takes clone, whose flags can be seen, and libuv threads.
_ABSENT: Mapping[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
_CLONE, _UNSHARE, _IOCTL = (56, 220), (272, 97), (16, 29)
_SOCKET, _SOCKETPAIR = (41, 198), (53, 199)

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME is a signal's number to clone.
_NAMESPACES, _NEW_TIME = 0x7E02_0000, 0x80
# What types into a terminal, and what pastes into a console: in terminals that a command may have been given.
_TERMINAL_REQUESTS = (0x5412, 0x541C)
# Unix, IPv4, IPv6, and netlink, by which programs ask for the interfaces there are.
_FAMILIES = (1, 2, 10, 16)

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x4000_0000  # the calls of another binary interface to the same kernel
_INSTRUCTION = struct.Struct("<HBBI")


@dataclass(frozen=True, slots=True)
class _Machine:
    """Which column of the tables it is, and what the kernel calls it (AUDIT_ARCH_…)."""

    column: int
    architecture: int


_MACHINES = {"x86_64": _Machine(0, 0xC000_003E), "aarch64": _Machine(1, 0xC000_00B7)}
_Instruction = tuple[int, int, int, int]


def compile_call_filter(machine: str) -> bytes | None:
    """The filter for a machine as `uname` names it; None for one whose calls are not known here."""
    if machine not in _MACHINES:
        return None
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in _program(_MACHINES[machine]))


def _program(machine: _Machine) -> Iterator[_Instruction]:
    column = machine.column
    # A program for another machine (32 bits) would call by other numbers.
    yield from ((_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, machine.architecture), (_RETURN, 0, 0, _KILL))
    yield from ((_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS))
    for calls, error in ((_DENIED, errno.EPERM), (_ABSENT, errno.ENOSYS)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                yield from ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error))
    yield from _judge(_CLONE[column], 0, [(_ANY_BIT, _NAMESPACES)], errno.EPERM)
    yield from _judge(_UNSHARE[column], 0, [(_ANY_BIT, _NAMESPACES | _NEW_TIME)], errno.EPERM)
    yield from _judge(_IOCTL[column], 1, [(_EQUAL, request) for request in _TERMINAL_REQUESTS], errno.EPERM)
    for call in (_SOCKET, _SOCKETPAIR):
        yield from _judge(call[column], 0, [(_EQUAL, family) for family in _FAMILIES], errno.EAFNOSUPPORT, allow=True)
    yield (_RETURN, 0, 0, _ALLOW)


def _judge(
    number: int, argument: int, tests: Sequence[tuple[int, int]], error: int, *, allow: bool = False
) -> Iterator[_Instruction]:
    """Judges one call by one argument: refused if a test holds, or, with `allow`, if none does."""
    held, otherwise = (_ALLOW, _ERRNO | error) if allow else (_ERRNO | error, _ALLOW)
    yield (_EQUAL, 0, len(tests) + 3, number)
    yield (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
    for position, (test, value) in enumerate(tests):
        yield (test, len(tests) - position, 0, value)
    yield from ((_RETURN, 0, 0, otherwise), (_RETURN, 0, 0, held))
