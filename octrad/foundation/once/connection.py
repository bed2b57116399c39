"""The caller's side: finds a servant by its socket or starts it, and finds it again when either of them was gone.

A servant that is started here is no child of octrad's in anything but name: it has its own session and outlives us.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import grpc.aio
from grpc import ChannelConnectivity

from octrad.foundation.end_process import end_process, readable
from octrad.foundation.errors import UnavailableError
from octrad.foundation.lock_file import LockFile
from octrad.foundation.once.deadline import Deadline
from octrad.foundation.once.places import MAX_MESSAGE_BYTES, READY_FD_VARIABLE, Places
from octrad.foundation.once.status import error_from, is_lost
from octrad.foundation.unix_socket import answers

logger = logging.getLogger(__name__)

R = TypeVar("R")

LOG_KEPT_BYTES: Final = 10 * 1024 * 1024
_EXIT_TIMEOUT_S = 10.0
_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A channel of its own to the servant that is there now, without the memory of one that died.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)
_CONNECTED: Final = (ChannelConnectivity.CONNECTING, ChannelConnectivity.READY)
# What systemd tells this process alone.
_OURS_FROM_SYSTEMD = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
)
# Servants that we started: reaped when they end while we live, left alone when we end first.
_started: list[subprocess.Popen[bytes]] = []


class ServantConnection:
    """A servant of this state directory, started when it is wanted.

    Args:
        name: gateway or runner.
        state_dir: octrad's state directory.
        config_path: the configuration that a started servant reads.
        command: what starts it, in place of `python -m octrad NAME …`.
        socket: where it, or systemd for it, listens already. It is then never started, signalled or stopped here, and
            an end of it is outlived like any other: whoever listens there starts it again.
        start_timeout_s: seconds until it must be ready.
    """

    def __init__(
        self,
        name: str,
        state_dir: Path,
        config_path: Path | None = None,
        *,
        command: Sequence[str] | None = None,
        socket: Path | None = None,
        start_timeout_s: float = 30.0,
    ) -> None:
        self._places = Places(name, state_dir.absolute())
        self._socket = socket
        self._command = tuple(command) if command else _default_command(self._places, config_path)
        self._start_timeout_s = start_timeout_s
        self._channel: grpc.aio.Channel | None = None
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Which servant this is."""
        return self._places.name

    async def is_running(self) -> bool:
        """Whether the servant answers when it is called now. Does not start it.

        One whose socket is systemd's does, whether it runs already or is started by the call.
        """
        return answers(self._places.socket()) if self._socket is None else self._socket.is_socket()

    async def is_awake(self) -> bool:
        """Whether the servant runs, as far as can be told without waking it.

        One whose socket is systemd's is known to run only while we are connected to it.
        """
        return await self.is_running() if self._socket is None else self._channel is not None

    async def channel(self, *, start: bool = True) -> grpc.aio.Channel:
        """A channel to the servant, which is started when it is not there.

        Raises:
            UnavailableError: it cannot be started, or `start` is False and it is not there.
        """
        async with self._lock:
            if self._channel is None:
                path = self._socket or self._places.socket()
                if self._socket is None:
                    await self._find_or_start(start=start)
                else:
                    await self._find(self._socket)
                self._channel = grpc.aio.insecure_channel(f"unix:{path}", options=_CHANNEL_OPTIONS)
                self._watching = asyncio.create_task(self._watch(self._channel), name=f"watch the {self.name}")
            return self._channel

    def lost(self, channel: grpc.aio.Channel) -> None:
        """Says that a channel is of no use any more; the next one is made anew."""
        if self._channel is channel:
            self._forget_channel()

    async def call(self, make: Callable[[grpc.aio.Channel], Awaitable[R]], *, timeout_s: float = 30.0) -> R:
        """Makes a call that may be repeated, over lost connections and dead servants.

        Raises:
            UnavailableError: no answer within `timeout_s`.
            OctraError: what the servant raised.
        """
        deadline = Deadline(timeout_s)
        while True:
            channel = await deadline.within(self.channel())
            try:
                return await deadline.within(make(channel))
            except grpc.aio.AioRpcError as error:
                if not is_lost(error):
                    raise error_from(error) from error
                self.lost(channel)
                await deadline.pause(error_from(error))

    async def stream(
        self, make: Callable[[grpc.aio.Channel], AsyncIterable[R]], *, timeout_s: float = 600.0
    ) -> AsyncIterator[R]:
        """Reads a stream once, from a servant that is there or started.

        Raises:
            UnavailableError: the servant went away, or the stream took longer than `timeout_s`.
            OctraError: what the servant raised.
        """
        channel = await self.channel()
        try:
            async with asyncio.timeout(timeout_s):
                async for response in make(channel):
                    yield response
        except TimeoutError as error:
            raise UnavailableError(f"the {self.name} took longer than {timeout_s:g} s") from error
        except grpc.aio.AioRpcError as error:
            if is_lost(error):
                self.lost(channel)
            raise error_from(error) from error

    async def stop(self, *, timeout_s: float = 5.0) -> bool:
        """Asks a servant of ours to exit as soon as it works on nothing; returns whether it is gone in time."""
        await self.close()
        if self._socket is not None:
            return False
        lock = LockFile(self._places.lock)
        pid = lock.holder()
        if pid is None:
            return True
        has_ended = await end_process(pid, signal.SIGUSR1, lambda: lock.holder() == pid, timeout_s=timeout_s)
        if not has_ended:
            logger.info("the %s still works and ends later", self.name)
        _reap()
        return has_ended

    def reload(self) -> None:
        """Has a servant of ours read its configuration anew, when it runs."""
        pid = LockFile(self._places.lock).holder() if self._socket is None else None
        if pid is not None:
            # Whoever holds the lock listens to signals already.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)

    async def close(self) -> None:
        """Closes the channel. The servant lives on."""
        channel = self._channel
        self._forget_channel()
        if channel is not None:
            await channel.close()

    async def _watch(self, channel: grpc.aio.Channel) -> None:
        """Gives a channel up when its servant has gone: a channel alone keeps gRPC awake (`server_on_demand.py`)."""
        try:
            channel.get_state(try_to_connect=True)
            await channel.wait_for_state_change(ChannelConnectivity.IDLE)
            while (state := channel.get_state()) in _CONNECTED:
                await channel.wait_for_state_change(state)
            self.lost(channel)
        finally:
            # A stream that was not read to its end is part of a cycle, and would hold the channel.
            del channel
            gc.collect()

    def _forget_channel(self) -> None:
        """Does not close it, which would cancel the calls that others make on it: it goes with the last of them."""
        self._channel = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def _find(self, socket: Path) -> None:
        deadline = Deadline(self._start_timeout_s)
        while not answers(socket):
            hint = f"is its socket unit active, and may this user connect? systemctl status octra-{self.name}.socket"
            await deadline.pause(UnavailableError(f"the {self.name} does not answer on {socket}", hint=hint))

    async def _find_or_start(self, *, start: bool) -> None:
        deadline = Deadline(self._start_timeout_s)
        while not answers(self._places.socket()):
            if not start:
                raise UnavailableError(f"the {self.name} is not running")
            failure = UnavailableError(f"the {self.name} does not start", hint=self._last_words())
            exit_code = await deadline.within(self._start(), failure)
            if answers(self._places.socket()):
                return
            failure = UnavailableError(f"the {self.name} does not start", hint=self._last_words())
            if exit_code > 0:  # it said why; a signal says nothing and may not come again
                raise failure
            await deadline.pause(failure)

    async def _start(self) -> int:
        """Starts the servant; returns its exit code, or 0 when it is ready or found another that is."""
        _reap()
        ready, writer = os.pipe()
        try:
            process = self._spawn(writer)
            os.close(writer)
            await readable(ready)
            if os.read(ready, 1):
                return 0
            return await asyncio.to_thread(process.wait, _EXIT_TIMEOUT_S)
        finally:
            os.close(ready)

    def _spawn(self, ready_fd: int) -> subprocess.Popen[bytes]:
        # Blocks for the few milliseconds of a vfork: in a thread it could outlive a caller that was cancelled.
        self._places.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if self._places.log.stat().st_size > LOG_KEPT_BYTES:
                self._places.log.rename(self._places.log.with_suffix(".log.1"))
        environment = {**os.environ, READY_FD_VARIABLE: str(ready_fd), "GRPC_ENABLE_FORK_SUPPORT": "0"}
        for name in _OURS_FROM_SYSTEMD:
            environment.pop(name, None)
        with self._places.log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=(ready_fd,),
                start_new_session=True,
            )
        _started.append(process)
        logger.info("started the %s as process %d", self.name, process.pid)
        return process

    def _last_words(self) -> str:
        try:
            lines = self._places.log.read_bytes()[-2000:].decode(errors="replace").strip().splitlines()
        except OSError:
            return f"see {self._places.log}"
        # A hint of its own may follow.
        said = next((line for line in reversed(lines) if line.startswith("error:")), lines[-1] if lines else "")
        return f"{self._places.log} ends: {said}" if said else f"see {self._places.log}"


def _reap() -> None:
    _started[:] = [process for process in _started if process.poll() is None]


def _default_command(places: Places, config_path: Path | None) -> tuple[str, ...]:
    config = ("--config", str(config_path.absolute())) if config_path else ()
    return (sys.executable, "-m", "octrad", places.name, "--state-dir", str(places.state_dir), *config)
