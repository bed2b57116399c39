"""A control group for each command, below the one that is delegated to the runner, where there is one.

What is in the group is bounded together, by the kernel, where it has the controllers; and ends together, whatever its
processes did to get away. Without a delegated group commands run as they do anywhere: in a pid namespace that ends with
its first process, within limits a process, and with their memory measured.
"""

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from octrad.runner.server.sandbox.delegated_group import OWN_NAME, find_delegated_group
from octrad.runner.server.sandbox.limit_command import Limits
from octrad.runner.server.sandbox.sandbox_failed import SandboxFailedError

logger = logging.getLogger(__name__)

_COMMAND_NAME = "command-"
_CONTROLLERS = ("memory", "pids")
_EMPTY_TIMEOUT_S = 10.0
_LOOK_EVERY_S = 0.01


class CommandGroup:
    """The group of one command."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, pid: int) -> None:
        """Puts a process into it, and so everything that it starts from now on.

        Raises:
            OSError: the kernel refuses.
        """
        with contextlib.suppress(ProcessLookupError):
            (self._path / "cgroup.procs").write_text(str(pid), encoding="ascii")

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended processes of it for want of memory."""
        return any(count for name, count in _counts(self._path / "memory.events") if name == "oom_kill")

    def limit(self, limits: Limits) -> None:
        """Tells the kernel the bounds, where it has the controllers."""
        # Its /tmp and its home are memory as well, and hold a quarter each.
        self._set("memory.max", limits.memory_bytes + limits.memory_bytes // 2)
        self._set("memory.swap.max", 0)
        self._set("memory.oom.group", 1)
        self._set("pids.max", limits.processes + 1)

    def _set(self, name: str, value: int) -> None:
        if (self._path / name).exists():
            (self._path / name).write_text(str(value), encoding="ascii")

    def kill(self) -> None:
        """Ends all that is in it."""
        (self._path / "cgroup.kill").write_text("1", encoding="ascii")

    @property
    def is_empty(self) -> bool:
        """Whether no process of it is left."""
        return ("populated", 0) in _counts(self._path / "cgroup.events")

    def remove(self) -> None:
        """Removes it, empty as it is, with the groups that its processes may have made."""
        for directory, _, _ in os.walk(self._path, topdown=False):
            Path(directory).rmdir()


class CommandGroups:
    """Makes groups for commands; makes none where nothing is delegated.

    Args:
        delegated: the delegated group's directory, in which the runner no longer is itself.
    """

    def __init__(self, delegated: Path | None = None) -> None:
        self._delegated = delegated
        self._numbers = itertools.count(1)

    @contextlib.asynccontextmanager
    async def make(self, limits: Limits) -> AsyncIterator[CommandGroup | None]:
        """A group for one command; at the end of the block nothing of it is left.

        Raises:
            SandboxFailedError: the kernel refuses, or processes of it do not end although they were killed.
        """
        if self._delegated is None:
            yield None
            return
        path = self._delegated / f"{_COMMAND_NAME}{next(self._numbers)}"
        group = _begin(path, limits)
        try:
            yield group
        finally:
            try:
                await _end(group)
            except (OSError, TimeoutError) as error:
                raise SandboxFailedError(f"the command's control group {path} does not end: {error}") from error


async def open_command_groups() -> CommandGroups:
    """Looks for a delegated group, moves the runner into one of its own below it, and ends what a former one left."""
    delegated = find_delegated_group()
    if delegated is None:
        return CommandGroups()
    try:
        await _settle(delegated)
    except (OSError, TimeoutError) as error:
        logger.warning("commands get no control groups: %s", error)
        return CommandGroups()
    return CommandGroups(delegated)


async def _settle(delegated: Path) -> None:
    own = delegated / OWN_NAME
    own.mkdir(exist_ok=True)
    (own / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    for group in _left_behind(delegated):
        await _end(group)
    offered = (delegated / "cgroup.controllers").read_text(encoding="ascii").split()
    enabled = [name for name in _CONTROLLERS if name in offered and _enable(delegated, name)]
    logger.info("each command gets a control group, bounded by: %s", ", ".join(enabled) or "no controller")


def _left_behind(delegated: Path) -> list[CommandGroup]:
    return [CommandGroup(path) for path in delegated.glob(f"{_COMMAND_NAME}*")]


def _enable(delegated: Path, controller: str) -> bool:
    try:
        (delegated / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")
    except OSError as error:
        logger.warning("the controller %s cannot be had for commands: %s", controller, error.strerror)
        return False
    return True


def _begin(path: Path, limits: Limits) -> CommandGroup:
    group = CommandGroup(path)
    try:
        path.mkdir()
        group.limit(limits)
    except OSError as error:
        raise SandboxFailedError(f"cannot make a control group for the command: {error}") from error
    return group


async def _end(group: CommandGroup) -> None:
    group.kill()
    async with asyncio.timeout(_EMPTY_TIMEOUT_S):
        while not group.is_empty:  # noqa: ASYNC110 - it is empty at once, or nobody knows when
            await asyncio.sleep(_LOOK_EVERY_S)
    group.remove()


def _counts(file: Path) -> Iterator[tuple[str, int]]:
    if file.exists():
        for line in file.read_text(encoding="ascii").splitlines():
            name, _, count = line.partition(" ")
            yield name, int(count)
