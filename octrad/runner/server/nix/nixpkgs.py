"""Which nixpkgs environments are made from: the pin, another revision, a path on this machine, or the stand-in."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from octrad.foundation.config import NIXPKGS_PIN, Nix
from octrad.foundation.errors import ConfigurationError
from octrad.runner.server.nix.flake_lock import PIN_URL
from octrad.runner.server.nix.write_stand_in import MARK_FILE, write_stand_in

STAND_IN = "stand-in"


@dataclass(frozen=True, slots=True)
class Nixpkgs:
    """A nixpkgs to evaluate with."""

    # Tells it from every other; part of an environment's hash.
    identity: str
    # What flake.nix says.
    url: str
    # A flake that takes its place on this machine; empty: none.
    override: str = ""
    # Whether flake.lock is that of the pin.
    pinned: bool = True
    stand_in: bool = False
    # Directories of the host that its programs need.
    host_paths: tuple[str, ...] = ()


class _Mark(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    host_paths: tuple[str, ...]


async def resolve_nixpkgs(config: Nix, runner_dir: Path) -> Nixpkgs:
    """Finds out what the setting means; writes the stand-in for this host's tools where it is asked for.

    Raises:
        ConfigurationError: not a reference that Octra knows, or a path without a flake.
    """
    reference = config.nixpkgs
    if reference == NIXPKGS_PIN:
        return Nixpkgs(reference, PIN_URL)
    if reference.startswith("github:"):
        return Nixpkgs(reference, reference, pinned=False)
    if reference == STAND_IN:
        directory = runner_dir / STAND_IN
        await asyncio.to_thread(write_stand_in, directory)
        return await asyncio.to_thread(_at_path, directory)
    if reference.removeprefix("path:").startswith("/"):
        return await asyncio.to_thread(_at_path, Path(reference.removeprefix("path:")))
    raise ConfigurationError(
        f"`nix.nixpkgs`: `{reference}` is not a nixpkgs",
        hint=f"use `github:OWNER/REPO/REV`, an absolute path, or `{STAND_IN}`",
    )


def _at_path(directory: Path) -> Nixpkgs:
    flake = directory / "flake.nix"
    if not flake.is_file():
        raise ConfigurationError(f"`nix.nixpkgs`: {directory} has no flake.nix")
    override, mark = f"path:{directory}", directory / MARK_FILE
    if not mark.is_file():
        digest = hashlib.sha256(flake.read_bytes()).hexdigest()
        return Nixpkgs(f"{override}#{digest}", PIN_URL, override)
    try:
        paths = _Mark.model_validate(json.loads(mark.read_bytes())).host_paths
    except (ValueError, ValidationError) as error:
        raise ConfigurationError(f"`nix.nixpkgs`: {mark} cannot be read: {error}") from error
    parts = b"".join(file.read_bytes() for file in sorted(directory.iterdir()) if file.is_file())
    identity = f"{STAND_IN}#{hashlib.sha256(parts).hexdigest()}"
    return Nixpkgs(identity, PIN_URL, override, stand_in=True, host_paths=paths)
