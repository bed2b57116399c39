"""Attempts to read what belongs to Octra, to other tasks, to the machine. Each returns whether it reached it."""

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.attempts.canary import Canary
from tests.hostile.attempts.kernel_call import call
from tests.hostile.attempts.other_processes import each_root


def state_directory(canary: Canary) -> bool:
    """Of it there may be the directories above the store, and nothing in them but that."""
    return Path(f"{canary.state_dir}/runner/lock").exists()


def configuration(canary: Canary) -> bool:
    return "command_timeout_s" in Path(canary.config_path).read_text(encoding="utf-8")


def trees_of_all_tasks(canary: Canary) -> bool:
    return any(Path(f"{canary.state_dir}/runner/trees").iterdir())


def results_in_the_spool(canary: Canary) -> bool:
    return Path(f"{canary.state_dir}/runner/spool").is_dir()


def snapshot_of_another_project(canary: Canary) -> bool:
    return any(Path(canary.snapshot).iterdir())


def snapshots_by_listing_the_store(canary: Canary) -> bool:
    return any("octra-project" in path.name for path in Path(canary.snapshot).parent.iterdir())


def file_that_everybody_may_read(canary: Canary) -> bool:
    return canary.secret in Path(canary.secret_file).read_text(encoding="utf-8")


def file_through_a_symbolic_link(canary: Canary) -> bool:
    Path("link").symlink_to(canary.secret_file)
    return canary.secret in Path("link").read_text(encoding="utf-8")


def file_through_a_hard_link(canary: Canary) -> bool:
    os.link(canary.secret_file, f"{canary.directory}/hard")
    return Path(f"{canary.directory}/hard").exists()


def file_through_the_root_of_a_process(canary: Canary) -> bool:
    return any(canary.secret in Path(f"{root}{canary.secret_file}").read_text(encoding="utf-8") for root in each_root())


def file_through_the_root_of_the_runner(canary: Canary) -> bool:
    return canary.secret in Path(f"/proc/{canary.process}/root{canary.secret_file}").read_text(encoding="utf-8")


def directory_of_the_runner(canary: Canary) -> bool:
    return any(Path(f"/proc/{canary.process}/cwd/").iterdir())


def descriptors_of_the_runner(canary: Canary) -> bool:
    return any(Path(f"/proc/{canary.process}/fd").iterdir())


def environment_of_any_process(canary: Canary) -> bool:
    return any(canary.secret in text for text in _each_process("environ"))


def environment_of_its_own(canary: Canary) -> bool:
    return any(canary.secret in value for value in os.environ.values())


def command_line_of_the_runner(canary: Canary) -> bool:
    return any(canary.state_dir in text and "--state-dir" in text for text in _each_process("cmdline"))


def memory_of_the_runner(canary: Canary) -> bool:
    first = Path(f"/proc/{canary.process}/maps").read_text(encoding="utf-8").split("-")[0]
    with Path(f"/proc/{canary.process}/mem").open("rb", buffering=0) as memory:
        memory.seek(int(first, 16))
        return len(memory.read(1)) == 1


def credentials_of_the_unit(canary: Canary) -> bool:
    place = Path(os.environ.get("CREDENTIALS_DIRECTORY", canary.credentials))
    return canary.secret in (place / "key").read_text(encoding="utf-8")


def shared_memory_of_the_host(canary: Canary) -> bool:
    return canary.secret in Path(canary.shared_memory_file).read_text(encoding="utf-8")


def key_of_the_session_keyring(canary: Canary) -> bool:
    content = ctypes.create_string_buffer(64)
    key = call("keyctl", 10, -3, b"user", b"octra-hostile", 0)
    call("keyctl", 11, key, content, 64)
    return content.value.decode() == canary.secret


def passwords(_: Canary) -> bool:
    return "root:" in Path("/etc/shadow").read_text(encoding="utf-8")


def home_of_root(_: Canary) -> bool:
    return any(Path("/root").iterdir())


def log_of_the_kernel(_: Canary) -> bool:
    return call("syslog", 3, ctypes.create_string_buffer(4096), 4096) > 0


def log_of_the_kernel_as_a_device(_: Canary) -> bool:
    os.close(os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK))
    return True


def a_disk(_: Canary) -> bool:
    for path in Path("/dev").iterdir():
        if stat.S_ISBLK(path.stat().st_mode):
            with contextlib.suppress(OSError):
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
                return True
    return False


def devices_of_the_machine(_: Canary) -> bool:
    return any(Path("/sys/class").iterdir())


def file_by_its_handle(_: Canary) -> bool:
    """`open_by_handle_at`, which got out of containers once: https://lwn.net/Articles/602680/."""
    handle, mount = ctypes.create_string_buffer((128).to_bytes(4, "little"), 136), ctypes.c_int()
    call("name_to_handle_at", -100, b".", handle, ctypes.byref(mount), 0)
    directory = os.open(".", os.O_RDONLY)
    os.close(call("open_by_handle_at", directory, handle, os.O_RDONLY))
    return True


def _each_process(name: str) -> Iterator[str]:
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        with contextlib.suppress(OSError):
            yield path.read_bytes().decode(errors="replace")
