import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octrad.foundation.errors import CancelledByCallerError, InvalidRequestError, NotFoundError
from octrad.runner.client import RunnerClient
from octrad.runner.edits import Edit, Removal, Replacement, WholeFile
from octrad.runner.failures import SnapshotDamagedError
from octrad.runner.operations import BundleSource, Command, Progress, SnapshotSource, TreePlace
from octrad.runner.reading import DiffSide
from tests.integration.runner.conftest import STACK, Project


def exists(path: str) -> bool:
    """Whether anything is there, if only a link."""
    return os.path.lexists(path)


def is_running(command_line: str) -> bool:
    """Whether a process with this command line is alive, in whatever namespace."""
    return any(
        path.read_bytes().replace(b"\0", b" ").strip() == command_line.encode()
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )


async def collect(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def test_edits_are_committed_and_read_back(project: Project) -> None:
    edits = [WholeFile("src/main.py", "print('hello')\n"), WholeFile("run", "#!/bin/sh\n", executable=True)]
    applied = await project.client.apply_edits(project.request_id(), project.main(), edits, subject="Begin")
    assert applied.refusals == ()
    assert set(applied.paths) == {"src/main.py", "run"}
    entries = await project.client.list_files(project.task_id, applied.commit)
    assert {(entry.path, entry.kind) for entry in entries} == {("src/main.py", "file"), ("run", "executable")}
    changes: list[Edit] = [Replacement("src/main.py", "hello", "bye"), Removal("run")]
    again = await project.client.apply_edits(project.request_id(), project.main(applied.commit), changes, subject="Go")
    (file,) = await project.client.read_files(project.task_id, again.commit, ["src/main.py"], limit_bytes=1000)
    assert file.content == "print('bye')\n"
    diff = await collect(
        project.client.diff(DiffSide(applied.commit, project.task_id), DiffSide(again.commit, project.task_id))
    )
    assert b"+print('bye')" in diff


async def test_refused_edits_change_nothing_and_say_why(project: Project) -> None:
    edits = [WholeFile("good.txt", "x"), WholeFile("../../etc/passwd", "x"), WholeFile(".git/hooks/post-commit", "x")]
    applied = await project.client.apply_edits(project.request_id(), project.main(), edits, subject="Evil")
    assert applied.commit == project.commit
    assert len(applied.refusals) == 2
    assert await project.client.list_files(project.task_id, applied.commit) == ()


async def test_edit_through_a_link_that_a_command_made_is_refused(project: Project) -> None:
    made = await project.run("ln -s /etc etc; ln -s ../../../.. up", commit_subject="Link")
    edits = [WholeFile("etc/octra-canary", "x"), WholeFile("up/octra-canary", "x")]
    applied = await project.client.apply_edits(project.request_id(), project.main(made.commit), edits, subject="Evil")
    assert len(applied.refusals) == 2
    assert not exists("/etc/octra-canary")


async def test_hundred_megabytes_are_refused_without_being_sent(project: Project) -> None:
    edits = [WholeFile("big", "x" * 100_000_000)]
    applied = await project.client.apply_edits(project.request_id(), project.main(), edits, subject="Big")
    assert "at most" in applied.refusals[0]


async def test_packages_are_looked_up_once_for_an_id(project: Project) -> None:
    names, request_id = ["git", "nosuchthing", "${builtins.currentTime}", "a;b", "../"], project.request_id()
    checked = await project.client.check_packages(request_id, project.task_id, project.commit, names)
    assert [found.attribute for found in checked.packages] == names
    assert [bool(found.fault) for found in checked.packages] == [False, True, True, True, True]
    assert not checked.users_flake
    assert await project.client.check_packages(request_id, project.task_id, project.commit, names) == checked
    with pytest.raises(NotFoundError):
        await project.client.check_packages(project.request_id(), "bnowhere", project.commit, names)


async def test_command_runs_in_the_environment_and_its_changes_are_committed(project: Project) -> None:
    result = await project.run("python3 -c 'print(6*7)' | tee answer; pwd", commit_subject="Compute")
    assert (result.exit_code, result.limit, result.head, result.tail) == (0, "", "42\n/project\n", "")
    assert result.paths == ("answer",)
    assert result.commit != project.commit
    (file,) = await project.client.read_files(project.task_id, result.commit, ["answer"], limit_bytes=100)
    assert file.content == "42\n"


async def test_failing_command_is_a_result_and_commits_nothing(project: Project) -> None:
    result = await project.run("touch x; echo no >&2; exit 3", commit_subject="Fail")
    assert (result.exit_code, result.succeeded, result.head, result.commit) == (3, False, "no\n", project.commit)
    clean = await project.run("ls")
    assert clean.head == ""
    assert clean.tree_hash == result.tree_hash


async def test_output_comes_while_the_command_runs_and_is_kept_whole(project: Project) -> None:
    seen: list[Progress] = []
    first = asyncio.Event()

    async def listen(progress: Progress) -> None:
        seen.append(progress)
        first.set()

    command = "echo begin; until test -e go; do sleep 0.02; done; printf '\\033[31mred\\033[0m\\0\\377\\n'; seq 100000"
    request_id = project.request_id("talk")
    asked = Command(command, project.place.environment_hash)
    running = asyncio.create_task(project.client.run_command(request_id, project.main(), asked, on_output=listen))
    await asyncio.wait_for(first.wait(), 10)
    assert seen[0].text == "begin\n"
    (project.work_dir / "go").touch()
    result = await running
    assert result.head.startswith("begin\nred\ufffd\n1\n2\n")
    assert result.tail.endswith("\n99999\n100000\n")
    assert len(result.head) == len(result.tail) == 5000
    whole, offset, complete = b"", 0, False
    while not complete:
        part = await project.client.read_output(request_id.removesuffix("/#1"), offset=offset)
        whole, offset, complete = whole + part.chunk, part.next_offset, part.complete
    assert len(whole) == result.output_bytes
    assert whole.startswith(b"begin\n\x1b[31mred\x1b[0m\0\xff\n1\n")
    texts = "".join(progress.text for progress in seen)
    assert "\x1b" not in texts
    assert "\0" not in texts
    assert len(texts.encode()) + sum(p.skipped_bytes for p in seen) == len(
        (result.head.split("1\n")[0] + "".join(f"{n}\n" for n in range(1, 100001))).encode()
    )


async def test_same_id_gives_the_same_result_without_running_again(project: Project) -> None:
    request_id = project.request_id("once")
    asked = Command("date +%N", project.place.environment_hash)
    results = [await project.client.run_command(request_id, project.main(), asked) for _ in range(3)]
    assert results[0] == results[1] == results[2]
    await project.client.acknowledge(request_id)
    assert (await project.client.run_command(request_id, project.main(), asked)).head != results[0].head


async def test_commands_wait_for_a_slot_and_say_so(project: Project) -> None:
    remarks: list[str] = []
    branches = [f"worker-{number}" for number in range(3)]

    async def listen(progress: Progress) -> None:
        if progress.is_remark:
            remarks.append(progress.text)
            for branch in branches:
                (project.work_dir.with_name(branch) / "go").touch()

    async def run(branch: str) -> int:
        place = TreePlace(project.task_id, branch, project.commit)
        asked = Command("until test -e go; do sleep 0.02; done", project.place.environment_hash)
        request_id = project.request_id(branch)
        return (await project.client.run_command(request_id, place, asked, on_output=listen)).exit_code

    assert await asyncio.gather(*map(run, branches)) == [0, 0, 0]
    assert remarks == ["waiting: 2 commands run already"]


async def test_branches_are_merged_and_conflicts_are_a_result(project: Project) -> None:
    place = TreePlace(project.task_id, "backend-1", project.commit)
    ours = await project.client.apply_edits(
        project.request_id(), project.main(), [WholeFile("a", "main\n")], subject="Main"
    )
    theirs = await project.client.apply_edits(project.request_id(), place, [WholeFile("b", "x\n")], subject="Side")
    side = TreePlace(project.task_id, "backend-1", theirs.commit)
    merged = await project.client.merge_branch(
        project.request_id(), side, main_commit=ours.commit, subject="Merge backend-1"
    )
    assert (merged.conflicts, merged.paths) == ((), ("b",))
    clash = await project.client.apply_edits(project.request_id(), place, [WholeFile("a", "side\n")], subject="Clash")
    refused = await project.client.merge_branch(
        project.request_id(),
        TreePlace(project.task_id, "backend-1", clash.commit),
        main_commit=merged.commit,
        subject="Merge again",
    )
    assert (refused.commit, refused.conflicts) == (merged.commit, ("a",))


async def test_snapshot_is_taken_verified_and_begun_from(project: Project) -> None:
    applied = await project.client.apply_edits(
        project.request_id(), project.main(), [WholeFile("a", "x\n")], subject="Write"
    )
    snapshot = await project.client.take_snapshot(project.request_id(), project.task_id, applied.commit)
    await project.client.verify_snapshot(snapshot.store_path, snapshot.nar_hash)
    assert (await collect(project.client.read_snapshot(snapshot.store_path))).startswith(
        b"\x0d\0\0\0\0\0\0\0nix-archive-1"
    )
    again = await project.client.take_snapshot(project.request_id(), project.task_id, applied.commit)
    assert (again.store_path, again.unchanged) == (snapshot.store_path, True)
    created = await project.client.create_tree(project.request_id(), "bnext", SnapshotSource(snapshot.store_path))
    assert created.paths == ("a",)
    await project.client.remove_tree(project.request_id(), "bnext")
    with pytest.raises(SnapshotDamagedError):
        await project.client.verify_snapshot(snapshot.store_path, "sha256:" + "0" * 64)


async def begin_from_repository(project: Project, directory: Path) -> str:
    """Makes a repository of a directory's files, as a user would, and begins the tree from it."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True, timeout=20)

    git("init", "-q", ".")
    git("add", "-A")
    git("commit", "-qm", "Theirs")
    git("bundle", "create", "b.bundle", "HEAD", "main")

    async def chunks() -> AsyncIterator[bytes]:
        content = (directory / "b.bundle").read_bytes()
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    imported = await project.client.import_bundle(chunks())
    created = await project.client.create_tree(project.request_id(), project.task_id, BundleSource(imported.bundle_id))
    assert created.base_commit == created.commit
    return created.commit


async def test_bundle_is_imported_and_begun_from(project: Project, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("x")
    commit = await begin_from_repository(project, tmp_path)
    assert [file.path for file in await project.client.list_files(project.task_id, commit)] == ["theirs"]
    snapshot = await project.client.take_snapshot(project.request_id(), project.task_id, commit)
    assert (await collect(project.client.read_bundle(snapshot.store_path))).startswith(b"# v")


async def test_what_is_no_bundle_is_refused(client: RunnerClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"rubbish"

    with pytest.raises(InvalidRequestError):
        await client.import_bundle(chunks())


async def test_unknown_tree_commit_environment_and_output_are_not_found(project: Project) -> None:
    with pytest.raises(NotFoundError):
        await project.client.list_files("bnone", project.commit)
    with pytest.raises(NotFoundError):
        await project.run("true", commit="1" * 40)
    asked = Command("true", "0" * 64)
    with pytest.raises(NotFoundError):
        await project.client.run_command(project.request_id(), project.main(), asked)
    with pytest.raises(NotFoundError):
        await project.client.read_output("bnone/step")


@pytest.mark.parametrize("command", ["", "  \n", "a\0b", "x" * 200_000])
async def test_command_that_cannot_be_run_is_refused(project: Project, command: str) -> None:
    with pytest.raises(InvalidRequestError):
        await project.run(command)


@pytest.mark.parametrize(
    ("command", "exit_code", "head"),
    [
        ("no-such-program", 127, "bash: line 1: no-such-program: command not found"),
        ("if", 2, "syntax error"),
        ("# nothing", 0, ""),
        ("kill -TERM $$", 143, ""),
        ("cat", 0, ""),
        ("printf 'a\nb' | while read -r x; do echo \"<$x>\"; done", 0, "<a>"),
        ("sh -c 'echo $0'; /usr/bin/env true", 0, "sh"),
    ],
)
async def test_command_ends_as_in_any_shell(project: Project, command: str, exit_code: int, head: str) -> None:
    result = await project.run(command)
    assert result.exit_code == exit_code
    assert head in result.head


async def test_shell_hook_of_a_repository_of_its_own_flake_is_run(project: Project, tmp_path: Path) -> None:
    (tmp_path / "flake.nix").write_text("""{ outputs = { self, nixpkgs }: {
      devShells.x86_64-linux.default = let pkgs = nixpkgs.legacyPackages.x86_64-linux; in
        pkgs.mkShell { packages = [ pkgs.python3 ]; shellHook = "export HOOKED=yes"; };
    }; }""")
    commit = await begin_from_repository(project, tmp_path)
    built = await project.client.build_environment(
        project.request_id(), project.task_id, commit, title="Theirs", stack=STACK
    )
    assert built.commit == commit
    asked = Command("echo $HOOKED; ulimit -u", built.environment_hash)
    result = await project.client.run_command(project.request_id(), project.main(commit), asked)
    assert result.head == "yes\n64\n"


async def test_flake_that_a_command_writes_is_neither_committed_nor_evaluated(project: Project) -> None:
    write = "echo 'throw 1' > flake.nix; mkdir flake.lock; touch flake.lock/x mine"
    said: list[str] = []

    async def listen(progress: Progress) -> None:
        said.append(progress.text)

    made = await project.run(write, commit_subject="A flake of its own", on_output=listen)
    assert made.paths == ("mine",)
    assert any("flake.nix" in text for text in said)
    built = await project.client.build_environment(
        project.request_id(), project.task_id, made.commit, title="Ours", stack=STACK
    )
    assert built.environment_hash == project.place.environment_hash


async def test_cancelled_command_is_gone_within_two_seconds(project: Project) -> None:
    started = asyncio.Event()

    async def listen(_: Progress) -> None:
        started.set()

    asked = Command(
        "trap '' TERM INT; (/usr/bin/setsid sleep 4242 &) ; echo on; sleep 4242", project.place.environment_hash
    )
    running = asyncio.create_task(
        project.client.run_command(project.request_id("long"), project.main(), asked, on_output=listen)
    )
    await asyncio.wait_for(started.wait(), 10)
    async with asyncio.timeout(2):
        assert await project.client.cancel(f"{project.task_id}/long") == 1
        assert not is_running("sleep 4242")
    with pytest.raises(CancelledByCallerError):
        await running


async def test_host_is_inspected(client: RunnerClient) -> None:
    report = await client.inspect_host()
    assert {"git", "bubblewrap", "sandbox"} <= {finding.name for finding in report.findings}
    assert [finding for finding in report.findings if not finding.ok] == []
    assert report.stand_in
    assert report.nix_version


async def test_command_may_open_its_outputs_by_name(project: Project) -> None:
    # As many a script does. It runs under another uid than the runner, whose pipe this is.
    result = await project.run("echo one | tee /dev/stderr >/dev/null; echo two >/dev/stdout")
    assert (result.exit_code, result.head) == (0, "one\ntwo\n")
