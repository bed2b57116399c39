"""The runner process: `octrad runner`. Its composition root; only the program's entry imports it."""

import asyncio
import contextlib
import logging
import sys
import time
from pathlib import Path

import grpc.aio

from octra_proto.runner.v1.runner_pb2_grpc import add_RunnerServiceServicer_to_server
from octrad.foundation.once.admit_clients import client_uids
from octrad.foundation.once.engine import Engine
from octrad.foundation.once.servant import serve_servant
from octrad.foundation.settings import Settings
from octrad.runner.server.runner_service import RunnerServicer
from octrad.runner.server.sandbox.leave_keyring import leave_keyring
from octrad.runner.server.trees.import_bundle import prune_bundles
from octrad.runner.server.workshop import Workshop, open_workshop

logger = logging.getLogger(__name__)

_DAY_S = 86400.0
_PRUNE_EVERY_S = 3600.0
# What a reload cannot change, because the runner was made of these when it started.
_FIXED = (
    "servant",
    "nix.nixpkgs",
    "nix.store",
    "nix.build_timeout_s",
    "snapshots.roots_dir",
    "limits.commands_at_once",
)


async def serve(state_dir: Path, config_path: Path | None) -> None:
    """Serves until nobody wants the runner any more, or it is told to stop.

    Raises:
        ConfigurationError: this machine or configuration is not as it must be.
        UnavailableError: a former runner holds the state directory and does not end.
    """
    settings = Settings.load(config_path, fixed=_FIXED, check=client_uids)
    leave_keyring()
    _watch_children_without_threads()
    async with contextlib.AsyncExitStack() as stack:

        async def add_services(server: grpc.aio.Server, engine: Engine) -> None:
            workshop = await open_workshop(state_dir, settings)
            stack.callback(workshop.stage.close)
            pruning = asyncio.create_task(_prune_now_and_then(workshop))
            stack.push_async_callback(_end, pruning)
            add_RunnerServiceServicer_to_server(RunnerServicer(workshop, engine), server)

        await serve_servant("runner", state_dir, settings, add_services)


def _watch_children_without_threads() -> None:
    """Has asyncio wait for programs through pidfds, as later Pythons do: a thread for each costs 0.5 ms a program."""
    if sys.version_info < (3, 12):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.get_event_loop_policy().set_child_watcher(watcher)


async def _prune_now_and_then(workshop: Workshop) -> None:
    """Removes outputs, bundles and environments whose time is over, at the start and every hour."""
    while True:
        config, now = workshop.config, time.time()
        retention_s = config.limits.log_retention_days * _DAY_S
        removed = await asyncio.to_thread(workshop.outputs.prune, now - retention_s)
        await asyncio.to_thread(prune_bundles, workshop.bundles_dir, now - _DAY_S)
        if removed:
            logger.info("removed %d files of old output", removed)
        dropped = await workshop.environments.drop_unused(now - config.nix.environment_retention_days * _DAY_S)
        for environment_hash in dropped:
            logger.info("dropped the environment %s, which was not used for long", environment_hash)
        await asyncio.sleep(_PRUNE_EVERY_S)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("removing old files ended early", exc_info=error)
