import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.runner.server.sandbox.call_filter import compile_call_filter

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000
# Numbers of calls as the kernel's own headers have them, where they are installed.
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
REFUSED = {
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "clock_settime",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "userfaultfd",
    "vhangup",
}
ABSENT = ["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"]
JUDGED = ["clone", "unshare", "ioctl", "socket", "socketpair"]
NUMBERS = {
    "x86_64": {"clone": 56, "unshare": 272, "ioctl": 16, "socket": 41, "socketpair": 53},
    "aarch64": {"clone": 220, "unshare": 97, "ioctl": 29, "socket": 198, "socketpair": 199},
}


def refuse(error: int) -> int:
    return 0x00050000 | error


def run(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the kernel's machine returns for a call: the four instructions that the filter is made of."""
    program = compile_call_filter(machine)
    assert program
    given = (*arguments, *(0,) * (6 - len(arguments)))
    told = struct.pack("<iIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *given)
    steps = list(struct.iter_unpack("<HBBI", program))
    position = accumulator = 0
    while True:
        code, taken, missed, value = steps[position]
        position += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", told, value)
            case 0x06:
                return int(value)
            case 0x15 | 0x35 | 0x45:
                held = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}
                position += taken if held[code] else missed
            case _:
                raise AssertionError(f"an unknown instruction {code:#x}")


def header(machine: str) -> dict[str, int]:
    if not HEADERS[machine].exists():
        pytest.skip(f"NOT TESTED: {HEADERS[machine]} is not installed (linux-libc-dev)")
    lines = re.finditer(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text(), re.MULTILINE)
    return {match[1]: int(match[2]) for match in lines}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_exactly_the_calls_in_question_are_refused(machine: str) -> None:
    numbers = header(machine)
    refused = {name for name in numbers if run(machine, numbers[name]) == refuse(errno.EPERM)}
    absent = {name for name in numbers if run(machine, numbers[name]) == refuse(errno.ENOSYS)}
    ports = {"iopl", "ioperm"} if machine == "x86_64" else set()
    assert refused - {"open_tree_attr"} == REFUSED | ports
    assert absent == set(ABSENT)
    judged = {name for name in numbers if run(machine, numbers[name]) == refuse(errno.EAFNOSUPPORT)}
    assert judged == {"socket", "socketpair"}
    assert {name: numbers[name] for name in JUDGED} == NUMBERS[machine]


@pytest.mark.parametrize("machine", ARCHITECTURES)
@given(number=st.integers(500, 2**30 - 1), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_other_calls_are_allowed(machine: str, number: int, arguments: list[int]) -> None:
    assert run(machine, number, *arguments) == ALLOW


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(
    ("call", "argument", "action"),
    [
        ("clone", 0x01200011, ALLOW),  # fork
        ("clone", 0x003D0F00, ALLOW),  # a thread
        ("clone", 0x4111, ALLOW),  # vfork
        ("clone", 0x80, ALLOW),
        ("clone", 0x10000011, refuse(errno.EPERM)),
        ("clone", 0x00020000, refuse(errno.EPERM)),
        ("clone", 0x40000000, refuse(errno.EPERM)),
        ("unshare", 0x600, ALLOW),  # files and directories
        ("unshare", 0x10000000, refuse(errno.EPERM)),
        ("unshare", 0x80, refuse(errno.EPERM)),
        ("unshare", 0x02000000, refuse(errno.EPERM)),
        ("socket", 1, ALLOW),
        ("socket", 2, ALLOW),
        ("socket", 10, ALLOW),
        ("socket", 16, ALLOW),
        ("socket", 1 << 32 | 1, ALLOW),  # the kernel takes 32 bits of it
        ("socket", 1 << 32 | 40, refuse(errno.EAFNOSUPPORT)),
        ("socket", 17, refuse(errno.EAFNOSUPPORT)),
        ("socket", 38, refuse(errno.EAFNOSUPPORT)),
        ("socket", 40, refuse(errno.EAFNOSUPPORT)),
        ("socketpair", 1, ALLOW),
        ("socketpair", 30, refuse(errno.EAFNOSUPPORT)),
    ],
)
def test_call_is_judged_by_its_first_argument(machine: str, call: str, argument: int, action: int) -> None:
    assert run(machine, NUMBERS[machine][call], argument) == action


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(
    ("request_code", "action"),
    [
        (0x5401, ALLOW),
        (0x5413, ALLOW),
        (0x5412, refuse(errno.EPERM)),
        (0x541C, refuse(errno.EPERM)),
        (1 << 32 | 0x5412, refuse(errno.EPERM)),  # CVE-2019-10063
    ],
)
def test_terminals_are_not_typed_into(machine: str, request_code: int, action: int) -> None:
    assert run(machine, NUMBERS[machine]["ioctl"], 0, request_code) == action


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_other_interfaces_to_the_kernel_are_shut(machine: str) -> None:
    assert run(machine, 20, architecture=0x40000003) == KILL  # 32 bits
    assert run(machine, 0x40000000 | 321) == refuse(errno.ENOSYS)  # x32


def test_unknown_machine_has_no_filter() -> None:
    assert compile_call_filter("riscv64") is None
