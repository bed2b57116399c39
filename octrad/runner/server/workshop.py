"""Everything that the runner's operations work with, made once at its start."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.config import Config
from octrad.foundation.settings import Settings
from octrad.runner.server.nix.build_environment import EnvironmentBuilder
from octrad.runner.server.nix.captured_environments import CapturedEnvironments
from octrad.runner.server.nix.clear_temporary import clear_temporary
from octrad.runner.server.nix.make_private_store import make_private_store
from octrad.runner.server.nix.nixpkgs import Nixpkgs, resolve_nixpkgs
from octrad.runner.server.nix.roots_directory import make_roots_directory
from octrad.runner.server.nix.store import NixStore, choose_store
from octrad.runner.server.output.output_store import OutputStore
from octrad.runner.server.sandbox.command_groups import CommandGroups, open_command_groups
from octrad.runner.server.sandbox.command_slots import CommandSlots
from octrad.runner.server.sandbox.show_etc import write_etc
from octrad.runner.server.sandbox.stage import Stage, make_stage
from octrad.runner.server.tree_hashes import TreeHashes
from octrad.runner.server.tree_locks import TreeLocks


@dataclass(frozen=True, slots=True)
class Workshop:
    """The places and tools of one runner."""

    runner_dir: Path
    settings: Settings
    store: NixStore
    nixpkgs: Nixpkgs
    outputs: OutputStore
    stage: Stage
    groups: CommandGroups
    slots: CommandSlots
    locks: TreeLocks
    tree_hashes: TreeHashes
    # One for all operations: it holds the locks that keep two of them from building the same environment at once.
    builder: EnvironmentBuilder
    environments: CapturedEnvironments

    @property
    def config(self) -> Config:
        """The configuration in effect now; a reload replaces it."""
        return self.settings.current

    @property
    def trees_dir(self) -> Path:
        """Where tasks' trees are."""
        return self.runner_dir / "trees"

    @property
    def snapshots_dir(self) -> Path:
        """Where the roots of new snapshots go."""
        return self.config.snapshots.roots_dir or self._own_snapshots_dir

    @property
    def snapshot_roots(self) -> tuple[Path, ...]:
        """Where roots of snapshots may be: those from before `snapshots.roots_dir` was set stay where they are."""
        return tuple(dict.fromkeys((self.snapshots_dir, self._own_snapshots_dir)))

    @property
    def _own_snapshots_dir(self) -> Path:
        return self.runner_dir / "snapshots"

    @property
    def bundles_dir(self) -> Path:
        """Where imported bundles are kept for a day."""
        return self.runner_dir / "bundles"

    @property
    def shown_dir(self) -> Path:
        """What commands are shown of ours: their /etc and the activation of their environments."""
        return self.runner_dir / "shown"


def runner_directory(state_dir: Path) -> Path:
    """Returns where the runner keeps everything, as an absolute path."""
    return state_dir.absolute() / "runner"


async def open_workshop(state_dir: Path, settings: Settings) -> Workshop:
    """Makes the directories and looks at the machine.

    Raises:
        ConfigurationError: Nix is not there, the nixpkgs reference is of no use, or snapshots' roots have no place.
        UnavailableError: as root, the kernel gives us no mount namespace.
    """
    runner_dir, config = runner_directory(state_dir), settings.current
    # Before any program is started, so that all of ours are in one place.
    groups = await open_command_groups()
    if config.snapshots.roots_dir is not None:
        make_roots_directory(config.snapshots.roots_dir)
    store = choose_store(config.nix, runner_dir)
    await asyncio.to_thread(clear_temporary, store)
    await make_private_store(store)
    nixpkgs = await resolve_nixpkgs(config.nix, runner_dir)
    builder = EnvironmentBuilder(store, nixpkgs, runner_dir / "environments", config.nix.build_timeout_s)
    workshop = Workshop(
        runner_dir=runner_dir,
        settings=settings,
        store=store,
        nixpkgs=nixpkgs,
        outputs=OutputStore(runner_dir / "output"),
        stage=await _make_stage(runner_dir, store),
        groups=groups,
        slots=CommandSlots(config.limits.commands_at_once),
        locks=TreeLocks(),
        tree_hashes=TreeHashes(),
        builder=builder,
        environments=CapturedEnvironments(builder.environments_dir, builder.locks),
    )
    write_etc(workshop.shown_dir / "etc")
    return workshop


async def _make_stage(runner_dir: Path, store: NixStore) -> Stage:
    """Only what lies in the state directory needs the stage: others cannot pass through that one."""
    staged = {"trees": runner_dir / "trees", "shown": runner_dir / "shown"}
    if store.private:
        staged["store"] = store.store_dir
    for directory in staged.values():
        directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            directory.chmod(0o755)  # closed all the same, by the state directory above
    return await make_stage(staged)
