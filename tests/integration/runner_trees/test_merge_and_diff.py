from pathlib import Path

import pytest

from octrad.foundation.process import CommandFailedError
from octrad.runner.server.trees.create_tree import create_empty_tree
from octrad.runner.server.trees.diff_commits import ResolvedSide, diff_commits, side_of_task
from octrad.runner.server.trees.git import Repository, git
from octrad.runner.server.trees.merge_branch import merge_branch
from octrad.runner.server.trees.read_files import read_files
from octrad.runner.server.trees.task_tree import TaskTree, task_tree
from tests.integration.runner_trees.conftest import write_and_commit

LINES = "".join(f"line {n}\n" for n in range(20))


async def _diff(old: ResolvedSide, new: ResolvedSide) -> str:
    return b"".join([chunk async for chunk in diff_commits(old, new)]).decode()


async def test_workers_that_touch_different_lines_are_merged(tree: TaskTree, first: str) -> None:
    base = (await write_and_commit(tree, "main", first, {"a": LINES})).commit
    one = (await write_and_commit(tree, "one", base, {"a": LINES.replace("line 1\n", "one\n"), "b": "b"})).commit
    two = (await write_and_commit(tree, "two", base, {"a": LINES.replace("line 18\n", "two\n")})).commit
    forwarded = await merge_branch(tree, base, one, "Merge one")
    assert (forwarded.commit, forwarded.paths, forwarded.conflicts) == (one, ("a", "b"), ())
    merged = await merge_branch(tree, one, two, "Merge two")
    assert (merged.paths, merged.conflicts) == (("a",), ())
    content = (await read_files(tree, merged.commit, ["a"], 10_000))[0].content
    assert "one\n" in content
    assert "two\n" in content
    parents = await git(Repository(tree.git_dir), "log", "-1", "--format=%P%n%s", merged.commit)
    assert parents.text == f"{one} {two}\nMerge two"


async def test_workers_that_touch_the_same_lines_conflict_and_main_stays(tree: TaskTree, first: str) -> None:
    base = (await write_and_commit(tree, "main", first, {"a": LINES, "ü": "x\n"})).commit
    one = (await write_and_commit(tree, "one", base, {"a": LINES.replace("line 1\n", "one\n"), "ü": "1\n"})).commit
    two = (await write_and_commit(tree, "two", base, {"a": LINES.replace("line 1\n", "two\n"), "ü": "2\n"})).commit
    merged = await merge_branch(tree, one, two, "Merge")
    assert (merged.commit, merged.conflicts, merged.paths) == (one, ("a", "ü"), ())


async def test_what_main_has_already_is_not_merged_again(tree: TaskTree, first: str) -> None:
    base = (await write_and_commit(tree, "main", first, {"a": "1"})).commit
    assert (await merge_branch(tree, base, first, "x")).commit == base
    assert (await merge_branch(tree, base, base, "x")).commit == base


async def test_a_missing_commit_is_an_error(tree: TaskTree, first: str) -> None:
    with pytest.raises(CommandFailedError):
        await merge_branch(tree, first, "e" * 40, "x")


async def test_a_diff_within_a_task_and_from_nothing(tree: TaskTree, first: str, tmp_path: Path) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1\n", ".gitattributes": "* diff=evil\n"})
    side = side_of_task(tmp_path, "bcdfg", made.commit)
    assert "+1\n" in await _diff(ResolvedSide(None, ""), side)
    assert "-1\n" in await _diff(side, ResolvedSide(None, ""))
    assert await _diff(side, side) == ""
    assert await _diff(ResolvedSide(None, ""), ResolvedSide(None, "")) == ""


async def test_a_diff_between_two_tasks(tree: TaskTree, first: str, tmp_path: Path) -> None:
    other = task_tree(tmp_path, "other")
    begun = await create_empty_tree(other)
    one = await write_and_commit(tree, "main", first, {"a": "1\n"})
    two = await write_and_commit(other, "main", begun.commit, {"a": "2\n"})
    text = await _diff(side_of_task(tmp_path, "bcdfg", one.commit), side_of_task(tmp_path, "other", two.commit))
    assert "-1\n+2\n" in text


async def test_a_project_cannot_hide_its_changes_from_who_reviews_them(tree: TaskTree, first: str) -> None:
    hiding = "* -diff binary diff=x merge=x export-ignore linguist-generated\n"
    base = (await write_and_commit(tree, "main", first, {".gitattributes": hiding})).commit
    made = (await write_and_commit(tree, "main", base, {"evil.py": "import os\n"})).commit
    sides = (ResolvedSide(tree.git_dir, base), ResolvedSide(tree.git_dir, made))
    assert "+import os" in await _diff(*sides)
