"""What this machine offers to trees, environments and snapshots, and what it lacks: looked at, never assumed."""

import asyncio
import base64
import re
from dataclasses import dataclass

from octrad.foundation.errors import OctraError
from octrad.foundation.finding import Finding
from octrad.foundation.process import CommandFailedError, run
from octrad.runner.server.nix.flake_lock import PIN_NAR_HASH
from octrad.runner.server.nix.nix_command import fixed_path, nix_version, ping_store
from octrad.runner.server.nix.nixpkgs import Nixpkgs
from octrad.runner.server.nix.store import NixStore

# `git merge-tree --write-tree` came with it.
OLDEST_GIT = (2, 38)
OLDEST_NIX = (2, 8)
NETWORK_TIMEOUT_S = 3.0
INSTALL_BUBBLEWRAP = "install bubblewrap; on Debian: apt-get install bubblewrap"
_PACKAGES_HOST = "github.com"
_UNKNOWN_STORE = Finding("store", ok=False, detail="cannot be looked at without nix", hint="see nix")


@dataclass(frozen=True, slots=True)
class HostInspection:
    """All that was looked at."""

    findings: tuple[Finding, ...]
    nix_version: str
    store_dir: str
    nixpkgs: str
    stand_in: bool


async def inspect_host(store: NixStore, nixpkgs: Nixpkgs) -> HostInspection:
    """Looks at git, Nix, bubblewrap, the store and nixpkgs. Takes at most a few seconds; changes nothing."""
    nix = await _program("nix", ("nix", "--version"), OLDEST_NIX, "install Nix; on Debian: apt-get install nix-bin")
    findings = [
        await _program("git", ("git", "--version"), OLDEST_GIT, "install git; on Debian: apt-get install git"),
        nix,
        await _program("bubblewrap", ("bwrap", "--version"), (0, 4), INSTALL_BUBBLEWRAP),
        await _store(store) if nix.ok else _UNKNOWN_STORE,
        await _nixpkgs(store, nixpkgs),
    ]
    try:
        version = await nix_version(store)
    except OctraError:
        version = ""
    reference = nixpkgs.override or nixpkgs.url
    return HostInspection(tuple(findings), version, str(store.store_dir), reference, nixpkgs.stand_in)


def version_of(text: str) -> tuple[int, ...]:
    """The first dotted number in what a program says of itself; empty when there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


async def _program(name: str, argv: tuple[str, ...], oldest: tuple[int, ...], hint: str) -> Finding:
    try:
        said = (await run(argv, timeout_s=10)).text
    except CommandFailedError:
        return Finding(name, ok=False, detail="not installed", hint=hint)
    wanted = ".".join(map(str, oldest))
    if version_of(said) < oldest:
        return Finding(name, ok=False, detail=f"{said} is older than {wanted}", hint=hint)
    return Finding(name, ok=True, detail=said)


async def _store(store: NixStore) -> Finding:
    try:
        await ping_store(store)
    except OctraError as error:
        hint = 'start nix-daemon, or set nix.store = "private"'
        return Finding("store", ok=False, detail=error.message, hint=hint)
    kind = "private: no binary cache serves it" if store.private else "the machine's"
    return Finding("store", ok=True, detail=f"{store.store_dir} ({kind})")


async def _nixpkgs(store: NixStore, nixpkgs: Nixpkgs) -> Finding:
    if nixpkgs.stand_in:
        return Finding("nixpkgs", ok=True, detail="stand-in: the host's own programs")
    if nixpkgs.override:
        return Finding("nixpkgs", ok=True, detail=nixpkgs.override)
    if nixpkgs.pinned and await _is_pin_in_store(store):
        return Finding("nixpkgs", ok=True, detail=f"{nixpkgs.identity} (in the store)")
    if await _answers(_PACKAGES_HOST):
        return Finding("nixpkgs", ok=True, detail=f"{nixpkgs.identity} ({_PACKAGES_HOST} answers)")
    hint = "give the machine network, or set nix.nixpkgs to a path or to `stand-in`"
    return Finding("nixpkgs", ok=False, detail=f"{_PACKAGES_HOST} does not answer", hint=hint)


async def _is_pin_in_store(store: NixStore) -> bool:
    digest = base64.b64decode(PIN_NAR_HASH.removeprefix("sha256-")).hex()
    try:
        place = await fixed_path(store, digest, "source")
    except OctraError:
        return False
    return await asyncio.to_thread(place.exists)


async def _answers(host: str) -> bool:
    try:
        async with asyncio.timeout(NETWORK_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, 443)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
