from pathlib import Path

import pytest

from octrad.foundation.errors import InvalidRequestError, NotFoundError
from octrad.runner.server.trees.task_tree import TaskTree, checked_branch, checked_commit, existing_tree, task_tree


@pytest.mark.parametrize("task_id", ["", "..", "a/b", "../x", "-x", "A", "a b", "a" * 65, "a\n"])
def test_what_is_not_a_task_id_never_becomes_a_path(task_id: str) -> None:
    with pytest.raises(InvalidRequestError):
        task_tree(Path("/state"), task_id)


def test_a_task_has_its_history_outside_of_its_working_directories() -> None:
    tree = task_tree(Path("/state"), "b2c3d4")
    assert tree.git_dir == Path("/state/trees/b2c3d4/git")
    assert tree.work_dir("main") == Path("/state/trees/b2c3d4/work/main")
    assert not tree.work_dir("main").is_relative_to(tree.git_dir)


@pytest.mark.parametrize("branch", ["main", "backend-1", "a.b_c", "0"])
def test_names_of_plans_are_branches(branch: str) -> None:
    assert checked_branch(branch) == branch


@pytest.mark.parametrize(
    "branch", ["", "..", "a..b", "a/b", ".a", "a.lock", "a.touched", "a.", "-a", "Main", "a b", "a\0", "é"]
)
def test_other_names_are_refused(branch: str) -> None:
    with pytest.raises(InvalidRequestError):
        TaskTree(Path("/x")).work_dir(branch)


@pytest.mark.parametrize("commit", ["", "HEAD", "--all", "a" * 39, "A" * 40, "a" * 41, "main..x"])
def test_only_a_whole_id_is_a_commit(commit: str) -> None:
    with pytest.raises(InvalidRequestError):
        checked_commit(commit)


def test_a_tree_that_was_never_created_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        existing_tree(tmp_path, "bbbb")
