"""What a command leaves behind for whoever comes after it: the next step, git, Nix, a snapshot. Nothing of it acts."""

import os
import stat
from pathlib import Path

import pytest

from octrad.runner.client import RunnerClient
from octrad.runner.operations import EmptySource
from tests.integration.runner.conftest import STACK, Project

TOOLS = "export PATH=$PATH:/usr/bin:/usr/sbin; "
MARK = "/tmp/octra-left"


def is_marked() -> bool:
    """Whether something ran on the host that a command had left there to be run."""
    return os.path.lexists(MARK)


@pytest.fixture
async def flaked(project: Project) -> Project:
    """The project with a flake of Octra's, as a task has it when its commands begin."""
    built = await project.client.build_environment(
        project.request_id("environment"), project.task_id, project.commit, title="Left", stack=STACK
    )
    return Project(project.client, project.place, project.task_id, built.commit)


@pytest.mark.parametrize(
    "leave",
    [
        "for f in .bashrc .bash_profile .profile .bash_login; do echo 'echo evil' | tee ~/$f > $f; done",
        "for d in . bin ~/bin ~/.local/bin; do mkdir -p $d; echo 'echo evil' > $d/ls; chmod +x $d/ls; done",
        "echo 'echo evil' > /tmp/env; export BASH_ENV=/tmp/env ENV=/tmp/env PROMPT_COMMAND='echo evil'",
        "(while sleep 0.1; do echo evil >> evil; done) & disown",
        "mkdir -p ~/.config/git; printf '[core]\\nfsmonitor = echo evil\\n' | tee ~/.gitconfig > ~/.config/git/config",
    ],
)
async def test_next_step_does_not_run_what_was_left(project: Project, leave: str) -> None:
    left = await project.run(TOOLS + leave, commit_subject="Leave")
    result = await project.run("ls; cat evil", commit=left.commit)
    assert "evil" not in result.head.replace("cat: evil: No such file", "")


async def test_flake_that_a_command_rewrites_stays_as_it_was(flaked: Project) -> None:
    evil = '{ outputs = _: { evil = builtins.readFile "/etc/shadow"; }; }'
    result = await flaked.run(f"echo '{evil}' > flake.nix; echo '{{}}' > flake.lock; touch x", commit_subject="Poison")
    assert result.paths == ("x",)
    assert "evil" not in (await flaked.run("cat flake.nix flake.lock", commit=result.commit)).head


async def test_filters_and_hooks_that_a_command_names_are_not_run(project: Project) -> None:
    assert not is_marked()
    config = (
        f'[filter "evil"]\\n\\tclean = touch {MARK}\\n[core]\\n\\thooksPath = hooks\\n\\tfsmonitor = touch {MARK}\\n'
    )
    make = (
        f"mkdir -p .git/info hooks; printf '{config}' > .git/config; echo '* filter=evil' > .gitattributes; "
        f"cp .gitattributes .git/info/attributes; printf '#!/bin/sh\\ntouch {MARK}\\n' > hooks/post-commit; "
        "chmod +x hooks/post-commit; echo 'gitdir: /tmp' > .git/gitdir"
    )
    result = await project.run(make, commit_subject="Filter")
    assert set(result.paths) == {".gitattributes", "hooks/post-commit"}
    await project.run("cat .gitattributes", commit=result.commit)
    assert not is_marked()


async def test_repository_as_a_file_is_removed(project: Project) -> None:
    result = await project.run("echo 'gitdir: /tmp/evil' > .git; touch x", commit_subject="Link")
    assert result.paths == ("x",)
    assert (await project.run("ls -A", commit=result.commit)).head == "x\n"


async def test_what_is_no_file_is_left_out(project: Project) -> None:
    make = TOOLS + "mkfifo fifo; python3 -c 'import socket; socket.socket(1).bind(\"socket\")'; touch x"
    assert (await project.run(make, commit_subject="Fifo")).paths == ("x",)


async def test_names_of_any_bytes_are_kept_and_told(project: Project) -> None:
    result = await project.run("touch 'a\nb' ./--help $'\\xff' '$(touch evil)' ' '", commit_subject="Names")
    assert len(result.paths) == 5
    listed = await project.run("ls -A | wc -l; test -e evil", commit=result.commit)
    assert (listed.exit_code, listed.head) == (1, "6\n")  # one of the names has two lines


async def test_links_out_of_the_tree_lead_nowhere_in_a_snapshot(project: Project, client: RunnerClient) -> None:
    make = "ln -s /etc/shadow shadow; ln -s / root; ln -s ../../../../.. up; touch plain; chmod 6777 plain"
    result = await project.run(make, commit_subject="Link")
    taken = await client.take_snapshot(project.request_id("snapshot"), project.task_id, result.commit)
    tree = Path(taken.store_path)
    assert [str((tree / name).readlink()) for name in ("shadow", "root", "up")] == [
        "/etc/shadow",
        "/",
        "../../../../..",
    ]
    mode = (tree / "plain").lstat().st_mode
    assert (stat.S_IMODE(mode) & 0o7222, bool(mode & stat.S_IXUSR)) == (0, True)


async def test_another_task_sees_nothing_of_it(project: Project, client: RunnerClient) -> None:
    await project.run("echo evil > ../evil; echo evil > /tmp/evil; echo evil > /dev/shm/evil; touch evil")
    other_id = f"{project.task_id}b"
    created = await client.create_tree(f"{other_id}/prepare/#1", other_id, EmptySource())
    other = Project(client, project.place, other_id, created.commit)
    assert (await other.run("ls -A . .. /tmp /dev/shm | grep evil")).exit_code == 1
    await client.remove_tree(f"{other_id}/remove/#1", other_id)


async def test_stopped_init_of_the_sandbox_is_ended_in_time(project: Project) -> None:
    result = await project.run(TOOLS + "kill -STOP 1; kill -STOP -1; sleep 60", timeout_s=1)
    assert not result.succeeded
    assert result.duration_ms < 5000
    assert (await project.run("echo fine")).head == "fine\n"


async def test_line_without_end_is_ended_as_output_without_end_is(project: Project) -> None:
    result = await project.run("tr '\\0' x < /dev/zero")
    assert (result.limit, result.output_bytes) == ("output", 2_000_000)
