import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octrad.runner.edits import Edit, Removal, Replacement, WholeFile
from octrad.runner.server.edits.apply_edits import Obstacle, PlainFile, apply_edits, judge_edits
from octrad.runner.server.edits.write_files import look_at, write_files


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """A tree with everything that is unpleasant in it, beside a directory that must not change."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    (work / "file").write_text("text")
    (work / "sub" / "deep").write_text("text")
    (work / "link").symlink_to("../outside/secret")
    (work / "linked").symlink_to("../outside", target_is_directory=True)
    (work / "dangling").symlink_to("../outside/new")
    (work / "sub" / "up").symlink_to("../..", target_is_directory=True)
    os.mkfifo(work / "fifo")
    os.link(outside / "secret", work / "hard")
    return work


@pytest.mark.parametrize(
    ("path", "obstacle"),
    [
        ("link", Obstacle.SYMLINK),
        ("linked", Obstacle.SYMLINK),
        ("linked/new", Obstacle.SYMLINK),
        ("linked/secret", Obstacle.SYMLINK),
        ("dangling", Obstacle.SYMLINK),
        ("sub/up/outside/secret", Obstacle.SYMLINK),
        ("sub", Obstacle.DIRECTORY),
        ("file/below", Obstacle.BLOCKED),
        ("fifo", Obstacle.SPECIAL),
    ],
)
def test_obstacle_is_seen_without_following_it(work_dir: Path, path: str, obstacle: Obstacle) -> None:
    assert look_at(work_dir, path) is obstacle


def test_missing_file_and_missing_directory_are_nothing(work_dir: Path) -> None:
    assert look_at(work_dir, "new") is None
    assert look_at(work_dir, "new/deep/file") is None


def test_huge_file_is_not_read(work_dir: Path) -> None:
    with (work_dir / "huge").open("wb") as file:
        file.truncate(100_000_000)
    assert look_at(work_dir, "huge") is Obstacle.HUGE


def test_files_are_written_with_their_modes_whatever_the_umask(work_dir: Path) -> None:
    before = os.umask(0o077)
    try:
        write_files(work_dir, {"a/b/run": PlainFile(b"x", executable=True), "plain": PlainFile(b"y", executable=False)})
    finally:
        os.umask(before)
    assert (work_dir / "a/b/run").stat().st_mode & 0o777 == 0o755
    assert (work_dir / "plain").stat().st_mode & 0o777 == 0o644


def test_other_name_of_a_hard_link_keeps_its_content(work_dir: Path) -> None:
    write_files(work_dir, {"hard": PlainFile(b"new", executable=False)})
    assert (work_dir / "hard").read_bytes() == b"new"
    assert (work_dir.parent / "outside/secret").read_text() == "secret"


def test_file_that_is_made_and_removed_again_leaves_nothing(work_dir: Path) -> None:
    edits: list[Edit] = [WholeFile("new/file", "text"), Removal("new/file")]
    write_files(work_dir, apply_edits(edits, {"new/file": None}).files)
    assert not (work_dir / "new").exists()


def test_writing_through_a_link_that_appeared_meanwhile_fails(work_dir: Path) -> None:
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        write_files(work_dir, {"linked/new": PlainFile(b"x", executable=False)})
    assert not (work_dir.parent / "outside/new").exists()


_PATHS = st.one_of(
    st.sampled_from(
        ["link", "linked/new", "linked/../x", "dangling", "sub/up/x", "../x", "/tmp/octra-x", ".git/x", "hard", "fifo"]
    ),
    st.lists(st.sampled_from(["..", ".", "", "sub", "up", "link", "linked", "a", ".git", "outside"]), max_size=5).map(
        "/".join
    ),
    st.text(max_size=12),
)
_EDITS = st.one_of(
    st.builds(WholeFile, _PATHS, st.text(max_size=5), st.booleans()),
    st.builds(Replacement, _PATHS, st.text(max_size=3), st.text(max_size=3)),
    st.builds(Removal, _PATHS),
)


def _outside(root: Path) -> dict[str, bytes | None]:
    paths = [path for path in sorted(root.rglob("*")) if not path.is_relative_to(root / "work")]
    return {str(path): path.read_bytes() if path.is_file() else None for path in paths}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(_EDITS, min_size=1, max_size=4))
def test_whatever_path_a_model_writes_nothing_outside_of_the_tree_changes(work_dir: Path, edits: list[Edit]) -> None:
    before = _outside(work_dir.parent)
    if not judge_edits(edits):
        outcome = apply_edits(edits, {edit.path: look_at(work_dir, edit.path) for edit in edits})
        write_files(work_dir, outcome.files)
    assert _outside(work_dir.parent) == before
    assert not Path("/tmp/octra-x").exists()
