"""Gives a project its flake and captures the environment that the flake makes.

The flake is evaluated in a small directory of its own, never in the project: Nix would copy the whole project into the
store each time. What comes out is kept under a hash of all that went in, so the same environment is made once.
"""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from octrad.foundation.process import CommandFailedError
from octrad.runner.operations import MAIN_BRANCH, BuiltEnvironment, StackEnvironment
from octrad.runner.server.nix.captured_environments import note_use
from octrad.runner.server.nix.dev_env import parse_dev_env
from octrad.runner.server.nix.environment import FILE_NAME, Environment, load_environment, save_environment
from octrad.runner.server.nix.evaluation_error import explain
from octrad.runner.server.nix.flake import flake_text
from octrad.runner.server.nix.flake_lock import pinned_lock_text
from octrad.runner.server.nix.foreign_flake import find_foreign_flake, refuse_inputs
from octrad.runner.server.nix.ignore_file import with_ignored
from octrad.runner.server.nix.keyed_lock import KeyedLock
from octrad.runner.server.nix.nix_command import closure, lock_flake, print_dev_env, read_inputs
from octrad.runner.server.nix.nixpkgs import Nixpkgs
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.commit_branch import read_tree_hash
from octrad.runner.server.trees.git import Repository, git
from octrad.runner.server.trees.put_files import put_files
from octrad.runner.server.trees.read_files import FILE_BYTES_LIMIT, TreeEntry, list_files, read_files
from octrad.runner.server.trees.remove_directory import remove_directory
from octrad.runner.server.trees.task_tree import TaskTree

# Part of every environment's hash: change it when what is captured changes its meaning.
_FORMAT = 2
_SUBJECT = "Add the project's Nix environment"


@dataclass(frozen=True, slots=True)
class EnvironmentRequest:
    """What an environment is to hold."""

    title: str
    stack: StackEnvironment
    packages: tuple[str, ...] = ()
    # Whether packages whose licences are not free may be among them.
    unfree: bool = False
    # Of the commit that has the flake.
    subject: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentBuilder:
    """What environments are made with on this machine."""

    store: NixStore
    nixpkgs: Nixpkgs
    environments_dir: Path
    timeout_s: float
    locks: KeyedLock = field(default_factory=KeyedLock)


async def build_environment(
    tree: TaskTree, commit: str, request: EnvironmentRequest, builder: EnvironmentBuilder
) -> BuiltEnvironment:
    """Commits flake.nix, flake.lock and .gitignore on main, and captures the environment.

    A flake that the user wrote, or changed, stays as it is, and the environment is that flake's, as it was at the
    user's last commit. One that is neither the user's nor ours is written anew and never evaluated.

    Raises:
        InvalidRequestError: an attribute does not exist or is not one, or a foreign flake has no development shell.
        UnavailableError: nixpkgs cannot be fetched.
        ConfigurationError: Nix is not installed.
        CommandFailedError: it cannot be evaluated or built.
        ExhaustedError: the disk is full, or it took too long.
    """
    files = {entry.path: entry for entry in await list_files(tree, commit)}
    try:
        users = await find_foreign_flake(tree, commit)
        if users is not None:
            return await _build_foreign(tree, commit, users, builder)
        return await _build_ours(tree, commit, request, builder, files)
    except CommandFailedError as error:
        explained = explain(error.stderr, error.exit_code, builder.nixpkgs.override or builder.nixpkgs.url)
        if explained is None:
            raise
        raise explained from error


async def _build_ours(
    tree: TaskTree,
    commit: str,
    request: EnvironmentRequest,
    builder: EnvironmentBuilder,
    files: Mapping[str, TreeEntry],
) -> BuiltEnvironment:
    text = _flake_text(request.title, request, builder)
    flake = {"flake.nix": text, "flake.lock": await lock_text(text, builder)}
    # The title is for people: another one makes no other environment.
    key = flake | {"flake.nix": _flake_text("", request, builder)}
    environment_hash = await _capture(builder, json.dumps(key, sort_keys=True), flake)
    ours = {path: content.encode() for path, content in flake.items()}
    if _is_plain(files, ".gitignore"):
        ignored = with_ignored(await _read(tree, commit, ".gitignore"), request.stack.ignore)
        ours |= {".gitignore": ignored.encode()} if ignored else {}
    committed = await put_files(tree, MAIN_BRANCH, commit, ours, request.subject or _SUBJECT)
    return BuiltEnvironment(committed.commit, environment_hash, builder.nixpkgs.stand_in)


