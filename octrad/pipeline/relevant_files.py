"""Chooses which files of a project a model is shown, within a budget. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

TREE_LINES = 400
FILES_BYTES = 60_000
FILE_BYTES = 24_000
# Written by tools, long, and of no use to a reader.
_GENERATED = (
    "package-lock.json",
    "yarn.lock",
    "Cargo.lock",
    "flake.lock",
    "flake.nix",
    "go.sum",
    "uv.lock",
    "*.min.js",
)
# What tools fetched and is kept with the project, because checks have no network.
_FETCHED = re.compile(r"(?:^|/)(?:\.coursier|\.elm|\.m2|\.mix|\.pub-cache|build/packages|node_modules|vendor)/")
_BINARY = ("*.png", "*.jpg", "*.gif", "*.ico", "*.pdf", "*.zip", "*.gz", "*.woff*", "*.so", "*.o", "*.a", "*.jar")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a commit."""

    path: str
    size_bytes: int
    kind: str


def describe_tree(files: Sequence[ListedFile]) -> str:
    """One line a file with its size; long listings are cut and say so. What was fetched is one line a directory."""
    if not files:
        return "none"
    fetched = Counter(directory for file in files if (directory := _fetched_directory(file.path)))
    lines = [f"{_printable(directory)} ({count} files that were fetched)" for directory, count in fetched.items()]
    rest = [file for file in files if not _fetched_directory(file.path)]
    lines += [f"{_printable(file.path)} ({file.size_bytes} bytes)" for file in rest[:TREE_LINES]]
    if len(rest) > TREE_LINES:
        lines.append(f"… and {len(rest) - TREE_LINES} more")
    return "\n".join(lines)


def choose_files(files: Sequence[ListedFile], *, owns: Sequence[str] = (), mentioned_in: str = "") -> list[str]:
    """Paths to show: those that a text mentions first, then those that the reader owns, then the small ones.

    Together at most `FILES_BYTES`, each at most `FILE_BYTES`; generated and binary files and links are left out.
    """
    readable = [file for file in files if file.kind != "symlink" and 0 < file.size_bytes <= FILE_BYTES]
    readable = [file for file in readable if not _fetched_directory(file.path) or file.path in mentioned_in]
    readable = [file for file in readable if not _matches(file.path.rsplit("/", 1)[-1], (*_GENERATED, *_BINARY))]
    readable.sort(
        key=lambda file: (file.path not in mentioned_in, not _matches(file.path, owns), file.size_bytes, file.path)
    )
    chosen: list[str] = []
    left = FILES_BYTES
    for file in readable:
        if file.size_bytes <= left:
            chosen.append(file.path)
            left -= file.size_bytes
    return sorted(chosen)


def _fetched_directory(path: str) -> str:
    found = _FETCHED.search(path)
    return path[: found.end()] if found else ""


def _matches(path: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(path, glob) for glob in globs)


def _printable(path: str) -> str:
    return path if path.isprintable() else repr(path)
