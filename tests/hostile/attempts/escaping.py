"""Attempts to become more than a command is, by calls of the kernel. Each returns whether the kernel let it."""

import ctypes
import errno
import fcntl
import os
import pty
import signal
import termios
from pathlib import Path

from tests.hostile.attempts.canary import Canary
from tests.hostile.attempts.kernel_call import call

_NEW_MOUNTS, _NEW_USER, _NEW_PIDS, _NEW_NETWORK = 0x20000, 0x10000000, 0x20000000, 0x40000000
_PTRACE_SEIZE = 0x4206


def root(_: Canary) -> bool:
    os.setuid(0)
    return True


def groups(_: Canary) -> bool:
    os.setgroups([0])
    return True


def any_capability(_: Canary) -> bool:
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return any(int(line.split()[1], 16) for line in status if line.startswith(("CapEff", "CapPrm", "CapInh", "CapBnd")))


def more_privileges_by_a_program(_: Canary) -> bool:
    return "NoNewPrivs:\t0" in Path("/proc/self/status").read_text(encoding="utf-8")


def all_calls_of_the_kernel(_: Canary) -> bool:
    return "Seccomp:\t2" not in Path("/proc/self/status").read_text(encoding="utf-8")


def user_namespace(_: Canary) -> bool:
    return call("unshare", _NEW_USER) == 0


def user_namespace_of_a_child(_: Canary) -> bool:
    arguments = (ctypes.c_uint64 * 8)(_NEW_USER, 0, 0, 0, signal.SIGCHLD)
    child = call("clone3", arguments, 64)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def mount_namespace(_: Canary) -> bool:
    return call("unshare", _NEW_MOUNTS) == 0


def network_namespace(_: Canary) -> bool:
    return call("unshare", _NEW_NETWORK) == 0


def pid_namespace(_: Canary) -> bool:
    return call("unshare", _NEW_PIDS) == 0


def namespace_of_another_process(canary: Canary) -> bool:
    return call("setns", os.open(f"/proc/{canary.process}/ns/uts", os.O_RDONLY), 0) == 0


def namespaces_of_its_own_processes(_: Canary) -> bool:
    return call("setns", os.open("/proc/self/ns/uts", os.O_RDONLY), 0) == 0


def another_root(_: Canary) -> bool:
    os.chroot(".")
    return True


def swapped_root(_: Canary) -> bool:
    try:
        call("pivot_root", b".", b".")
    except OSError as error:
        return _is_let(error)
    return True


def tracing_the_runner(canary: Canary) -> bool:
    return call("ptrace", _PTRACE_SEIZE, canary.process, 0, 0) == 0


def reading_memory_of_the_runner(canary: Canary) -> bool:
    first = int(Path(f"/proc/{canary.process}/maps").read_text(encoding="utf-8").split("-")[0], 16)
    place = ctypes.create_string_buffer(1)
    ours = (ctypes.c_uint64 * 2)(ctypes.addressof(place), 1)
    return call("process_vm_readv", canary.process, ours, 1, (ctypes.c_uint64 * 2)(first, 1), 1, 0) == 1


def signals_to_the_runner(canary: Canary) -> bool:
    os.kill(canary.process, signal.SIGCONT)
    return True


def descriptor_of_the_runner(canary: Canary) -> bool:
    return call("pidfd_getfd", os.pidfd_open(canary.process), 0, 0) >= 0


def precedence(_: Canary) -> bool:
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    return True


def real_time(_: Canary) -> bool:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    return True


def immunity_when_memory_runs_out(_: Canary) -> bool:
    Path("/proc/self/oom_score_adj").write_text("-1000", encoding="utf-8")
    return True


def keys_of_the_kernel(_: Canary) -> bool:
    return call("add_key", b"user", b"octra-hostile-own", b"x", 1, -1) > 0


def asynchronous_calls(_: Canary) -> bool:
    os.close(call("io_uring_setup", 4, ctypes.create_string_buffer(120)))
    return True


def page_faults(_: Canary) -> bool:
    os.close(call("userfaultfd", 1))
    return True


def programs_in_the_kernel(_: Canary) -> bool:
    create_array = ctypes.create_string_buffer(b"".join(n.to_bytes(4, "little") for n in (2, 4, 4, 1)), 128)
    os.close(call("bpf", 0, create_array, 128))
    return True


def counters_of_the_machine(_: Canary) -> bool:
    software_clock = ctypes.create_string_buffer(b"\1\0\0\0\x70", 112)
    os.close(call("perf_event_open", software_clock, -1, 0, -1, 0))
    return True


def module_of_the_kernel(_: Canary) -> bool:
    try:
        call("finit_module", -1, b"", 0)
    except OSError as error:
        return _is_let(error)
    return True


def another_kernel(_: Canary) -> bool:
    try:
        call("kexec_load", 0, 17, None, 0)  # more segments than there may be
    except OSError as error:
        return _is_let(error)
    return True


def reboot(_: Canary) -> bool:
    try:
        call("reboot", 0, 0, 0, None)  # without the magic numbers
    except OSError as error:
        return _is_let(error)
    return True


def swapping(_: Canary) -> bool:
    try:
        call("swapoff", b"/nonexistent")
    except OSError as error:
        return _is_let(error)
    return True


def accounting(_: Canary) -> bool:
    try:
        call("acct", b"/nonexistent")
    except OSError as error:
        return _is_let(error)
    return True


def typing_into_a_terminal(_: Canary) -> bool:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    controller, terminal = pty.openpty()
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
    os.close(controller)
    return True


def name_of_the_machine(_: Canary) -> bool:
    return os.uname().nodename != "octra"


def _is_let(error: OSError) -> bool:
    """Whether the kernel objected to what was asked, and not to who asked."""
    return error.errno not in {errno.EPERM, errno.EACCES, errno.ENOSYS}
