"""The one place where Nix programs are started: a function a verb.

Each builds its whole command line here, so that tests can compare it; the errors of Nix that have a meaning for us get
their own kind here and nowhere else.
"""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from octrad.foundation.errors import ExhaustedError, OctraError
from octrad.foundation.process import CommandFailedError, Completed, run
from octrad.foundation.stream_process import stream
from octrad.runner.server.nix.nix_base32 import nar_hash_hex
from octrad.runner.server.nix.nixpkgs import Nixpkgs
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.git import raise_if_disk_is_full

QUERY_TIMEOUT_S = 60.0
STORE_TIMEOUT_S = 1800.0
# What SQLite says when it cannot make its log's index larger, of a full disk as of a broken one.
_SQLITE_COULD_NOT_GROW = "disk I/O error"
_SQLITE_NEEDS_BYTES = 1024 * 1024


class NixOutputError(OctraError):
    """A Nix program exited 0 and said something that we do not understand."""


@dataclass(frozen=True, slots=True)
class PathInfo:
    """What the store's database knows of a path. `nar_hash` is `sha256:` and 64 hexadecimal digits."""

    nar_hash: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FlakeInput:
    """Where one input comes from: the kind of fetcher, and a URL or path where that has one."""

    name: str
    kind: str
    place: str


