"""The shell of a servant process: one on its directory, behind its socket, gone when nobody wants it.

The socket is the one that systemd passed, or its own. Behind it the kernel is asked who connects; gRPC listens on an
inner socket, which nobody else can reach.

It knows nothing of what is served. It exits only when nothing is under way: no call, no work, no accept. SIGTERM
makes it take nothing new and finish what it can within a bound; SIGUSR1 makes it exit as soon as it is idle; SIGHUP
makes it read its configuration anew.
"""

import asyncio
import contextlib
import inspect
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc.aio

from octrad.foundation.activity import Activity
from octrad.foundation.door.front_door import FrontDoor
from octrad.foundation.door.listener import open_listener
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.errors import UnavailableError
from octrad.foundation.lock_file import LockFile
from octrad.foundation.message_ids import MessageId
from octrad.foundation.once.admit_clients import admit_clients
from octrad.foundation.once.engine import ABANDON_TIMEOUT_S, Engine
from octrad.foundation.once.guard_calls import CallGuard
from octrad.foundation.once.places import MAX_MESSAGE_BYTES, READY_FD_VARIABLE, Places
from octrad.foundation.once.report_status import describe_work, report_status
from octrad.foundation.once.spool import Spool
from octrad.foundation.reload_on_signal import reload_on_signal
from octrad.foundation.settings import Settings
from octrad.foundation.systemd.service_manager import ServiceManager
from octrad.foundation.unix_socket import answers

logger = logging.getLogger(__name__)

# From SIGTERM until what still runs is abandoned.
STOP_TIMEOUT_S = 15.0
_OWNER_ONLY = 0o600
# How long a former servant may hold the lock while it stops.
LOCK_TIMEOUT_S = STOP_TIMEOUT_S + 10.0

_SERVER_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
)

AddServices = Callable[[grpc.aio.Server, Engine], Awaitable[None] | None]


async def serve_servant(name: str, state_dir: Path, settings: Settings, add_services: AddServices) -> None:
    """Serves until idle for long enough, or told to stop; at once when another process serves there already.

    Args:
        name: gateway or runner.
        state_dir: octrad's state directory.
        settings: how long to stay idle, how much to spool, who may connect; SIGHUP has them read anew.
        add_services: registers the services on the server, with the engine to execute on; may prepare things first.

    Raises:
        ConfigurationError: a client is no user of this machine, or the socket cannot be had.
        UnavailableError: a former servant holds the lock, does not answer and does not end.
    """
    os.umask(0o077)
    config = settings.current.servant
    admit = admit_clients(settings.current)
    activity = Activity(config.idle_exit_s)
    signals = _listen_to_signals(activity)
    places = Places(name, state_dir)
    places.make()
    lock = LockFile(places.lock)
    if not await _acquire(lock, places):
        logger.info("another %s serves here already", name)
        return
    spool = Spool(places.spool, max_bytes=config.spool_bytes, max_age_s=config.spool_hours * 3600.0)
    engine = Engine(spool, activity)
    server = grpc.aio.server(interceptors=[CallGuard(activity)], options=_SERVER_OPTIONS)
    registered = add_services(server, engine)
    if inspect.isawaitable(registered):
        await registered
    server.add_insecure_port(f"unix:{places.inner_socket()}")
    await server.start()
    listener = open_listener(places.socket(), mode=_OWNER_ONLY)
    logger.info("%s serves on %s", name, listener.getsockname(), extra={"message_id": MessageId.SERVANT_STARTED})
    # Always there: when nobody wants it, the whole servant goes.
    door = FrontDoor(listener, lambda: contextlib.nullcontext(places.inner_socket()), admit=admit)
    await _serve(_House(name, settings, activity, engine, server, door), signals)
    spool.close()
    # The lock is held until the process ends: grpc may unlink the inner socket as late as that.


@dataclass(frozen=True, slots=True)
class _House:
    """The parts of a servant that is ready to serve."""

    name: str
    settings: Settings
    activity: Activity
    engine: Engine
    server: grpc.aio.Server
    door: FrontDoor


@dataclass(frozen=True, slots=True)
class _Signals:
    """What signals set."""

    stop: asyncio.Event
    reload: asyncio.Event


async def _serve(house: _House, signals: _Signals) -> None:
    manager, engine = ServiceManager(), house.engine

    async def told(fault: str) -> str:
        return describe_work(engine, fault)

    async with asyncio.TaskGroup() as group:
        group.create_task(house.door.run(), name="front door")
        status = group.create_task(report_status(engine, manager), name="status")
        reloading = reload_on_signal(signals.reload, house.settings, manager, told)
        reload = group.create_task(reloading, name="reload")
        manager.ready(describe_work(engine))
        _tell_ready()
        reason = await _until_unwanted(house.activity, signals.stop)
        # Who connects from now on waits in the backlog of systemd's socket, or finds none and starts another servant.
        house.door.refuse()
        logger.info("%s ends: %s", house.name, reason)
        await end_tasks(status, reload)
        manager.stopping(f"stopping: {reason}", within_s=STOP_TIMEOUT_S + ABANDON_TIMEOUT_S)
        # A call that slips in between is refused or finished below; its caller asks again with the same id.
        await _finish(house.server, engine)
        house.door.close()


def _listen_to_signals(activity: Activity) -> _Signals:
    signals = _Signals(asyncio.Event(), asyncio.Event())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.stop.set)
    loop.add_signal_handler(signal.SIGHUP, signals.reload.set)
    loop.add_signal_handler(signal.SIGUSR1, activity.lose_patience)
    return signals


async def _acquire(lock: LockFile, places: Places) -> bool:
    """True when the lock is ours; False when its holder answers on the socket."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while not lock.acquire():
        if answers(places.socket()):
            return False
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"process {lock.holder()} holds {places.lock} and does not answer", hint=f"see {places.log}"
            )
        await asyncio.sleep(0.05)  # flock has no wait that an event loop could watch
    return True


async def _until_unwanted(activity: Activity, stop: asyncio.Event) -> str:
    """Returns why the servant is to end."""
    told = asyncio.create_task(stop.wait())
    while True:
        idle = asyncio.create_task(activity.unwanted())
        await asyncio.wait({told, idle}, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        if told.done():
            return "told to stop"
        if activity.is_idle:  # it may have changed between the timer and this line
            told.cancel()
            return "nobody wants it"


async def _finish(server: grpc.aio.Server, engine: Engine) -> None:
    """Takes nothing new; lets what is under way end within the bound, with its waiters."""
    async with asyncio.TaskGroup() as group:
        group.create_task(server.stop(STOP_TIMEOUT_S))
        group.create_task(engine.stop(STOP_TIMEOUT_S))


def _tell_ready() -> None:
    """Writes a line to the descriptor that octrad gave us, if it did."""
    number = os.environ.pop(READY_FD_VARIABLE, "")
    if number:
        with contextlib.suppress(OSError):
            os.write(int(number), b"ready\n")
            os.close(int(number))
