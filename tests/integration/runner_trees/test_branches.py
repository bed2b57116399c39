import os
import stat
from pathlib import Path

import pytest

from octrad.foundation.errors import NotFoundError
from octrad.runner.server.trees.commit_branch import TooMuchAddedError, commit_branch, read_tree_hash
from octrad.runner.server.trees.create_tree import create_empty_tree
from octrad.runner.server.trees.git import EMPTY_TREE, Repository, git
from octrad.runner.server.trees.read_files import list_files, read_files
from octrad.runner.server.trees.remove_tree import remove_tree
from octrad.runner.server.trees.reset_branch import Leftovers, reset_branch
from octrad.runner.server.trees.task_tree import TaskTree, existing_tree
from tests.integration.runner_trees.conftest import user_git, write_and_commit


async def test_a_new_tree_is_empty_and_has_a_commit(tree: TaskTree, first: str) -> None:
    assert await list_files(tree, first) == ()
    assert await read_tree_hash(tree, first) == EMPTY_TREE
    assert list((await reset_branch(tree, "main", first)).iterdir()) == []


async def test_creating_a_tree_again_begins_anew(tree: TaskTree, first: str) -> None:
    await write_and_commit(tree, "main", first, {"a": "1"})
    again = await create_empty_tree(tree)
    assert not tree.work_dir("main").exists()
    assert await list_files(tree, again.commit) == ()


