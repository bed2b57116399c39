"""Repeated timing of whole commands and calls."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def median_ms(work: Callable[[], object], repeats: int, *, before: Callable[[], object] | None = None) -> float:
    """The median time of `work` in milliseconds; `before` runs untimed each time."""
    times = []
    for _ in range(repeats):
        if before:
            before()
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def run(argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Runs a command that has to succeed; returns what it printed."""
    ended = subprocess.run(
        [str(word) for word in argv],
        env=None if env is None else dict(env),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{argv}: {ended.stderr[-2000:]}"
    return ended.stdout.strip()
