"""Remembers what of a task's tree was searched and is clean, so that a snapshot costs what is new and not the whole.

Objects are named by their content, so what was clean stays clean, as long as the rules are the same. Blocks.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from octrad.runner.server.secrets.prefilter import WORDS
from octrad.runner.server.secrets.rules import rules_digest
from octrad.runner.server.trees.task_tree import TaskTree


def read_searched(tree: TaskTree) -> frozenset[str]:
    """Returns what `add_searched` was told under these rules."""
    with contextlib.suppress(FileNotFoundError):
        return frozenset(_path(tree).read_text(encoding="ascii", errors="replace").split("\n"))
    return frozenset()


def add_searched(tree: TaskTree, names: Iterable[str]) -> None:
    """Remembers clean objects. What a crash or a full disk cuts off names nothing, and is searched again."""
    # A line end on both sides: what was cut off earlier spoils nothing.
    text = "".join(f"\n{name}\n" for name in names)
    with contextlib.suppress(OSError), _path(tree).open("a", encoding="ascii") as file:
        file.write(text)


def _path(tree: TaskTree) -> Path:
    return tree.root / f"searched-{rules_digest(WORDS.pattern)}"
