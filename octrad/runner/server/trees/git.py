"""The one way in which the runner starts git.

What a model or a stranger's repository contains must never choose a program to run, so no configuration of machine,
user or working directory is read, no hook, filter, external diff or file system monitor exists, no network protocol
is allowed, and the repository is always named, never discovered.
"""

import errno
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.errors import ExhaustedError
from octrad.foundation.process import CommandFailedError, Completed, run
from octrad.foundation.stream_process import stream

IDENTITY_NAME = "Octra"
IDENTITY_EMAIL = "octra@localhost"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
GIT_TIMEOUT_S = 600.0

_SETTINGS = (
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.excludesFile=/dev/null",
    "core.fileMode=true",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "core.symlinks=true",
    "fetch.unpackLimit=1",  # a pack stays a pack: snapshots link it as it is
    "gc.auto=0",
    "maintenance.auto=false",
    "merge.directoryRenames=false",
    "merge.renames=true",
    "pack.threads=2",
    "safe.directory=*",  # which repository is meant is never discovered
    "submodule.recurse=false",
)
_OPTIONS = tuple(part for setting in _SETTINGS for part in ("-c", setting))


@dataclass(frozen=True, slots=True)
class Repository:
    """What a git command works on. A bare one has no work tree and no index."""

    git_dir: Path
    work_tree: Path | None = None
    index: Path | None = None
    # Object stores to read from besides its own.
    alternates: tuple[Path, ...] = ()


async def git(
    repository: Repository,
    *arguments: str,
    stdin: bytes | None = None,
    check: bool = True,
    settings: Sequence[str] = (),
) -> Completed:
    """Runs one git command on a repository.

    Args:
        repository: what it works on.
        arguments: the command and its arguments.
        stdin: what it reads.
        check: raise when it exits other than 0.
        settings: more `key=value` of configuration for this call.

    Raises:
        CommandFailedError: it exited other than 0.
        ExhaustedError: the disk is full, or it took too long.
    """
    try:
        return await run(
            git_argv(arguments, settings),
            cwd=repository.work_tree,
            env=git_environment(repository, os.environ),
            stdin=stdin,
            timeout_s=GIT_TIMEOUT_S,
            check=check,
        )
    except CommandFailedError as error:
        raise_if_disk_is_full(error)
        raise


def stream_git(repository: Repository, *arguments: str) -> AsyncGenerator[bytes, None]:
    """Runs one git command on a repository and gives what it says in parts.

    Raises:
        CommandFailedError: it exited other than 0, after what it said was given.
        ExhaustedError: it took too long.
    """
    return stream(git_argv(arguments), env=git_environment(repository, os.environ), timeout_s=GIT_TIMEOUT_S)


def raise_if_disk_is_full(error: CommandFailedError) -> None:
    """Raises the error that says so when a program failed for want of space.

    Raises:
        ExhaustedError: it did.
    """
    signs = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
    if any(sign in error.stderr for sign in signs):
        raise ExhaustedError("the disk is full", hint="free some space in Octra's state and the Nix store") from error


def git_argv(arguments: Sequence[str], settings: Sequence[str] = ()) -> list[str]:
    """The whole command line of a git command."""
    extra = [part for setting in settings for part in ("-c", setting)]
    return ["git", *_OPTIONS, *extra, *arguments]


def git_environment(repository: Repository, inherited: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a git command; of the inherited one only PATH goes in."""
    environment = {
        "PATH": inherited.get("PATH", "/usr/bin:/bin"),
        "HOME": "/var/empty",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_AUTHOR_EMAIL": IDENTITY_EMAIL,
        "GIT_AUTHOR_NAME": IDENTITY_NAME,
        "GIT_COMMITTER_EMAIL": IDENTITY_EMAIL,
        "GIT_COMMITTER_NAME": IDENTITY_NAME,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_DIR": str(repository.git_dir),
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if repository.work_tree is not None:
        environment["GIT_WORK_TREE"] = str(repository.work_tree)
    if repository.index is not None:
        environment["GIT_INDEX_FILE"] = str(repository.index)
    if repository.alternates:
        environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(map(str, repository.alternates))
    return environment


def printable_path(path: bytes) -> str:
    r"""A path as text that any message can carry: bytes that are not UTF-8 become `\xNN`."""
    return path.decode("utf-8", errors="backslashreplace")


def split_paths(output: bytes) -> tuple[str, ...]:
    """The paths of an output that ends each with a NUL."""
    return tuple(printable_path(path) for path in output.split(b"\0") if path)
