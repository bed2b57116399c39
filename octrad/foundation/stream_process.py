"""A host program whose output is too large to hold: read in parts while it runs.

Like `process.run` in everything else: own session, a deadline for the whole, and no process left behind, whether the
reader reads to the end, stops early or is cancelled.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

from octrad.foundation.errors import ExhaustedError
from octrad.foundation.process import STDERR_KEPT_CHARACTERS, CommandFailedError, kill_group

CHUNK_BYTES = 256 * 1024


async def stream(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 600.0,
) -> AsyncGenerator[bytes, None]:
    """Runs a program and gives its standard output in parts of at most `CHUNK_BYTES`.

    Raises:
        CommandFailedError: it exited other than 0, after what it wrote was given, or does not exist (127).
        ExhaustedError: it ran past its time.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=CHUNK_BYTES,
        )
    except FileNotFoundError as error:
        raise CommandFailedError(argv, cwd, 127, f"not found: {error.filename}") from error
    stderr = asyncio.create_task(_read_tail(process.stderr))
    deadline = asyncio.get_running_loop().time() + timeout_s
    try:
        while chunk := await _read(process.stdout, deadline):
            yield chunk
        async with asyncio.timeout_at(deadline):
            exit_code = await process.wait()
            message = await stderr
    except TimeoutError as error:
        raise ExhaustedError(f"`{' '.join(argv)[:500]}` took longer than {timeout_s:g} s") from error
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()
        stderr.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stderr
    if exit_code != 0:
        raise CommandFailedError(argv, cwd, exit_code, message)


async def _read(reader: asyncio.StreamReader | None, deadline: float) -> bytes:
    if reader is None:
        return b""
    async with asyncio.timeout_at(deadline):
        return await reader.read(CHUNK_BYTES)


async def _read_tail(reader: asyncio.StreamReader | None) -> str:
    kept = b""
    while reader is not None and (chunk := await reader.read(CHUNK_BYTES)):
        kept = (kept + chunk)[-STDERR_KEPT_CHARACTERS:]
    return kept.decode(errors="replace")
