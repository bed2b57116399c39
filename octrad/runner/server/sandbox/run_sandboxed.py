"""Runs one command in the sandbox to its end, within its limits, and leaves nothing of it behind.

How nothing is left: the sandbox has a pid namespace of its own. We hold a pidfd of that namespace's first process
before the command starts (bubblewrap waits for our byte), kill it when time, output, memory or our caller says so,
and wait until the pidfd says that it is gone; the kernel lets it go only after every process of the namespace.
If the runner itself is killed, bubblewrap's --die-with-parent does the same.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from io import FileIO

from octrad.foundation.end_process import readable
from octrad.foundation.process import kill_group
from octrad.runner.server.sandbox.call_filter import compile_call_filter
from octrad.runner.server.sandbox.command_groups import CommandGroup
from octrad.runner.server.sandbox.describe_sandbox import Descriptors, Sandbox, describe_sandbox
from octrad.runner.server.sandbox.limit_command import Limit, Limits
from octrad.runner.server.sandbox.measure_memory import exceeds_memory
from octrad.runner.server.sandbox.sandbox_failed import SandboxFailedError

_START_TIMEOUT_S = 20.0
_GONE_TIMEOUT_S = 10.0
_MEASURE_EVERY_S = 0.1
_READ_BYTES = 64 * 1024
_STATUS_BYTES = 4096
_KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. The exit code is 137 (killed) when a limit ended it."""

    exit_code: int
    limit: Limit
    duration_ms: int


@dataclass(frozen=True, slots=True)
class _Started:
    """Bubblewrap, waiting for our byte on `go`; it tells the sandbox's pid and later the exit code on `status`."""

    process: asyncio.subprocess.Process
    status: FileIO
    go: FileIO
    output: FileIO


async def run_sandboxed(
    sandbox: Sandbox,
    limits: Limits,
    on_output: Callable[[bytes], None],
    *,
    entry: tuple[str, ...] = (),
    is_disk_short: Callable[[], bool] = lambda: False,
    group: CommandGroup | None = None,
) -> Ended:
    """Runs the command and returns when no process of it is left, however it ended.

    Args:
        sandbox: what it gets.
        limits: what it may use.
        on_output: called with every piece of standard output and error, in order.
        entry: what to put before bubblewrap's argument vector (the stage's).
        is_disk_short: whether the command must end because the disk is nearly full; asked several times a second.
        group: the control group that it is put into before it starts, where there are any.

    Raises:
        SandboxFailedError: the sandbox could not be set up.
    """
    begun = time.monotonic()
    async with _start(sandbox, entry) as started:
        pid = await _await_pid(started)
        # It may have ended already, for want of something that it was to show; the output says what.
        pidfd = _hold(pid)
        try:
            _put_into(group, pid)
            with contextlib.suppress(BrokenPipeError):
                started.go.write(b"g")
            limit = await _follow(started, lambda: _exceeded(pid, limits, is_disk_short), limits, on_output)
        finally:
            await _leave_nothing(started, pidfd)
        if not limit and group is not None and group.ran_out_of_memory:
            limit = Limit.MEMORY
        exit_code = _KILLED if limit else _read_exit_code(started)
    return Ended(exit_code, limit, round((time.monotonic() - begun) * 1000))


@contextlib.asynccontextmanager
async def _start(sandbox: Sandbox, entry: tuple[str, ...]) -> AsyncIterator[_Started]:
    with contextlib.ExitStack() as stack:
        pipes = (*_open_pipe(), *_open_pipe(), *_open_pipe())
        status, status_end, go_end, go, output, output_end = (stack.enter_context(file) for file in pipes)
        # The command has another uid than the pipe, and may yet open /dev/stdout and /dev/stderr, to write.
        os.fchmod(output_end.fileno(), 0o622)
        call_filter = stack.enter_context(_open_call_filter())
        passed = Descriptors(status_end.fileno(), go_end.fileno(), call_filter)
        _, *arguments = describe_sandbox(sandbox, passed)
        argv = (*entry, _find_bubblewrap(), *arguments)
        process = await _start_bubblewrap(argv, output_end, passed.all)
        try:
            for end in (status_end, go_end, output_end):
                end.close()
            yield _Started(process, status, go, output)
        finally:
            if process.returncode is None:
                kill_group(process.pid)
                await process.wait()


def _open_pipe() -> tuple[FileIO, FileIO]:
    reading, writing = os.pipe2(os.O_CLOEXEC)
    return FileIO(reading, "r"), FileIO(writing, "w")


