"""The control plane's composition root: makes every part, gives each what it needs, and ends them in order.

Nobody imports it but the command line. What is decided here is only who is made before whom and for how long each
may take to end.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from octrad.api.access_table import read_access_table
from octrad.api.parts import Parts
from octrad.api.server import ApiServer, socket_path
from octrad.choose_database import migrated_database
from octrad.foundation.accepted_config import accepted_path, keep_accepted
from octrad.foundation.cache import Cache, open_cache
from octrad.foundation.config import Config
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.message_ids import MessageId
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.pool import Database
from octrad.foundation.reload_on_signal import reload_on_signal
from octrad.foundation.settings import Settings
from octrad.foundation.share_heap import give_back_heap
from octrad.foundation.signal_wishes import SignalWishes
from octrad.foundation.state_dir import hold_state_dir, machine_id
from octrad.foundation.systemd.service_manager import ServiceManager
from octrad.foundation.systemd.watchdog import watchdog_s
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library_in_use import LibraryInUse
from octrad.pipeline.advisor.consult import Advisor
from octrad.pipeline.price_list import PriceList
from octrad.pipeline.run import Pipeline
from octrad.pipeline.tools import Tools
from octrad.retention.prune_snapshots import SnapshotPruner
from octrad.retention.sweep_daily import DailySweep
from octrad.runner.client import RunnerClient
from octrad.tasks.event_log import EventLog
from octrad.tasks.queue import TaskQueue
from octrad.tasks.resume_regularly import resume_regularly
from octrad.tasks.wakeups import Wakeups
from octrad.vital_signs import VitalSigns

_log = logging.getLogger(__name__)

T = TypeVar("T")

# What a call that is being answered gets to finish, once nothing new is taken.
_ANSWERING_S = 2.0
# A servant that works on nothing is gone in far less; one that works is left to finish.
_SERVANT_STOP_S = 5.0
_AT_ONCE_S = 0.2
_LISTENING_S = 30.0
# What is cancelled gets to let go.
_LET_GO_S = 2.0
# What was begun at the start and is given up gets to tidy up: a private PostgreSQL that has just come up is ended.
_TIDY_UP_S = 10.0
# How the queue names the work on a task.
RUN_NAME = "task "
# The queue keeps to `limits.drain_s` by itself, and then writes down what it drained.
_BEYOND_DRAIN_S = 6.0
# Both servants, the connections, a private PostgreSQL.
_CLOSING_S = 30.0
# What a reload cannot change, because it was made of these at the start.
_FIXED = ("database", "cache", "gateway", "runner", "limits.tasks_at_once", "limits.drain_s")


async def serve(state_dir: Path, config_path: Path | None) -> None:
    """Serves until a signal asks for the end, then ends in good order, leaving no process that does nothing.

    Raises:
        OctraError: it cannot start, and nothing is left running.
    """
    started_at = datetime.now(UTC)
    settings = Settings.load(config_path, fixed=_FIXED, check=read_access_table)
    config = settings.current
    socket_path(state_dir)
    with hold_state_dir(state_dir):
        wishes = SignalWishes.from_signals()
        manager = ServiceManager()
        manager.show_status("waiting for PostgreSQL")
        keep_accepted(state_dir, settings.text)
        async with AsyncExitStack() as ends:
            database = await _unless_stopped(wishes, _open_database(ends, config, state_dir))
            if database is None:
                return
            gateway = await ends.enter_async_context(_servant("gateway", state_dir, config.gateway.socket, wishes))
            runner = await ends.enter_async_context(_servant("runner", state_dir, config.runner.socket, wishes))
            wakeups = Wakeups(database.dsn)
            library = LibraryInUse(config.knowledge.dir)
            client = GatewayClient(gateway)
            runner_client, machine = RunnerClient(runner), machine_id(state_dir)
            parts = Parts(
                settings=settings,
                state_dir=state_dir,
                started_at=started_at,
                database=database,
                cache=await ends.enter_async_context(_cache(config)),
                log=EventLog(database, wakeups),
                library=library,
                gateway=client,
                gateway_connection=gateway,
                runner=runner_client,
                runner_connection=runner,
                machine=machine,
                pruner=SnapshotPruner(database, runner_client, machine, settings),
                advisor=Advisor(database, client, settings, library),
            )
            await _work(parts, wakeups, wishes, manager)
        if await _abandon(asyncio.all_tasks() - {asyncio.current_task()}):
            # They would be waited for at the end of the event loop, however long they wait for a database that is gone.
            logging.shutdown()
            os._exit(os.EX_OK)


async def _open_database(ends: AsyncExitStack, config: Config, state_dir: Path) -> Database:
    dsn = await ends.enter_async_context(migrated_database(config.database, state_dir))
    return await ends.enter_async_context(_open(Database(dsn)))


async def _unless_stopped(wishes: SignalWishes, start: Coroutine[Any, Any, T]) -> T | None:
    """What is started; None where an end is asked for meanwhile: that does not wait for a slow disk or a far server."""
    starting, stopping = asyncio.create_task(start), asyncio.create_task(wishes.stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return None if wishes.stop.is_set() else starting.result()
    finally:
        await end_tasks(starting, stopping, ask_again_s=_TIDY_UP_S)


async def _work(parts: Parts, wakeups: Wakeups, wishes: SignalWishes, manager: ServiceManager) -> None:
    limits = parts.config.limits
    pipeline = _make_pipeline(parts)
    queue = TaskQueue(
        parts.database,
        wakeups,
        pipeline.run_task,
        pipeline.advise_given_up,
        machine=parts.machine,
        tasks_at_once=limits.tasks_at_once,
        drain_s=limits.drain_s,
    )
    server = ApiServer(parts)
    signs = VitalSigns(parts.database, manager, watchdog_s())
    sweep = DailySweep(parts.database, parts.pruner, parts.settings)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(wakeups.run(), name="wakeups")
        working = group.create_task(queue.serve(), name="queue")
        await wakeups.listening(_LISTENING_S)
        path = await server.start(group)
        # What imports and the first reading of the library left behind.
        give_back_heap()
        _tell_ready(path, manager, signs)
        looking = group.create_task(signs.run(), name="vital signs")
        sweeping = group.create_task(sweep.run(), name="daily sweep")
        reloading = group.create_task(_reload(parts, wishes, manager, signs), name="reload")
        resuming = group.create_task(
            resume_regularly(parts.database, lambda: parts.config.budgets), name="resume paused tasks"
        )
        await wishes.stop.wait()
        await end_tasks(reloading, sweeping, resuming)
        _tell_stop(parts, manager, signs, len(queue.running))
        await _drain(parts, queue, working, server, wishes)
        await end_tasks(listening, looking)


async def _reload(parts: Parts, wishes: SignalWishes, manager: ServiceManager, signs: VitalSigns) -> None:
    """The servants that octrad started read the same file, so they are told as well."""

    async def told(fault: str) -> str:
        if not fault:
            keep_accepted(parts.state_dir, parts.settings.text)
            await asyncio.to_thread(parts.library.reload, parts.config.knowledge.dir)
            for connection in (parts.gateway_connection, parts.runner_connection):
                connection.reload()
        return signs.note_refusal(fault)

    await reload_on_signal(wishes.reload, parts.settings, manager, told)


def _make_pipeline(parts: Parts) -> Pipeline:
    tools = Tools(
        database=parts.database,
        gateway=parts.gateway,
        runner=parts.runner,
        limits=parts.config.limits,
        audit=parts.config.audit,
        library=parts.library.current,
        prices=PriceList(parts.gateway),
        cache=parts.cache,
        advisor=parts.config.advisor,
    )
    return Pipeline(tools, parts.settings, parts.library)


def _tell_ready(path: str, manager: ServiceManager, signs: VitalSigns) -> None:
    manager.ready(signs.status)
    _log.info("ready on %s", path, extra={"message_id": MessageId.DAEMON_READY})
    # What started us waits for this line. It may be gone by now, and a buffer would keep what it did not take.
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), f"octrad: ready on {path}\n".encode())


def _tell_stop(parts: Parts, manager: ServiceManager, signs: VitalSigns, running: int) -> None:
    within_s = parts.config.limits.drain_s + _BEYOND_DRAIN_S + _ANSWERING_S + _CLOSING_S
    manager.stopping(signs.note_stop(running), within_s=within_s)
    extra = {"message_id": MessageId.DAEMON_STOPPING}
    _log.info("stopping: %d tasks are let go and go on after the next start", running, extra=extra)


async def _drain(
    parts: Parts, queue: TaskQueue, working: asyncio.Task[None], server: ApiServer, wishes: SignalWishes
) -> None:
    """Takes no new task, tells watchers where to go on, and lets what runs come to a point to go on from."""
    await server.refuse()
    parts.log.stop()
    queue.stop()
    limit_s = parts.config.limits.drain_s + _BEYOND_DRAIN_S
    hurry = asyncio.create_task(wishes.at_once.wait())
    await asyncio.wait({working, hurry}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not working.done():
        _log.warning("the queue did not come to rest in time; its tasks are taken up again at the next start")
        working.cancel()
        # Whatever still works must not wake the servants again while they are asked to go.
        await _abandon({task for task in asyncio.all_tasks() if task.get_name().startswith(RUN_NAME)})
    await server.stop(0 if wishes.at_once.is_set() else _ANSWERING_S)


async def _abandon(tasks: Iterable[asyncio.Task[Any] | None]) -> set[asyncio.Task[Any]]:
    """Cancels tasks and returns those that do not let go in time."""
    cancelled = {task for task in tasks if task is not None}
    for task in cancelled:
        task.cancel()
    return (await asyncio.wait(cancelled, timeout=_LET_GO_S))[1] if cancelled else set()


@asynccontextmanager
async def _open(database: Database) -> AsyncIterator[Database]:
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _cache(config: Config) -> AsyncIterator[Cache]:
    cache = open_cache(config.cache)
    try:
        yield cache
    finally:
        await cache.close()


@asynccontextmanager
async def _servant(
    name: str, state_dir: Path, socket: Path | None, wishes: SignalWishes
) -> AsyncIterator[ServantConnection]:
    """A connection to a servant. At its end the servant is asked to go when it works on nothing."""
    connection = ServantConnection(name, state_dir, accepted_path(state_dir), socket=socket)
    try:
        yield connection
    finally:
        await connection.stop(timeout_s=_AT_ONCE_S if wishes.at_once.is_set() else _SERVANT_STOP_S)
