"""How often processes wake: what something that has nothing to do still costs a machine."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tests.daemon import wait_until

# Threads that gRPC's core has for as long as a process has a server or a channel, by the names that it gives them.
GRPC_THREADS = frozenset({"grpc_global_tim", "event_engine", "lifeguard"})
_LEAVES_WITHIN_S = 20


def wake_ups_per_s(*pids: int, measured_s: float) -> dict[str, float]:
    """How often each thread of the processes wakes, by its id and name, measured over so many seconds."""
    before = {thread: count for pid in pids for thread, count in _switches(pid)}
    time.sleep(measured_s)  # what is measured is a rate
    after = {thread: count for pid in pids for thread, count in _switches(pid)}
    return {thread: round((count - before.get(thread, 0)) / measured_s, 2) for thread, count in after.items()}


def wait_until_grpc_has_left(pid: int) -> None:
    """Waits until the process has neither a gRPC server nor a channel."""
    wait_until(lambda: not _names(pid) & GRPC_THREADS, _LEAVES_WITHIN_S, "gRPC's threads have ended")


def _names(pid: int) -> set[str]:
    return {thread.partition(" ")[2] for thread, _ in _switches(pid)}


def _switches(pid: int) -> Iterator[tuple[str, int]]:
    """How often each thread went to sleep, and so woke up, in its life."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            status = (task / "status").read_text(encoding="utf-8")
            switches = int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
            yield f"{task.name} {_name(task)}", switches


def _name(task: Path) -> str:
    """A thread's name; for a process of PostgreSQL's what it calls itself, `postgres: walwriter`."""
    title = (task / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    return title if title.startswith("postgres: ") else (task / "comm").read_text(encoding="utf-8").strip()