@contextlib.contextmanager
def _open_call_filter() -> Iterator[int | None]:
    """A descriptor to read it from; bubblewrap closes its own before the command begins."""
    program = compile_call_filter(os.uname().machine)
    if program is None:
        yield None
        return
    with FileIO(os.memfd_create("octra-call-filter"), "w") as file:
        file.write(program)
        file.seek(0)
        yield file.fileno()


def _find_bubblewrap() -> str:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxFailedError("bubblewrap is not installed", hint="`octrad check` says more")
    return program


async def _start_bubblewrap(
    argv: tuple[str, ...], output: FileIO, passed: tuple[int, ...]
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            # A pipe of our own: with asyncio's, waiting for the process also waits until its output was read.
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            # Not the command's environment, since bubblewrap itself must not load what a project names; nor ours, since
            # the command can read bubblewrap's in /proc/1/environ.
            env={},
            pass_fds=passed,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxFailedError(f"cannot start bubblewrap: {error}", hint="`octrad check` says more") from error


async def _await_pid(started: _Started) -> int:
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            return int(json.loads(await _read_first_status(started))["child-pid"])
    except TimeoutError as error:
        raise SandboxFailedError(f"bubblewrap does not start within {_START_TIMEOUT_S:g} s") from error


async def _read_first_status(started: _Started) -> bytes:
    line = b""
    while not line.endswith(b"\n"):  # it is written piecemeal, and nothing follows before our byte
        await readable(started.status.fileno())
        part = os.read(started.status.fileno(), _STATUS_BYTES)
        if not part:
            message = os.read(started.output.fileno(), _STATUS_BYTES).decode(errors="replace").strip()
            raise SandboxFailedError(f"bubblewrap could not start: {message}", hint="`octrad check` says more")
        line += part
    return line


def _hold(pid: int) -> int | None:
    """A pidfd of the process; None when it ended and bubblewrap has reaped it, so that nothing of it is left."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _put_into(group: CommandGroup | None, pid: int) -> None:
    """Bubblewrap itself stays outside: it is ours, and tells how the command ended."""
    if group is None:
        return
    try:
        group.take(pid)
    except OSError as error:
        raise SandboxFailedError(f"the command cannot be put into its control group: {error}") from error


def _exceeded(pid: int, limits: Limits, is_disk_short: Callable[[], bool]) -> Limit:
    if exceeds_memory(pid, limits.memory_bytes):
        return Limit.MEMORY
    return Limit.DISK if is_disk_short() else Limit.NONE


async def _follow(
    started: _Started, exceeded: Callable[[], Limit], limits: Limits, on_output: Callable[[bytes], None]
) -> Limit:
    deadline = time.monotonic() + limits.timeout_s
    reading = asyncio.create_task(_read_output(started.output, limits.output_bytes, on_output))
    try:
        while not reading.done():
            await asyncio.wait({reading}, timeout=max(0.0, min(_MEASURE_EVERY_S, deadline - time.monotonic())))
            if not reading.done() and time.monotonic() >= deadline:
                return Limit.TIMEOUT
            if not reading.done() and (limit := exceeded()):
                return limit
        return reading.result()
    finally:
        reading.cancel()
        await asyncio.wait({reading})


async def _read_output(output: FileIO, limit_bytes: int, on_output: Callable[[bytes], None]) -> Limit:
    # Bubblewrap holds the pipe as well, so its end means that the command ended, whatever it did to its own output.
    left = limit_bytes
    while True:
        await readable(output.fileno())
        chunk = os.read(output.fileno(), _READ_BYTES)
        if not chunk:
            return Limit.NONE
        on_output(chunk[:left])
        left -= len(chunk)
        if left < 0:
            return Limit.OUTPUT


async def _leave_nothing(started: _Started, pidfd: int | None) -> None:
    try:
        async with asyncio.timeout(_GONE_TIMEOUT_S):
            if pidfd is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                await readable(pidfd)
            await started.process.wait()
    except TimeoutError as error:
        raise SandboxFailedError("processes of the command do not end although they were killed") from error
    finally:
        if pidfd is not None:
            os.close(pidfd)


def _read_exit_code(started: _Started) -> int:
    # Bubblewrap tells the exit code only when it got as far as starting the command.
    for line in os.read(started.status.fileno(), _STATUS_BYTES).splitlines():
        if (code := json.loads(line).get("exit-code")) is not None:
            return int(code)
    raise SandboxFailedError("bubblewrap could not set up the sandbox; its message ends the output")
