"""The user's own git repositories: sending one, and bringing a result into one. Never touches a working tree."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode

GIT_TIMEOUT_S = 600.0
NAMED_CHANGES = 5
_SYMLINK_MODE = "120000"


def require_sendable(directory: Path, *, allow_dirty: bool) -> None:
    """Checks that a directory is the root of a repository whose commits are all that there is.

    Raises:
        OctractlError: it is no repository, has no commit, is shallow, or has changes that would not be sent.
    """
    _require_root(directory)
    if _git(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).returncode:
        raise OctractlError(
            f"{directory} has no commits", hint='git add -A && git commit -m "Begin"', exit_code=ExitCode.DATA
        )
    if _text(_git(directory, "rev-parse", "--is-shallow-repository")) == "true":
        raise OctractlError(
            f"{directory} is a shallow clone; its history is not whole",
            hint="git fetch --unshallow",
            exit_code=ExitCode.DATA,
        )
    if not allow_dirty and not _is_bare(directory):
        _require_clean(directory)


def write_bundle(directory: Path, target: Path) -> None:
    """Writes HEAD with its whole history into a git bundle.

    Raises:
        OctractlError: git could not.
    """
    _git(directory, "bundle", "create", "--quiet", str(target), "HEAD")


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file of the last commit; `blob` is git's name for its content."""

    path: str
    size_bytes: int
    is_symlink: bool
    blob: str


def list_head(directory: Path) -> list[HeadFile]:
    """Returns the files of HEAD, sorted by path; submodules are left out.

    Raises:
        OctractlError: git could not.
    """
    said = _git(directory, "ls-tree", "-r", "-l", "-z", "--full-tree", "HEAD").stdout.decode(errors="replace")
    entries = (entry.partition("\t") for entry in said.split("\0") if entry)
    described = ((path, *description.split()) for description, _, path in entries)
    return sorted(
        (
            HeadFile(path, int(size), mode == _SYMLINK_MODE, blob)
            for path, mode, kind, blob, size in described
            if kind == "blob"
        ),
        key=lambda file: file.path,
    )


def read_blobs(directory: Path, blobs: Sequence[str]) -> dict[str, bytes]:
    """Returns the contents of blobs by their names.

    Raises:
        OctractlError: git could not.
    """
    said = _git(directory, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode()).stdout
    contents: dict[str, bytes] = {}
    at = 0
    for blob in blobs:  # each as `NAME blob SIZE`, a newline, the content, a newline
        end_of_head = said.index(b"\n", at)
        begin = end_of_head + 1
        end = begin + int(said[at:end_of_head].rsplit(b" ", 1)[-1])
        contents[blob] = said[begin:end]
        at = end + 1
    return contents


def require_branch_free(directory: Path, branch: str) -> None:
    """Checks that we stand in a repository and that a branch of that name can be made or moved.

    Raises:
        OctractlError: no repository, no such name, or the branch is checked out.
    """
    if _git(directory, "rev-parse", "--git-dir", check=False).returncode:
        raise OctractlError(
            "you do not stand in a git repository",
            hint="cd into the repository that the result is for, or use: octractl restore",
            exit_code=ExitCode.NOT_FOUND,
        )
    if _git(directory, "check-ref-format", "--branch", branch, check=False).returncode:
        raise OctractlError(f"`{branch}` is not a name for a branch", exit_code=ExitCode.USAGE)
    checked_out = _text(_git(directory, "worktree", "list", "--porcelain")).split("\n")
    if f"branch refs/heads/{branch}" in checked_out:
        raise OctractlError(
            f"branch `{branch}` is checked out, and pull never touches a working tree",
            hint=f"git switch another branch, or: --branch {branch}-2",
            exit_code=ExitCode.CANNOT_CREATE,
        )


def fetch_bundle(directory: Path, bundle: Path, branch: str) -> str:
    """Makes `branch` from a bundle's HEAD, or moves it forward, and returns its commit.

    Raises:
        OctractlError: the branch has other content, or git could not.
    """
    ref = f"refs/heads/{branch}"
    # What a model wrote comes with it: no hook runs, and no submodule that it names is looked for.
    fetched = _git(
        directory, "-c", "core.hooksPath=/dev/null", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
        "--no-auto-maintenance", "--no-recurse-submodules", str(bundle), f"HEAD:{ref}", check=False,
    )  # fmt: skip
    if fetched.returncode and not _git(directory, "rev-parse", "--verify", "--quiet", ref, check=False).returncode:
        raise OctractlError(
            f"branch `{branch}` exists with other content",
            hint=f"rename it (git branch -m {branch} NEW), or name another: --branch {branch}-2",
            exit_code=ExitCode.CANNOT_CREATE,
        )
    if fetched.returncode:
        raise _failed("fetch", fetched)
    return _text(_git(directory, "rev-parse", ref))


def has_common_history(directory: Path, branch: str) -> bool:
    """Whether a branch continues what is checked out, so that git can tell what it changed."""
    return _git(directory, "merge-base", "HEAD", f"refs/heads/{branch}", check=False).returncode == 0


def _require_root(directory: Path) -> None:
    found = _git(directory, "rev-parse", "--absolute-git-dir", check=False) if directory.is_dir() else None
    if found is None or found.returncode:
        reason = found.stderr.decode(errors="replace") if found else ""
        raise OctractlError(
            f"{directory} is not a git repository",
            hint=f"git config --global --add safe.directory {directory.resolve()}"
            if "dubious ownership" in reason
            else f"git init {directory}, and commit what is in it",
            exit_code=ExitCode.NOT_FOUND,
        )
    if _is_bare(directory):
        return
    root = Path(_text(_git(directory, "rev-parse", "--show-toplevel")))
    if root.resolve() != directory.resolve():
        raise OctractlError(
            f"{directory} is only a part of the repository {root}", hint=f"--from {root}", exit_code=ExitCode.DATA
        )


def _require_clean(directory: Path) -> None:
    status = _git(directory, "status", "--porcelain", "-z").stdout.decode(errors="replace")
    changes = [entry[3:] for entry in status.split("\0") if entry[2:3] == " "]
    if changes:
        named = ", ".join(changes[:NAMED_CHANGES]) + (", …" if len(changes) > NAMED_CHANGES else "")
        raise OctractlError(
            f"{directory} has changes that are not committed, and only commits are sent: {named}",
            hint="commit them, or send the last commit without them: --allow-dirty",
            exit_code=ExitCode.DATA,
        )


def _is_bare(directory: Path) -> bool:
    return _text(_git(directory, "rev-parse", "--is-bare-repository")) == "true"


def _git(
    directory: Path, *arguments: str, check: bool = True, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    # Without GIT_DIR and its like (set within hooks and by `git rebase -x`), or git would look elsewhere.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", directory, *arguments],
            input=stdin,
            capture_output=True,
            env=env,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise OctractlError("git is not installed", hint="install git", exit_code=ExitCode.NOT_FOUND) from error
    except subprocess.TimeoutExpired as error:
        raise OctractlError(f"git {arguments[0]} took longer than {GIT_TIMEOUT_S:g} s") from error
    if check and done.returncode:
        raise _failed(arguments[0], done)
    return done


def _failed(verb: str, done: subprocess.CompletedProcess[bytes]) -> OctractlError:
    reason = done.stderr.decode(errors="replace").strip()[-1000:]
    return OctractlError(f"git {verb} failed: {reason or done.returncode}", exit_code=ExitCode.IO)


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode(errors="replace").rstrip("\n")
