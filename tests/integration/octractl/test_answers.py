import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from octractl.exit_codes import ExitCode
from tests.integration.octractl.conftest import Octractl
from tests.integration.octractl.daemon import TASK, Daemon


def test_refusal_names_the_field_and_the_hint(daemon: Daemon, octractl: Octractl) -> None:
    done = octractl("submit", "-", stdin="")
    assert daemon.tasks.submitted[0].request_id
    assert done.returncode == ExitCode.DATA
    assert done.stderr == "error: request: it is empty\nhint: say what to build\n"


def test_unknown_task_exits_66(daemon: Daemon, octractl: Octractl) -> None:
    assert daemon.tasks.task.id == TASK
    done = octractl("show", "nope")
    assert (done.returncode, done.stderr) == (66, "error: no task `nope`\nhint: octractl list\n")


def test_call_that_the_daemon_does_not_know_exits_76(daemon: Daemon, octractl: Octractl) -> None:
    assert daemon.socket.exists()
    done = octractl("why", TASK)
    assert done.returncode == ExitCode.PROTOCOL
    assert "octractl version" in done.stderr


def test_without_a_daemon_the_hint_starts_it(octractl: Octractl, tmp_path: Path) -> None:
    done = octractl("list")
    assert done.returncode == ExitCode.UNAVAILABLE
    assert f"hint: start it: octrad serve --state-dir {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_socket_that_nobody_answers_on(daemon: Daemon, octractl: Octractl) -> None:
    done = octractl("version")
    assert (done.returncode, done.stdout.splitlines()[1]) == (0, "octrad 9.9.9")
    daemon.stop()
    done = octractl("version")
    assert done.returncode == ExitCode.UNAVAILABLE
    assert done.stdout.startswith("octractl ")


def test_debug_shows_the_traceback(octractl: Octractl) -> None:
    assert "Traceback" in octractl("--debug", "list").stderr


@pytest.mark.parametrize(("limit", "pages"), [(3, [3]), (250, [200, 50]), (0, [200, 200, 200])])
def test_list_reads_as_many_pages_as_it_must(daemon: Daemon, octractl: Octractl, limit: int, pages: list[int]) -> None:
    done = octractl("list", "--limit", str(limit), "--json")
    assert daemon.tasks.listed == pages
    assert len(json.loads(done.stdout)["tasks"]) == (limit or 600)


def test_list_neutralises_a_title(daemon: Daemon, octractl: Octractl) -> None:
    assert "\x1b" in daemon.tasks.task.title
    done = octractl("list", "--limit", "1")
    assert "A \\x1b[2Jtodo list" in done.stdout
    assert "\x1b" not in done.stdout


def test_log_of_a_step_is_printed_byte_for_byte(daemon: Daemon, octractl: Octractl) -> None:
    daemon.tasks.log = b"line 1\n\x1b[31mred\x1b[0m\nthe end, without a newline"
    done = octractl("logs", TASK, "--step", "check/1/1")
    assert done.stdout == daemon.tasks.log.decode()


def test_reader_that_goes_away_is_no_error(daemon: Daemon, tmp_path: Path) -> None:
    line = f"{sys.executable} -m octractl --socket {daemon.socket} list --limit 0 --json | head -n 1"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_completion_names_commands_and_tasks(daemon: Daemon, octractl: Octractl) -> None:
    assert "_OCTRACTL_COMPLETE" in octractl("completion", "fish").stdout
    assert daemon.socket.exists()


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["show", TASK[:3]], [f"plain,{TASK}"]),
        (["submit", "x", "--pri"], ["plain,--priority"]),
        (["submit", "x", "--stack", ""], []),  # this daemon does not know the call
        (["he"], ["plain,help"]),
    ],
)
def test_shell_completes_what_the_daemon_knows(
    daemon: Daemon, tmp_path: Path, words: list[str], completed: list[str]
) -> None:
    environment = os.environ | {
        "OCTRA_SOCKET": str(daemon.socket),
        "_OCTRACTL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["octractl", *words]),
        "COMP_CWORD": str(len(words)),
    }
    argv = [sys.executable, "-m", "octractl"]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    # The daemon of these tests lists one task many times; each id is offered once.
    assert (done.stdout.split(), done.stderr) == (completed, "")


def test_usage_errors_exit_2(octractl: Octractl) -> None:
    done = octractl("list", "--state", "sleeping")
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.startswith("error: ")
    assert "hint: octractl list --help" in done.stderr


def test_without_a_command_the_help_is_shown_without_an_error(octractl: Octractl) -> None:
    done = octractl()
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert done.stderr.startswith("Usage: octractl")
    assert "Exit codes:" in done.stderr


@pytest.mark.parametrize("arguments", [("help",), ("help", "submit"), ("help", "logs")])
def test_help_is_a_command_too(octractl: Octractl, arguments: tuple[str, ...]) -> None:
    assert octractl(*arguments).stdout == octractl(*arguments[1:], "--help").stdout


def test_every_command_is_said_in_a_whole_line(octractl: Octractl) -> None:
    commands = octractl("help").stdout.partition("Have something built:")[2].partition("To begin:")[0]
    assert "..." not in commands


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("submti", "x"), "did you mean `octractl submit`?"),
        (("frobnicate",), "`octractl help` shows the commands"),
        (("list", "--socket", "x"), "it stands before the command: octractl --socket … list"),
        (("submit", "a", "todo"), 'put the whole request in quotes: octractl submit "…"'),
    ],
)
def test_mistyped_command_line_is_answered_with_the_right_one(
    octractl: Octractl, arguments: tuple[str, ...], hint: str
) -> None:
    done = octractl(*arguments)
    assert (done.returncode, done.stderr.splitlines()[1]) == (ExitCode.USAGE, f"hint: {hint}")
