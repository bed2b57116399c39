"""Commands that take all that they can get, and what must end them. Shell and Python only."""

from dataclasses import dataclass

_MEMORY_OF_MANY = "python3 -c 'import time; x = bytearray(150_000_000); time.sleep(60)' & "


@dataclass(frozen=True, slots=True)
class Bomb:
    """A command, and how it ends: by which limit of the runner's, or of itself with an exit code other than 0."""

    name: str
    command: str
    limit: str = ""
    timeout_s: float = 10.0


BOMBS = (
    Bomb("processes", "bomb() { bomb | bomb & }; bomb; sleep 60", "timeout", 2),
    Bomb("threads", "python3 -c 'import threading as t, time\nfor _ in range(9999): "
         "t.Thread(target=time.sleep, args=(60,), daemon=True).start()'"),
    Bomb("memory", "python3 -c 'bytearray(10**9)'"),
    Bomb("memory of many", _MEMORY_OF_MANY * 6 + "wait", "memory"),
    Bomb("memory that is shared", "python3 -c 'import mmap; m = mmap.mmap(-1, 900_000_000)\n"
         "for n in range(0, len(m), 4096): m[n] = 1\nimport time; time.sleep(60)'", "memory"),
    Bomb("temporary files", "python3 -c 'f = open(\"/tmp/x\", \"wb\")\nwhile True: f.write(bytes(10**6))'"),
    Bomb("a home", "python3 -c 'f = open(\"/home/octra/x\", \"wb\")\nwhile True: f.write(bytes(10**6))'"),
    Bomb("shared memory", "python3 -c 'f = open(\"/dev/shm/x\", \"wb\")\nwhile True: f.write(bytes(10**6))'"),
    Bomb("a big file", "python3 -c 'f = open(\"x\", \"wb\")\nwhile True: f.write(bytes(10**6))'"),
    Bomb("a file of nothing", "python3 -c 'open(\"x\", \"wb\").truncate(2**40)'"),
    Bomb("output", "python3 -c 'while True: print(\"octra\" * 99)'", "output"),
    Bomb("a line", "python3 -c 'while True: print(\"octra\" * 99, end=\"\")'", "output"),
    Bomb("errors", "python3 -c 'import sys\nwhile True: print(\"octra\", file=sys.stderr)'", "output"),
    Bomb("time", "trap '' TERM INT HUP; while :; do :; done", "timeout", 1),
    Bomb("sleep, whatever signal comes", "python3 -c 'import signal, time\n"
         "for n in range(1, 65):\n try: signal.signal(n, signal.SIG_IGN)\n except (OSError, ValueError): pass\n"
         "while True: time.sleep(60)'", "timeout", 1),
    Bomb("stopping all", "kill -STOP -1; kill -STOP $$; while :; do :; done", "timeout", 1),
    Bomb("killing all", "kill -9 -1; kill -9 $$"),
    Bomb("killing its parent", "kill -9 $PPID; kill -9 1; kill -9 $$"),
)  # fmt: skip
