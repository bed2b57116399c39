"""A snapshot that would keep a secret is refused by the runner itself, before anything is in the store."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from octrad.runner.edits import Edit, Removal, WholeFile
from octrad.runner.failures import SecretFoundError
from tests.canaries import github_token, private_key
from tests.integration.runner.conftest import Project
from tests.integration.runner.test_operations import begin_from_repository


async def commit(project: Project, parent: str, *edits: Edit, subject: str = "Write") -> str:
    applied = await project.client.apply_edits(project.request_id(), project.main(parent), edits, subject=subject)
    assert not applied.refusals
    return applied.commit


async def refusal(project: Project, head: str, base_commit: str = "") -> str:
    before = stored(project)
    with pytest.raises(SecretFoundError) as refused:
        await project.client.take_snapshot(project.request_id(), project.task_id, head, base_commit=base_commit)
    assert stored(project) == before
    assert github_token() not in refused.value.message
    return refused.value.message


def stored(project: Project) -> Sequence[Path]:
    runner = project.place.state_dir / "runner"
    return sorted([*(runner / "nix" / "store").iterdir(), *(runner / "snapshots").glob("*")])


async def test_secrets_in_files_are_told_by_place_and_nothing_is_stored(project: Project) -> None:
    config = WholeFile("app/config.py", f"# mine\nTOKEN = '{github_token()}'\n")
    head = await commit(project, "", config, WholeFile("ünd key.pem", private_key()), WholeFile("ok", "x\n"))
    message = await refusal(project, head)
    assert "app/config.py:2 GitHub Token; ünd key.pem:1 Private Key" in message


async def test_person_who_allows_it_gets_the_snapshot(project: Project) -> None:
    head = await commit(project, "", WholeFile("key.pem", private_key()))
    await refusal(project, head)
    snapshot = await project.client.take_snapshot(project.request_id(), project.task_id, head, allow_secrets=True)
    assert (Path(snapshot.store_path) / "key.pem").read_text() == private_key()


async def test_secret_that_was_removed_again_is_still_in_the_history(project: Project) -> None:
    with_secret = await commit(project, "", WholeFile("a.py", f"\n\n{github_token()}\n"))
    head = await commit(project, with_secret, Removal("a.py"), WholeFile("b.py", "x = 1\n"))
    assert "a.py:3 GitHub Token (in the history)" in await refusal(project, head)


async def test_message_of_a_commit_and_name_of_a_file_are_looked_at(project: Project) -> None:
    named = WholeFile(f"{github_token()}.txt", "x\n")
    head = await commit(project, "", named, subject=f"Use {github_token()}")
    message = await refusal(project, head)
    assert "(the name of a file) GitHub Token" in message
    assert f"commit {head[:12]}:6 GitHub Token" in message


async def test_history_from_before_the_task_is_left_alone_but_its_files_are_not(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "theirs.py").write_text(f"t = '{github_token()}'\n")
    base = await begin_from_repository(project, tmp_path)
    assert "theirs.py:1 GitHub Token" in await refusal(project, base, base)
    head = await commit(project, base, Removal("theirs.py"))
    snapshot = await project.client.take_snapshot(project.request_id(), project.task_id, head, base_commit=base)
    assert snapshot.store_path


async def test_large_and_empty_projects_are_snapshotted_as_before(project: Project) -> None:
    big = await project.run(
        "head -c 9000000 /dev/zero > zeros; for i in $(seq 400); do head -c 50000 /dev/urandom > r$i; done; echo ok",
        commit_subject="Much",
    )
    assert big.exit_code == 0
    for head in (project.commit, big.commit):
        assert (await project.client.take_snapshot(project.request_id(), project.task_id, head)).store_path


async def test_what_came_after_a_clean_snapshot_is_searched_and_refused_each_time(project: Project) -> None:
    clean = await commit(project, "", WholeFile("a.py", "x = 1\n"))
    for _ in range(2):
        assert (await project.client.take_snapshot(project.request_id(), project.task_id, clean)).store_path
    head = await commit(project, clean, WholeFile("b.py", f"t = '{github_token()}'\n"))
    assert await refusal(project, head) == await refusal(project, head)
    assert "b.py:1 GitHub Token" in await refusal(project, head)
