from pathlib import Path

import pytest

from octrad.foundation.errors import ExhaustedError, InvalidRequestError
from octrad.foundation.process import CommandFailedError
from octrad.runner.server.trees.commit_branch import commit_message
from octrad.runner.server.trees.git import (
    Repository,
    git_argv,
    git_environment,
    printable_path,
    raise_if_disk_is_full,
    split_paths,
)
from octrad.runner.server.trees.import_bundle import head_of


def test_no_configuration_but_ours_reaches_git() -> None:
    inherited = {"PATH": "/p", "GIT_CONFIG_COUNT": "1", "GIT_SSH_COMMAND": "evil", "HOME": "/root", "GIT_DIR": "/other"}
    environment = git_environment(Repository(Path("/g")), inherited)
    assert environment["PATH"] == "/p"
    assert environment["GIT_DIR"] == "/g"
    assert environment["HOME"] == "/var/empty"
    assert environment["GIT_CONFIG_NOSYSTEM"] == "1"
    assert environment["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert not {"GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "GIT_WORK_TREE", "GIT_INDEX_FILE"} & environment.keys()


def test_settings_that_run_programs_are_off() -> None:
    argv = git_argv(("status",))
    assert argv[0] == "git"
    assert {"core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null"} <= set(argv)
    assert argv[-1] == "status"


def test_a_full_disk_is_told_from_other_failures() -> None:
    raise_if_disk_is_full(CommandFailedError(["git"], None, 128, "fatal: bad object"))
    with pytest.raises(ExhaustedError):
        raise_if_disk_is_full(CommandFailedError(["git"], None, 128, "error: write: No space left on device"))


def test_paths_that_are_not_utf8_can_be_printed() -> None:
    assert printable_path(b"a\xff/b") == "a\\xff/b"
    assert split_paths("a b\0ü\n\0".encode()) == ("a b", "ü\n")


@pytest.mark.parametrize(
    ("subject", "message"),
    [("Add x", b"Add x\n"), ("", b"Change files\n"), ("a\nb\0c\r\n", b"a b c\n"), ("x" * 900, b"x" * 500 + b"\n")],
)
def test_a_subject_is_one_line(subject: str, message: bytes) -> None:
    assert commit_message(subject) == message


def test_a_bundle_goes_on_from_head_or_from_its_only_branch() -> None:
    assert head_of(["1 refs/heads/a", "1 HEAD"]) == "HEAD"
    assert head_of(["1 refs/heads/a", "2 refs/tags/v1"]) == "refs/heads/a"
    with pytest.raises(InvalidRequestError, match="no HEAD"):
        head_of(["1 refs/heads/a", "2 refs/heads/b"])