async def test_a_commit_says_what_changed(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1", "d/ü b": "2"})
    assert made.paths == ("a", "d/ü b")
    assert made.commit != first
    assert made.tree_hash == await read_tree_hash(tree, made.commit)
    message = await git(Repository(tree.git_dir), "log", "-1", "--format=%an <%ae>%n%s", made.commit)
    assert message.text == "Octra <octra@localhost>\nWrite"


async def test_nothing_changed_is_no_commit(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1"})
    again = await write_and_commit(tree, "main", made.commit, {"a": "1"})
    assert (again.commit, again.paths) == (made.commit, ())


async def test_reset_undoes_every_change_of_tracked_files(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1", "d/b": "2", "gone": "3"})
    work = tree.work_dir("main")
    (work / "a").write_text("x")
    (work / "gone").unlink()
    (work / "d" / "b").unlink()
    (work / "d").rmdir()
    (work / "d").symlink_to("/etc")
    await reset_branch(tree, "main", made.commit)
    assert {p: (work / p).read_text() for p in ("a", "d/b", "gone")} == {"a": "1", "d/b": "2", "gone": "3"}
    assert not (work / "d").is_symlink()


async def test_a_change_that_keeps_size_and_time_is_undone(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1"})
    file = tree.work_dir("main") / "a"
    before = file.stat()
    file.write_text("2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    await reset_branch(tree, "main", made.commit)
    assert file.read_text() == "1"


@pytest.mark.parametrize(
    ("leftovers", "left"),
    [
        (Leftovers.EVERYTHING, {".gitignore", "build", "new"}),
        (Leftovers.IGNORED, {".gitignore", "build"}),
        (Leftovers.NOTHING, {".gitignore"}),
    ],
)
async def test_build_output_stays_as_long_as_it_may(
    tree: TaskTree, first: str, leftovers: Leftovers, left: set[str]
) -> None:
    made = await write_and_commit(tree, "main", first, {".gitignore": "build/\n", "build/o": "1"})
    assert made.paths == (".gitignore",)
    work = tree.work_dir("main")
    (work / "new").mkdir()
    (work / "new" / "f").write_text("x")
    user_git(work / "new", "init")
    await reset_branch(tree, "main", made.commit, leftovers)
    assert {entry.name for entry in work.iterdir()} == left


async def test_directories_without_rights_do_not_stop_a_reset(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1"})
    work = tree.work_dir("main")
    (work / "locked" / "in").mkdir(parents=True)
    (work / "locked").chmod(0o000)
    await reset_branch(tree, "main", made.commit)
    assert {entry.name for entry in work.iterdir()} == {"a"}


async def test_what_a_killed_git_left_does_not_stop_a_reset(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1"})
    tree.index("main").with_name("main.lock").touch()
    (tree.git_dir / "refs" / "heads" / "main.lock").touch()
    assert (await write_and_commit(tree, "main", made.commit, {"a": "2"})).paths == ("a",)


async def test_a_corrupt_index_is_made_again(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "1"})
    tree.index("main").write_bytes(b"torn")
    work = await reset_branch(tree, "main", made.commit)
    assert (work / "a").read_text() == "1"


async def test_a_commit_that_is_not_there_is_named_and_nothing_is_lost(tree: TaskTree, first: str) -> None:
    await write_and_commit(tree, "main", first, {"a": "1"})
    with pytest.raises(NotFoundError, match="f" * 40):
        await reset_branch(tree, "main", "f" * 40)
    assert (tree.work_dir("main") / "a").exists()


async def test_repositories_that_a_command_made_become_plain_files(tree: TaskTree, first: str) -> None:
    work = await reset_branch(tree, "main", first)
    for place in (work, work / "sub", work / "sub" / "deep"):
        place.mkdir(exist_ok=True)
        (place / "f").write_text("x")
        user_git(place, "init")
        user_git(place, "add", "f")
        user_git(place, "commit", "-m", "x")
        (place / ".git" / "hooks").mkdir(exist_ok=True)
        (place / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\ntouch /tmp/never\n")
    made = await commit_branch(tree, "main", first, "x")
    assert made.paths == ("f", "sub/deep/f", "sub/f")
    listed = await git(Repository(tree.git_dir), "ls-tree", "-r", made.commit)
    assert b"160000" not in listed.stdout


async def test_a_git_file_that_points_elsewhere_is_not_followed(tree: TaskTree, first: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    user_git(other, "init")
    (other / "f").write_text("x")
    user_git(other, "add", "f")
    user_git(other, "commit", "-m", "x")
    work = await reset_branch(tree, "main", first)
    (work / "sub").mkdir()
    (work / "sub" / "f").write_text("x")
    (work / "sub" / ".git").write_text(f"gitdir: {other}/.git\n")
    (work / ".git").write_text(f"gitdir: {other}/.git\n")
    assert (await commit_branch(tree, "main", first, "x")).paths == ("sub/f",)
    assert user_git(other, "log", "--format=%s") == "x\n"


async def test_programs_that_a_repository_names_are_not_run(tree: TaskTree, first: str, tmp_path: Path) -> None:
    made = await write_and_commit(
        tree, "main", first, {".gitattributes": "* filter=evil diff=evil merge=evil\n", ".gitconfig": "[x]\n", "a": "1"}
    )
    assert made.paths == (".gitattributes", ".gitconfig", "a")
    assert (await read_files(tree, made.commit, ["a"], 10))[0].content == "1"
    assert not (tmp_path / "never").exists()


async def test_links_bits_and_strange_names_are_kept(tree: TaskTree, first: str) -> None:
    work = await reset_branch(tree, "main", first)
    (work / "run").write_text("#!/bin/sh\n")
    (work / "run").chmod(0o755)
    (work / "passwd").symlink_to("/etc/passwd")
    (work / "dangling").symlink_to("../../nowhere")
    (work / os.fsdecode(b"n\xff")).write_text("x")
    os.mkfifo(work / "fifo")
    made = await commit_branch(tree, "main", first, "x")
    kinds = {entry.path: entry.kind for entry in await list_files(tree, made.commit)}
    assert kinds == {"run": "executable", "passwd": "symlink", "dangling": "symlink", "n\\xff": "file"}
    contents = {c.path: c.content for c in await read_files(tree, made.commit, ["passwd", "n\\xff", "none"], 100)}
    assert contents == {"passwd": "/etc/passwd", "n\\xff": "x"}
    other = await reset_branch(tree, "worker", made.commit)
    assert stat.S_IMODE((other / "run").stat().st_mode) & 0o111
    assert (other / "passwd").readlink() == Path("/etc/passwd")


async def test_many_new_files_become_one_pack(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {f"d{n % 7}/f{n}": str(n) for n in range(600)})
    assert len(made.paths) == 600
    assert len(list((tree.git_dir / "objects" / "pack").glob("*.pack"))) == 1
    await git(Repository(tree.git_dir), "fsck", "--strict")


async def test_reading_stops_at_the_limit_for_all_together(tree: TaskTree, first: str) -> None:
    made = await write_and_commit(tree, "main", first, {"a": "aaaa", "b": "bbbb", "c": "cccc"})
    contents = await read_files(tree, made.commit, ["b", "a", "c", "b"], 6)
    assert [(c.path, c.content, c.truncated) for c in contents] == [
        ("b", "bbbb", False),
        ("a", "aa", True),
        ("c", "", True),
    ]


async def test_a_removed_tree_is_gone_and_removing_it_again_is_fine(tree: TaskTree, first: str, tmp_path: Path) -> None:
    work = await reset_branch(tree, "main", first)
    (work / "locked").mkdir(mode=0o000)
    (work / "out").symlink_to("/etc")
    await remove_tree(tree)
    await remove_tree(tree)
    assert not tree.root.exists()
    with pytest.raises(NotFoundError):
        existing_tree(tmp_path, "bcdfg")


async def test_more_than_a_project_has_is_not_committed(tree: TaskTree, first: str) -> None:
    work = await reset_branch(tree, "main", first)
    for name in ("a", "b", "c"):
        with (work / name).open("wb") as file:
            file.truncate(2**30)  # sparse
    with pytest.raises(TooMuchAddedError, match="3 new files of 3072 MiB"):
        await commit_branch(tree, "main", first, "x")
