"""The one place where a host program is started and waited for.

Every program gets its own session, a deadline and no standard input unless one is given; on timeout or cancellation
its whole group is killed. What a *model* chose never comes through here: that is the sandbox's.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.errors import ExhaustedError, OctraError

STDERR_KEPT_CHARACTERS = 4000


class CommandFailedError(OctraError):
    """A host program exited other than 0. Carries all that is needed to see why."""

    code = "command_failed"

    def __init__(self, argv: Sequence[str], cwd: Path | None, exit_code: int, stderr: str) -> None:
        tail = stderr[-STDERR_KEPT_CHARACTERS:].strip()
        super().__init__(f"`{' '.join(argv)[:500]}` exited {exit_code}: {tail or 'no message'}")
        self.argv = tuple(argv)
        self.cwd = cwd
        self.exit_code = exit_code
        self.stderr = tail


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended. Output is bytes, because paths and diffs need not be UTF-8."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text, without the newlines at its end."""
        return self.stdout.decode(errors="replace").rstrip("\n")


async def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout_s: float = 60.0,
    check: bool = True,
) -> Completed:
    """Runs a program to its end and returns what it said.

    Args:
        argv: program and arguments; no shell.
        cwd: working directory.
        env: the whole environment; None inherits ours.
        stdin: what it reads; None gives it an empty input.
        timeout_s: seconds until its group is killed.
        check: raise when it exits other than 0.

    Raises:
        CommandFailedError: it exited other than 0, or does not exist (127).
        ExhaustedError: it ran past its time.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise CommandFailedError(argv, cwd, 127, f"not found: {error.filename}") from error
    try:
        async with asyncio.timeout(timeout_s):
            stdout, stderr = await process.communicate(stdin)
    except TimeoutError as error:
        raise ExhaustedError(f"`{' '.join(argv)[:500]}` took longer than {timeout_s:g} s") from error
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()
    completed = Completed(process.returncode or 0, stdout, stderr)
    if check and completed.exit_code != 0:
        raise CommandFailedError(argv, cwd, completed.exit_code, stderr.decode(errors="replace"))
    return completed


def kill_group(pid: int) -> None:
    """Kills the process group that `pid` leads, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
