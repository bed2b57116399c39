"""Looks for secrets in what a snapshot would keep for good: nobody can take anything out of a snapshot any more."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from octrad.foundation.errors import ExhaustedError
from octrad.runner.server.secrets.finding import Finding
from octrad.runner.server.secrets.list_objects import KeptObject, list_objects
from octrad.runner.server.secrets.read_objects import read_objects
from octrad.runner.server.secrets.search_content import search_content
from octrad.runner.server.secrets.searched import add_searched, read_searched
from octrad.runner.server.trees.git import Repository
from octrad.runner.server.trees.task_tree import TaskTree

SEARCH_TIMEOUT_S = 300.0
_HIDDEN_PATH = "(the name of a file)"

# By the object: the line and the rule of each.
_Places = Mapping[str, Sequence[tuple[int, str]]]


async def find_secrets(tree: TaskTree, commit: str, base_commit: str) -> tuple[Finding, ...]:
    """Returns every place in a commit's files, and in what was committed since `base_commit`, that breaks a rule.

    Raises:
        CommandFailedError: no such commit.
        ExhaustedError: it took too long, so that nobody knows.
    """
    searched = await asyncio.to_thread(read_searched, tree)
    suffix = f" since {base_commit}"
    clean_commits = [name.removesuffix(suffix) for name in searched if name.endswith(suffix)]
    if commit in clean_commits:
        return ()
    kept = await list_objects(tree, commit, [*clean_commits, *filter(None, [base_commit])])
    new = [name for name in dict.fromkeys(one.name for one in kept) if name not in searched]
    places = await _search_objects(tree, new)
    findings = await asyncio.to_thread(_findings, kept, places)
    clean = [name for name in new if name not in places]
    await asyncio.to_thread(add_searched, tree, clean if findings else [*clean, commit + suffix])
    return findings


async def _search_objects(tree: TaskTree, names: Sequence[str]) -> _Places:
    places: dict[str, Sequence[tuple[int, str]]] = {}
    deadline = time.monotonic() + SEARCH_TIMEOUT_S
    async with aclosing(read_objects(Repository(tree.git_dir), names)) as batches:
        async for batch in batches:
            places |= await asyncio.to_thread(_search, batch, deadline)
    return places


def _search(batch: Mapping[str, bytes], deadline: float) -> dict[str, Sequence[tuple[int, str]]]:
    found: dict[str, Sequence[tuple[int, str]]] = {}
    for name, content in batch.items():
        if time.monotonic() > deadline:
            raise ExhaustedError(
                f"the search for secrets took longer than {SEARCH_TIMEOUT_S:g} s",
                hint="retry it with --allow-secrets to snapshot it without the search",
            )
        if places := search_content(content):
            found[name] = places
    return found


def _findings(kept: Sequence[KeptObject], places: _Places) -> tuple[Finding, ...]:
    findings: dict[Finding, None] = {}
    # All names at once first: they are looked at each time, and next to never is there anything.
    suspicious = bool(search_content("\n".join(one.path for one in kept).encode()))
    for one in kept:
        in_name = search_content(one.path.encode()) if suspicious else ()
        findings |= {Finding(_HIDDEN_PATH, 0, rule, one.in_history): None for _, rule in in_name}
        path = _HIDDEN_PATH if in_name else one.path or f"commit {one.name[:12]}"
        findings |= {Finding(path, line, rule, one.in_history): None for line, rule in places.get(one.name, ())}
    return tuple(findings)
