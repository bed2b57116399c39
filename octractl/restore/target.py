"""The directory that a restore makes: written beside its place under a name of its own, and moved there when proved.

So the target is the old thing or the new thing and never half of one, whatever happens meanwhile.
"""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode

# What is found with such a name was left by a restore that was killed; it can be removed.
MARK = "octra-restore"
SLUG_CHARACTERS = 40


def slug(title: str) -> str:
    """Returns a title as a part of a directory's name: lower case letters, digits and single dashes."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower()).split()
    return "-".join(words)[:SLUG_CHARACTERS].strip("-")


@contextmanager
def new_tree(target: Path, *, force: bool) -> Iterator[Path]:
    """Gives an empty directory to fill; when the block ends well it takes its place at `target`, else it is removed.

    Args:
        target: what must not exist, or be an empty directory.
        force: replace what is there, whole.

    Raises:
        OctractlError: the target is in the way or cannot be made.
    """
    place = Path(os.path.realpath(target))
    require_free(place, force=force)
    temporary = place.with_name(f".{place.name[:150]}.{MARK}-{secrets.token_hex(4)}")
    try:
        temporary.mkdir(mode=0o700)
    except OSError as error:
        raise cannot_create(place, error) from error
    try:
        yield temporary
        _move(temporary, place, force=force)
    finally:
        if temporary.exists():
            remove_tree(temporary)


def require_free(target: Path, *, force: bool) -> None:
    """Checks that a restore may put something at `target`.

    Raises:
        OctractlError: something is in the way, or the parent is no directory that we may write to.
    """
    if target == target.parent:
        raise OctractlError(f"{target} cannot be replaced", exit_code=ExitCode.CANNOT_CREATE)
    if not target.parent.is_dir():
        raise OctractlError(
            f"{target.parent} is not a directory", hint=f"mkdir -p {target.parent}", exit_code=ExitCode.CANNOT_CREATE
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OctractlError(
            f"you may not write in {target.parent}", hint="name another directory", exit_code=ExitCode.CANNOT_CREATE
        )
    if not force and _is_taken(target):
        raise OctractlError(
            f"{target} exists and is not an empty directory",
            hint="name another directory, or replace it whole with --force",
            exit_code=ExitCode.CANNOT_CREATE,
        )


def cannot_create(target: Path, error: OSError) -> OctractlError:
    """Returns the error for a target that could not be written."""
    hint = "make room, or name a directory on another disk" if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""
    if "No space left" in str(error):
        hint = "make room, or name a directory on another disk"
    return OctractlError(
        f"cannot write {target}: {error.strerror or error}", hint=hint, exit_code=ExitCode.CANNOT_CREATE
    )


def remove_tree(path: Path) -> None:
    """Removes a directory of ours, as far as that goes."""
    shutil.rmtree(path, ignore_errors=True)


def _is_taken(target: Path) -> bool:
    try:
        return any(target.iterdir())
    except FileNotFoundError:
        return False
    except OSError:  # not a directory, or not ours to look into
        return True


def _move(temporary: Path, target: Path, *, force: bool) -> None:
    try:
        temporary.chmod(0o755)
        if force and _is_taken(target):
            _replace(temporary, target)
        else:
            temporary.rename(target)
    except OSError as error:
        raise cannot_create(target, error) from error


def _replace(temporary: Path, target: Path) -> None:
    # Two renames, because one cannot replace a directory that is not empty. If the second fails the first is undone.
    old = temporary.with_name(temporary.name + "-old")
    target.rename(old)
    try:
        temporary.rename(target)
    except BaseException:
        with contextlib.suppress(OSError):
            old.rename(target)
        raise
    if old.is_dir() and not old.is_symlink():
        remove_tree(old)
    else:
        old.unlink()