def _flake_text(title: str, request: EnvironmentRequest, builder: EnvironmentBuilder) -> str:
    return flake_text(title, request.stack, request.packages, builder.nixpkgs.url, unfree=request.unfree)


async def _build_foreign(tree: TaskTree, commit: str, users: str, builder: EnvironmentBuilder) -> BuiltEnvironment:
    # It may read any file of the project, so the whole tree is what it is made of.
    environment_hash = await _capture(builder, await read_tree_hash(tree, users), (tree, users))
    return BuiltEnvironment(commit, environment_hash, builder.nixpkgs.stand_in)


async def _capture(builder: EnvironmentBuilder, key: str, flake: Mapping[str, str] | tuple[TaskTree, str]) -> str:
    """Captures an environment unless it is there; returns its hash."""
    parts = [_FORMAT, key, builder.nixpkgs.identity, str(builder.store.store_dir)]
    environment_hash = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    directory = builder.environments_dir / environment_hash
    async with builder.locks.hold(environment_hash):
        if await asyncio.to_thread(_is_captured, directory):
            # A command is about to follow.
            await asyncio.to_thread(note_use, directory)
            return environment_hash
        try:
            await asyncio.to_thread(_begin, directory)
            await _write_flake(directory / "flake", flake)
            if isinstance(flake, tuple):
                inputs = await read_inputs(builder.store, directory / "flake", builder.nixpkgs.override)
                refuse_inputs(inputs, builder.nixpkgs.override)
            answer = await print_dev_env(
                builder.store,
                directory / "flake",
                directory / "profile",
                builder.nixpkgs,
                builder.timeout_s,
                foreign=isinstance(flake, tuple),
            )
            store_paths = await closure(builder.store, directory / "profile")
            await asyncio.to_thread(_finish, builder, environment_hash, answer, store_paths)
        finally:
            if not _is_captured(directory):
                await asyncio.to_thread(remove_directory, directory)
    return environment_hash


def _is_captured(directory: Path) -> bool:
    # Both exist only as long as the root holds: what it points to may have been removed by hand.
    return (directory / FILE_NAME).exists() and (directory / "profile").exists()


def _begin(directory: Path) -> None:
    remove_directory(directory)
    (directory / "flake").mkdir(mode=0o700, parents=True)


def _finish(builder: EnvironmentBuilder, environment_hash: str, answer: bytes, store_paths: tuple[str, ...]) -> None:
    directory = builder.environments_dir / environment_hash
    captured = parse_dev_env(answer)
    remove_directory(directory / "flake")
    environment = Environment(
        environment_hash,
        captured.variables,
        captured.bash,
        captured.shell_hook,
        directory / "activate.sh",
        str(builder.store.store_dir),
        store_paths,
        builder.nixpkgs.host_paths,
        builder.nixpkgs.stand_in,
    )
    save_environment(environment, captured.activate)
    load_environment(builder.environments_dir, environment_hash)


async def _write_flake(directory: Path, flake: Mapping[str, str] | tuple[TaskTree, str]) -> None:
    if isinstance(flake, tuple):
        tree, commit = flake
        with await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="octra-index-") as place:
            repository = Repository(tree.git_dir, directory, Path(place) / "index")
            await git(repository, "read-tree", "--reset", "-u", commit)
        return
    for name, text in flake.items():
        await asyncio.to_thread((directory / name).write_text, text)


async def lock_text(text: str, builder: EnvironmentBuilder) -> str:
    """The lock of a flake of ours.

    Raises:
        CommandFailedError: nixpkgs cannot be had.
    """
    if builder.nixpkgs.pinned:
        return pinned_lock_text()
    with await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="octra-flake-") as place:
        directory = Path(place)
        await asyncio.to_thread((directory / "flake.nix").write_text, text)
        await lock_flake(builder.store, directory)
        return await asyncio.to_thread((directory / "flake.lock").read_text)


def _is_plain(files: Mapping[str, TreeEntry], path: str) -> bool:
    return path not in files or files[path].kind != "symlink"


async def _read(tree: TaskTree, commit: str, path: str) -> str:
    return "".join(file.content for file in await read_files(tree, commit, [path], FILE_BYTES_LIMIT))
