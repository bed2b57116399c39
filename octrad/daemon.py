"""The control plane's composition root: makes every part, gives each what it needs, and ends them in order.

Nobody imports it but the command line. What is decided here is only who is made before whom and for how long each
may take to end.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from systemd.daemon import notify

from octrad.api.parts import Parts
from octrad.api.server import ApiServer, socket_path
from octrad.choose_database import migrated_database
from octrad.foundation.cache import Cache, open_cache
from octrad.foundation.config import Config
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.pool import Database
from octrad.foundation.state_dir import hold_state_dir, machine_id
from octrad.foundation.stop_on_signal import StopWishes
from octrad.gateway.client import GatewayClient
from octrad.knowledge.guides import load_guides
from octrad.knowledge.stacks import load_stacks
from octrad.pipeline.run import Pipeline
from octrad.pipeline.tools import Tools
from octrad.runner.client import RunnerClient
from octrad.tasks.event_log import EventLog
from octrad.tasks.queue import TaskQueue
from octrad.tasks.wakeups import Wakeups

_log = logging.getLogger(__name__)

# What a call that is being answered gets to finish, once nothing new is taken.
_ANSWERING_S = 2.0
# A servant that works on nothing is gone in far less; one that works is left to finish.
_SERVANT_STOP_S = 5.0
_AT_ONCE_S = 0.2
_LISTENING_S = 30.0
# What is cancelled gets to let go.
_LET_GO_S = 2.0
# How the queue names the work on a task.
RUN_NAME = "task "
# The queue keeps to `limits.drain_s` by itself, and then writes down what it drained.
_BEYOND_DRAIN_S = 6.0


async def serve(state_dir: Path, config_path: Path | None, config: Config) -> None:
    """Serves until a signal asks for the end, then ends in good order, leaving no process that does nothing.

    Raises:
        OctraError: it cannot start, and nothing is left running.
    """
    started_at = datetime.now(UTC)
    socket_path(state_dir)
    with hold_state_dir(state_dir):
        wishes = StopWishes.from_signals()
        async with AsyncExitStack() as ends:
            dsn = await ends.enter_async_context(migrated_database(config.database, state_dir))
            database = await ends.enter_async_context(_open(Database(dsn)))
            gateway = await ends.enter_async_context(_servant("gateway", state_dir, config_path, wishes))
            runner = await ends.enter_async_context(_servant("runner", state_dir, config_path, wishes))
            wakeups = Wakeups(dsn)
            parts = Parts(
                config=config,
                state_dir=state_dir,
                started_at=started_at,
                database=database,
                cache=await ends.enter_async_context(_cache(config)),
                log=EventLog(database, wakeups),
                stacks=load_stacks(),
                gateway=GatewayClient(gateway),
                gateway_connection=gateway,
                runner=RunnerClient(runner),
            )
            await _work(parts, wakeups, wishes)
        if await _abandon(asyncio.all_tasks() - {asyncio.current_task()}):
            # They would be waited for at the end of the event loop, however long they wait for a database that is gone.
            logging.shutdown()
            os._exit(os.EX_OK)


async def _work(parts: Parts, wakeups: Wakeups, wishes: StopWishes) -> None:
    limits = parts.config.limits
    pipeline = _make_pipeline(parts)
    queue = TaskQueue(
        parts.database,
        wakeups,
        pipeline.run_task,
        machine=machine_id(parts.state_dir),
        tasks_at_once=limits.tasks_at_once,
        drain_s=limits.drain_s,
    )
    server = ApiServer(parts)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(wakeups.run(), name="wakeups")
        working = group.create_task(queue.serve(), name="queue")
        await wakeups.listening(_LISTENING_S)
        path = await server.start(group)
        _tell_ready(path)
        await wishes.stop.wait()
        await _drain(parts, queue, working, server, wishes)
        await end_tasks(listening)


def _make_pipeline(parts: Parts) -> Pipeline:
    tools = Tools(
        database=parts.database,
        gateway=parts.gateway,
        runner=parts.runner,
        limits=parts.config.limits,
        stacks=parts.stacks,
        guides=load_guides(),
        cache=parts.cache,
    )
    return Pipeline(tools)


def _tell_ready(path: str) -> None:
    notify(f"READY=1\nSTATUS=serving on {path}")
    print(f"octrad: ready on {path}", flush=True)  # noqa: T201 - what started us waits for this line


async def _drain(
    parts: Parts, queue: TaskQueue, working: asyncio.Task[None], server: ApiServer, wishes: StopWishes
) -> None:
    """Takes no new task, tells watchers where to go on, and lets what runs come to a point to go on from."""
    notify("STOPPING=1\nSTATUS=coming to an end")
    _log.info("stopping: what runs goes on after the next start")
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
    name: str, state_dir: Path, config_path: Path | None, wishes: StopWishes
) -> AsyncIterator[ServantConnection]:
    """A connection to a servant. At its end the servant is asked to go when it works on nothing."""
    connection = ServantConnection(name, state_dir, config_path)
    try:
        yield connection
    finally:
        await connection.stop(timeout_s=_AT_ONCE_S if wishes.at_once.is_set() else _SERVANT_STOP_S)