class _PathInfo(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    nar_hash: str = Field(alias="narHash")
    nar_size: int = Field(alias="narSize")
    path: str = ""


class JudgedPackage(BaseModel):
    """What `judge_package.nix` says of an attribute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: str
    name: str
    unfree: bool


class _Locked(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    url: str = ""
    path: str = ""


class _Node(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    locked: _Locked | None = None


class _Locks(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    nodes: dict[str, _Node]


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    locks: _Locks


async def print_dev_env(
    store: NixStore, flake: Path, profile: Path, nixpkgs: Nixpkgs, timeout_s: float, *, foreign: bool = False
) -> bytes:
    """Realises a flake's development shell, roots it at `profile`, and gives it as JSON.

    Args:
        store: where.
        flake: a directory with flake.nix.
        profile: the link that holds it.
        nixpkgs: what takes the place of the input of that name.
        timeout_s: seconds to build all that it needs.
        foreign: it is not our text; then nothing is built without Nix's own sandbox.

    Raises:
        CommandFailedError: it cannot be evaluated or built.
        ExhaustedError: the disk is full, or it took too long.
    """
    argv = print_dev_env_argv(flake, profile, nixpkgs, foreign=foreign)
    return (await _run(store, argv, timeout_s=timeout_s)).stdout


def print_dev_env_argv(flake: Path, profile: Path, nixpkgs: Nixpkgs, *, foreign: bool = False) -> list[str]:
    """The command line of `print_dev_env`."""
    instead = ["--override-input", "nixpkgs", nixpkgs.override] if nixpkgs.override else []
    # A substituter that does not answer is no reason to fail where nothing can be substituted. Another nixpkgs on this
    # machine, as NixOS names its own, is as good as the pin: its packages come from the binary cache.
    offline = ["--option", "substitute", "false"] if nixpkgs.stand_in else []
    sandboxed = ["--option", "sandbox", "true", "--option", "sandbox-fallback", "false"] if foreign else []
    return [
        "nix",
        "print-dev-env",
        "--json",
        "--profile",
        str(profile),
        "--no-write-lock-file",
        *instead,
        *offline,
        *sandboxed,
        _path(flake),
    ]


async def read_inputs(store: NixStore, flake: Path, override: str) -> tuple[FlakeInput, ...]:
    """Where a flake's inputs come from, and the inputs of these, as they would be evaluated.

    Raises:
        CommandFailedError: one cannot be had, or the flake is not one.
        NixOutputError: Nix said something else.
    """
    instead = ["--override-input", "nixpkgs", override] if override else []
    argv = ["nix", "flake", "metadata", "--json", "--no-write-lock-file", *instead, _path(flake)]
    completed = await _run(store, argv, timeout_s=STORE_TIMEOUT_S)
    try:
        nodes = _Metadata.model_validate_json(completed.stdout).locks.nodes
    except ValidationError as error:
        raise NixOutputError(f"nix flake metadata said: {completed.text[:500]}") from error
    return tuple(
        FlakeInput(name, node.locked.type, node.locked.url or node.locked.path)
        for name, node in nodes.items()
        if node.locked is not None
    )


async def lock_flake(store: NixStore, flake: Path) -> None:
    """Writes flake.lock beside flake.nix; asks the network for what it does not know.

    Raises:
        CommandFailedError: an input cannot be had.
    """
    await _run(store, ["nix", "flake", "lock", _path(flake)], timeout_s=STORE_TIMEOUT_S)


async def evaluate_function(store: NixStore, flake: Path, function: str, nixpkgs: Nixpkgs, timeout_s: float) -> None:
    """Evaluates a flake up to a function in its `legacyPackages`, for which its inputs are fetched.

    Raises:
        CommandFailedError: an input cannot be had, or is not what it must be.
        ExhaustedError: the disk is full, or it took too long.
    """
    argv = evaluate_argv(flake, function, f"{function}: builtins.isFunction {function}", nixpkgs)
    await _run(store, argv, timeout_s=timeout_s)


async def judge_package(
    store: NixStore, flake: Path, function: str, path: str, nixpkgs: Nixpkgs, timeout_s: float
) -> JudgedPackage:
    """Applies a flake's function to the path of an attribute, which is a Nix expression.

    Raises:
        CommandFailedError: the attribute cannot be evaluated.
        TimeoutError: not in this time.
        NixOutputError: Nix said something else.
    """
    argv = evaluate_argv(flake, function, f"{function}: {function} {path}", nixpkgs)
    async with asyncio.timeout(timeout_s):
        completed = await _run(store, argv, timeout_s=STORE_TIMEOUT_S)
    try:
        return JudgedPackage.model_validate_json(completed.stdout)
    except ValidationError as error:
        raise NixOutputError(f"nix eval said: {completed.text[:500]}") from error


def evaluate_argv(flake: Path, attribute: str, function: str, nixpkgs: Nixpkgs) -> list[str]:
    """The command line that applies a function to an attribute of a flake. Nothing is built for it."""
    instead = ["--override-input", "nixpkgs", nixpkgs.override] if nixpkgs.override else []
    place, built = f"{_path(flake)}#{attribute}", ["--option", "allow-import-from-derivation", "false"]
    return ["nix", "eval", "--json", "--no-write-lock-file", *instead, *built, place, "--apply", function]


async def add_to_store(store: NixStore, path: Path) -> str:
    """Puts a directory into the store under its own name; returns the store path.

    Raises:
        CommandFailedError: Nix refused it.
        ExhaustedError: the disk is full.
    """
    return (await _run(store, ["nix-store", "--add", str(path)], timeout_s=STORE_TIMEOUT_S)).text


async def add_root(store: NixStore, store_path: str, link: Path) -> None:
    """Makes `link` point to a store path that is then kept as long as the link is.

    Raises:
        CommandFailedError: the path is not valid, or the link cannot be made.
    """
    await _run(store, ["nix-store", "--add-root", str(link), "--indirect", "--realise", store_path])


async def closure(store: NixStore, path: Path) -> tuple[str, ...]:
    """The store paths that what `path` points to needs, itself among them.

    Raises:
        CommandFailedError: it points to nothing in the store.
    """
    return tuple((await _run(store, ["nix-store", "--query", "--requisites", str(path)])).text.split("\n"))


async def is_valid(store: NixStore, store_path: str) -> bool:
    """Whether the store knows and has a path."""
    argv = ["nix-store", "--check-validity", store_path]
    return (await _run(store, argv, check=False)).exit_code == 0


async def path_info(store: NixStore, store_path: str) -> PathInfo:
    """What the store's database knows of a path.

    Raises:
        CommandFailedError: it knows nothing.
    """
    completed = await _run(store, ["nix", "path-info", "--json", store_path])
    try:
        # A list of objects until Nix 2.18, an object by path since.
        answer = TypeAdapter(list[_PathInfo] | dict[str, _PathInfo]).validate_python(json.loads(completed.stdout))
        found = answer[0] if isinstance(answer, list) else answer[store_path]
        return PathInfo(nar_hash_hex(found.nar_hash), found.nar_size)
    except (ValueError, ValidationError, LookupError) as error:
        raise NixOutputError(f"nix path-info said: {completed.text[:500]}") from error


async def hash_content(store: NixStore, path: Path) -> str:
    """Reads a whole path and hashes it as a Nix archive: `sha256:` and 64 hexadecimal digits.

    Raises:
        CommandFailedError: something in it cannot be read.
    """
    argv = ["nix-hash", "--type", "sha256", str(path)]
    return f"sha256:{(await _run(store, argv, timeout_s=STORE_TIMEOUT_S)).text}"


def dump(store: NixStore, path: Path) -> AsyncGenerator[bytes, None]:
    """A path as a Nix archive, in parts.

    Raises:
        CommandFailedError: something in it cannot be read, after what could was given.
    """
    return stream(["nix-store", "--dump", str(path)], env=store.environment, timeout_s=STORE_TIMEOUT_S)


async def fixed_path(store: NixStore, sha256: str, name: str) -> Path:
    """Where content of a known hash is or would be in the store."""
    argv = ["nix-store", "--print-fixed-path", "--recursive", "sha256", sha256, name]
    return Path((await _run(store, argv)).text)


async def nix_version(store: NixStore) -> str:
    """The version of Nix on this machine.

    Raises:
        CommandFailedError: there is none (exit code 127).
    """
    return (await _run(store, ["nix", "--version"])).text.rpartition(" ")[2]


async def ping_store(store: NixStore) -> None:
    """Opens the store as every other call does.

    Raises:
        CommandFailedError: it cannot be opened.
    """
    await _run(store, ["nix", "store", "ping"])


def _path(flake: Path) -> str:
    return f"path:{flake}"


async def _run(
    store: NixStore, argv: Sequence[str], *, timeout_s: float = QUERY_TIMEOUT_S, check: bool = True
) -> Completed:
    try:
        return await run(argv, env=store.environment, timeout_s=timeout_s, check=check)
    except CommandFailedError as error:
        raise_if_disk_is_full(error)
        if _SQLITE_COULD_NOT_GROW in error.stderr and _is_nearly_full(store.state_dir):
            raise ExhaustedError("the disk is full", hint="free some space in the Nix store") from error
        raise


def _is_nearly_full(directory: Path) -> bool:
    try:
        usage = os.statvfs(directory)
    except OSError:
        return False
    return usage.f_bavail * usage.f_frsize < _SQLITE_NEEDS_BYTES
