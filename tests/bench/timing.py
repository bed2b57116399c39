"""Repeated timing of whole commands and calls, ours and the reference's in turn.

In turn, so that whatever else the machine does meanwhile falls on both.
"""

import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.process import CommandFailedError


@dataclass(frozen=True, slots=True)
class Pair:
    """The median times of ours and of the reference, in milliseconds."""

    ours: float
    reference: float


def in_turn(
    ours: Callable[[], object],
    reference: Callable[[], object],
    repeats: int,
    *,
    before: Callable[[], object] = lambda: None,
) -> Pair:
    """Times the two one after the other, `repeats` times; `before` runs untimed before each of them."""
    return medians((time_ms(ours, before), time_ms(reference, before)) for _ in range(repeats))


def medians(pairs: Iterable[tuple[float, float]]) -> Pair:
    """The median of each side."""
    ours, references = zip(*pairs, strict=True)
    return Pair(statistics.median(ours), statistics.median(references))


def time_ms(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """How long `work` takes; `before` runs first, untimed."""
    before()
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


async def await_ms(work: Awaitable[object]) -> float:
    """How long `work` takes, a coroutine that has not begun."""
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) * 1000


def run(argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Runs a command that has to succeed; returns what it printed."""
    words = [str(word) for word in argv]
    ended = subprocess.run(
        words, env=None if env is None else dict(env), cwd=cwd, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise CommandFailedError(words, cwd, ended.returncode, ended.stderr)
    return ended.stdout.strip()
