"""Takes a stranger's git bundle: within a size, complete, every object checked, and kept for a day.

What is kept is the checked repository, not the file: a tree then begins from it by linking its pack.
"""

import asyncio
import hashlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.errors import ExhaustedError, InvalidRequestError, NotFoundError
from octrad.foundation.process import CommandFailedError
from octrad.runner.reading import ImportedBundle
from octrad.runner.server.trees.git import Repository, git, stream_git
from octrad.runner.server.trees.remove_directory import remove_directory

_BUNDLE_ID = re.compile(r"[0-9a-f]{64}")
# Faults that old programs wrote into honest histories and that harm nobody.
_HARMLESS = ("badTimezone", "missingSpaceBeforeDate", "missingTaggerEntry", "zeroPaddedFilemode")
_CHECKS = tuple(f"fsck.{fault}=ignore" for fault in _HARMLESS)
_HEAD_REF = "refs/heads/main"
# A bundle of some kilobytes can hold a tree of billions of files: what it unpacks to is bounded as well.
FILES_AT_MOST = 200_000
BYTES_AT_MOST = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class KeptBundle:
    """A checked repository, all of whose objects are in packs, and the commit to go on from."""

    git_dir: Path
    commit: str


async def import_bundle(bundles_dir: Path, chunks: AsyncIterable[bytes], limit_bytes: int) -> ImportedBundle:
    """Takes a bundle and keeps it under its SHA-256.

    Raises:
        ExhaustedError: it is larger than `limit_bytes`, or the disk is full.
        InvalidRequestError: not a bundle, incomplete, without a commit to begin from, or with objects that git refuses.
    """
    await asyncio.to_thread(bundles_dir.mkdir, mode=0o700, parents=True, exist_ok=True)
    place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".incoming-", dir=bundles_dir))
    try:
        imported = await _receive(place / "bundle", chunks, limit_bytes)
        await _unpack(place)
        await asyncio.to_thread(_keep, place, bundles_dir / imported.bundle_id)
    finally:
        await asyncio.to_thread(remove_directory, place)
    return imported


def find_bundle(bundles_dir: Path, bundle_id: str) -> KeptBundle:
    """Finds a bundle that was imported. Blocks.

    Raises:
        NotFoundError: never imported, or older than a day.
    """
    head = bundles_dir / bundle_id / "git" / _HEAD_REF
    if not _BUNDLE_ID.fullmatch(bundle_id) or not head.exists():
        raise NotFoundError(f"no bundle {bundle_id[:80]}", hint="bundles are kept for a day; send it again")
    return KeptBundle(bundles_dir / bundle_id / "git", head.read_text().strip())


def prune_bundles(bundles_dir: Path, older_than: float) -> None:
    """Removes the bundles that were last imported before a time, in seconds since 1970. Blocks."""
    if not bundles_dir.is_dir():
        return
    for place in bundles_dir.iterdir():
        if place.stat().st_mtime < older_than:
            remove_directory(place)


async def _receive(path: Path, chunks: AsyncIterable[bytes], limit_bytes: int) -> ImportedBundle:
    digest, size = hashlib.sha256(), 0
    with await asyncio.to_thread(path.open, "wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise ExhaustedError(
                    f"the bundle is larger than {limit_bytes} bytes", hint="limits.bundle_bytes in the configuration"
                )
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
    return ImportedBundle(digest.hexdigest(), size)


async def _unpack(place: Path) -> None:
    repository, bundle = Repository(place / "git"), str(place / "bundle")
    await git(repository, "init", "--quiet", "--bare", "--template=", "-b", "main", "--object-format=sha1")
    await _git(repository, "the bundle is not complete", "bundle", "verify", "--quiet", bundle)
    heads = await _git(repository, "the bundle cannot be read", "bundle", "list-heads", bundle)
    spec = f"+{head_of(heads.splitlines())}:{_HEAD_REF}"
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
    await _git(repository, "the bundle cannot be read", *fetch, bundle, spec)
    # `fetch.fsckObjects` does not reach bundles before git 2.46.
    fsck = ("fsck", "--strict", "--no-dangling", "--no-progress")
    await _git(repository, "the bundle's history has objects that git refuses", *fsck)
    found = await git(repository, "cat-file", "-t", _HEAD_REF, check=False)
    if found.text != "commit":
        raise InvalidRequestError("the bundle's HEAD is not a commit", field="bundle")
    await _require_size(repository)


async def _require_size(repository: Repository) -> None:
    files, size_bytes, rest = 0, 0, b""
    listing = stream_git(repository, "ls-tree", "-r", "-l", "-z", "--full-tree", _HEAD_REF)
    async with aclosing(listing):
        async for chunk in listing:
            *whole, rest = (rest + chunk).split(b"\0")
            files += len(whole)
            # Of a submodule the size is `-`.
            sizes = (line.partition(b"\t")[0].split()[3] for line in whole)
            size_bytes += sum(int(size) for size in sizes if size.isdigit())
            if files > FILES_AT_MOST or size_bytes > BYTES_AT_MOST:
                raise ExhaustedError(
                    f"the bundle unpacks to more than {FILES_AT_MOST} files or {BYTES_AT_MOST // 1024**3} GiB"
                )


def head_of(heads: Sequence[str]) -> str:
    """The ref of a bundle to go on from: HEAD, or the only branch.

    Args:
        heads: lines of `git bundle list-heads`: an object id and a ref.

    Raises:
        InvalidRequestError: neither is there.
    """
    refs = [line.partition(" ")[2] for line in heads]
    branches = [ref for ref in refs if ref.startswith("refs/heads/")]
    if "HEAD" in refs:
        return "HEAD"
    if len(branches) == 1:
        return branches[0]
    raise InvalidRequestError(
        "the bundle has no HEAD", field="bundle", hint="make it with: git bundle create FILE HEAD"
    )


async def _git(repository: Repository, problem: str, *arguments: str) -> str:
    try:
        return (await git(repository, *arguments, settings=_CHECKS)).text
    except CommandFailedError as error:
        reason = error.stderr.splitlines()[0] if error.stderr else "no message"
        hint = "a shallow clone cannot be sent: git fetch --unshallow" if arguments[1] == "verify" else ""
        raise InvalidRequestError(f"{problem}: {reason}", field="bundle", hint=hint) from error


def _keep(place: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    (place / "bundle").unlink()
    place.rename(target)
    target.touch()
