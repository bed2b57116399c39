"""Which paths a model may write. Pure: what a path *says* is judged here, where it leads is `write_files`'s business.

The rules for `.git` follow git's own protections for HFS+ and NTFS (git's `verify_path`), because a project is made on
one machine and restored on another.
"""

import re
import unicodedata
from collections.abc import Sequence

from octrad.runner.server.edits.match_glob import matches_glob

PATH_BYTES = 1024
NAME_BYTES = 255
DEPTH = 40
# Nix evaluates these outside of the sandbox; they change only through the environment step.
_OURS = frozenset({"flake.nix", "flake.lock"})
_GIT_NAMES = re.compile(r"\.git|git~[0-9]+")


def judge_path(path: str, owns: Sequence[str] = ()) -> str:
    """Returns why `path` may not be written, or nothing. `owns` are globs that it must stay within; none: anywhere."""
    return _judge_text(path) or _judge_names(path.split("/")) or _judge_scope(path, owns)


def _judge_text(path: str) -> str:
    if not path:
        return "the path is empty"
    if not path.isprintable():
        return "the path has control or unprintable characters"
    if "\\" in path:
        return "the path has a backslash; use `/`"
    if path.startswith("/"):
        return "the path is absolute; it must be relative to the project"
    if len(path.encode(errors="surrogatepass")) > PATH_BYTES:
        return f"the path is longer than {PATH_BYTES} bytes"
    return ""


def _judge_names(names: list[str]) -> str:
    if len(names) > DEPTH:
        return f"the path is deeper than {DEPTH} directories"
    return next(filter(None, map(_judge_name, names)), "")


def _judge_name(name: str) -> str:
    if not name or name == ".":
        return "the path has an empty part; name a file, without `//`, `./` or a `/` at its end"
    if name == "..":
        return "the path has `..`; it must stay inside of the project"
    if len(name.encode()) > NAME_BYTES:
        return f"`{name[:40]}…` is longer than {NAME_BYTES} bytes"
    if _is_git_name(name):
        return "`.git` is not for you to write; changes are committed for you"
    return ""


def _is_git_name(name: str) -> bool:
    # HFS+ ignores some invisible characters (all of category Cf), NTFS the dots and blanks at the end and what
    # follows a colon; both ignore case.
    visible = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    plain = visible.casefold().split(":")[0].rstrip(". ")
    return _GIT_NAMES.fullmatch(plain) is not None


def _judge_scope(path: str, owns: Sequence[str]) -> str:
    if path in _OURS:
        return "the environment's flake is not for you to write; ask for packages instead"
    if owns and not any(matches_glob(path, glob) for glob in owns):
        return f"the path is outside of what you own: {', '.join(owns)}"
    return ""
