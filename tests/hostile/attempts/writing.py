"""Attempts to write outside of the tree. Each returns whether it wrote; what it would write changes nothing."""

import contextlib
import ctypes
import os
import stat
from pathlib import Path

from tests.hostile.attempts.canary import Canary
from tests.hostile.attempts.kernel_call import call
from tests.hostile.attempts.other_processes import each_root

_MS_REMOUNT_BIND = 0x1020


def beside_the_tree(_: Canary) -> bool:
    return _write("../hostile")


def to_the_root(_: Canary) -> bool:
    return _write("/hostile")


def outside_directly(canary: Canary) -> bool:
    return _write(f"{canary.directory}/direct")


def outside_through_a_link(canary: Canary) -> bool:
    Path("out").symlink_to(canary.directory)
    return _write("out/link")


def outside_through_many_parents(canary: Canary) -> bool:
    return _write("../" * 40 + canary.directory + "/parents")


def outside_through_a_process(canary: Canary) -> bool:
    return any(_write(f"{root}{canary.directory}/process") for root in each_root())


def outside_through_itself(canary: Canary) -> bool:
    return _write(f"/proc/self/root{canary.directory}/itself")


def through_an_inherited_descriptor(_: Canary) -> bool:
    with os.scandir("/proc/self/fd") as own:
        opened = {int(entry.name) for entry in own}
    return any(_is_open(number) for number in opened if number > 2)


def into_the_state_directory(canary: Canary) -> bool:
    return _write(f"{canary.state_dir}/hostile")


def into_the_environment(_: Canary) -> bool:
    for directory in os.environ["PATH"].split(":"):
        with contextlib.suppress(OSError):
            return _write(f"{directory}/octra-hostile")
    return False


def into_a_program(_: Canary) -> bool:
    Path("/usr/bin/true").open("ab").close()
    return True


def into_the_accounts(_: Canary) -> bool:
    Path("/etc/passwd").open("ab").close()
    return True


def into_the_devices(_: Canary) -> bool:
    return _write("/dev/octra-hostile")


def a_device_of_its_own(_: Canary) -> bool:
    os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    return True


def memory_as_a_device_of_its_own(_: Canary) -> bool:
    os.mknod("memory", stat.S_IFCHR | 0o600, os.makedev(1, 1))
    return True


def for_another_owner(_: Canary) -> bool:
    Path("owned").touch()
    os.chown("owned", 0, 0)
    Path("owned").chmod(0o4755)
    return Path("owned").stat().st_uid == 0


def settings_of_the_kernel(_: Canary) -> bool:
    """Those of the whole machine; some others belong to the namespaces that the command is in."""
    for name in (
        "kernel/modprobe",
        "kernel/randomize_va_space",
        "kernel/kptr_restrict",
        "vm/drop_caches",
        "fs/file-max",
    ):
        with contextlib.suppress(OSError):
            os.close(os.open(f"/proc/sys/{name}", os.O_WRONLY))
            return True
    return False


def program_for_core_dumps(_: Canary) -> bool:
    place = Path("/proc/sys/kernel/core_pattern")
    place.write_bytes(place.read_bytes())
    return True


def magic_keys_of_the_kernel(_: Canary) -> bool:
    os.close(os.open("/proc/sysrq-trigger", os.O_WRONLY))
    return True


def a_mount(_: Canary) -> bool:
    Path("mounted").mkdir()
    call("mount", b"none", b"mounted", b"tmpfs", 0, None)
    return True


def a_mount_of_control_groups(_: Canary) -> bool:
    """From where a release agent would be started as root: CVE-2022-0492."""
    Path("groups").mkdir()
    call("mount", b"none", b"groups", b"cgroup2", 0, None)
    return True


def a_mount_by_the_new_calls(_: Canary) -> bool:
    os.close(call("fsopen", b"tmpfs", 0))
    return True


def a_copy_of_a_mount(_: Canary) -> bool:
    os.close(call("open_tree", -100, b"/proc", 1))
    return True


def a_remount(_: Canary) -> bool:
    call("mount", b"none", _mount_above(Path("/usr")), None, _MS_REMOUNT_BIND, None)
    return True


def attributes_of_a_mount(_: Canary) -> bool:
    attributes = (ctypes.c_uint64 * 4)()
    call("mount_setattr", -100, _mount_above(Path("/usr")), 0, attributes, 32)
    attributes[1] = 1  # no longer read-only
    call("mount_setattr", -100, _mount_above(Path("/usr")), 0, attributes, 32)
    return True


def an_unmount(_: Canary) -> bool:
    call("umount2", b"/dev/shm", 2)
    return True


def _write(path: str) -> bool:
    """Writes a file and removes it again: who looks from outside would see neither, so where it worked it says so."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.close(descriptor)
    Path(path).unlink()
    return True


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _mount_above(path: Path) -> bytes:
    while not path.is_mount():
        path = path.parent
    return bytes(path)
