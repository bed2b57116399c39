import subprocess
from pathlib import Path

import pytest

from octrad.runner.server.trees.commit_branch import Committed, commit_branch
from octrad.runner.server.trees.create_tree import create_empty_tree
from octrad.runner.server.trees.reset_branch import reset_branch
from octrad.runner.server.trees.task_tree import TaskTree, task_tree


@pytest.fixture
def tree(tmp_path: Path) -> TaskTree:
    return task_tree(tmp_path, "bcdfg")


@pytest.fixture
async def first(tree: TaskTree) -> str:
    return (await create_empty_tree(tree)).commit


async def write_and_commit(tree: TaskTree, branch: str, parent: str, files: dict[str, str]) -> Committed:
    work = await reset_branch(tree, branch, parent)
    for name, content in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(content)
    return await commit_branch(tree, branch, parent, "Write")


def user_git(cwd: Path, *arguments: str) -> str:
    """Git as a user runs it, with no configuration of the machine."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(cwd),
        **{f"GIT_{who}_{what}": "u@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    argv = ["git", "-c", "init.defaultBranch=main", *arguments]
    return subprocess.run(argv, cwd=cwd, env=environment, check=True, capture_output=True, text=True).stdout
