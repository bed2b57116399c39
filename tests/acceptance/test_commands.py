"""Every command of octractl on a task that is over and on one that runs, for people and as JSON."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.small_repository import make_small_repository
from tests.daemon import House, git

# What reads; of a task where TASK stands.
READS = (
    ("list",), ("list", "--state", "done"), ("show", "TASK"), ("logs", "TASK"), ("logs", "TASK", "--role", "boss"),
    ("why", "TASK"), ("diff", "TASK"), ("snapshots",), ("status",), ("models",), ("stacks",), ("version",),
    ("stacks", "rust"), ("guides",), ("guides", "cargo"), ("audit", "a tool"),
    ("audit", "a tool"), ("skills", "list"), ("skills", "search", "slow query"), ("skills", "show", "vpn-mtu"),
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(daemon: House) -> str:
    said = daemon.must("submit", SCENARIOS["python-cli"].request, "--progress", "json", "--project", "commands")
    return str(said.events[-1]["task_id"])


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_read_of_a_finished_task_prints_text_and_json(daemon: House, finished: str, words: tuple[str, ...]) -> None:
    arguments = [finished[:7] if word == "TASK" else word for word in words]
    text = daemon.must(*arguments)
    assert text.stdout.strip()
    assert text.stderr == "", "results are on stdout"
    documents = daemon.must(*arguments, "--json").stdout
    assert parsed(documents)


def parsed(text: str) -> list[object]:
    """One document, or one a line."""
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines()]


@pytest.mark.timeout(120)
def test_every_read_works_on_a_running_task(daemon: House) -> None:
    task = daemon.submit("slow", "--model", "rehearsal/slow")
    with daemon.follow(task) as following:
        following.until_step("command_output", "check/")
        for words in READS:
            arguments = [task if word == "TASK" else word for word in words]
            assert parsed(daemon.must(*arguments, "--json").stdout)
        assert "bash tests/run.sh" in daemon.must("why", task).stdout
        assert daemon.show(task)["task"]["state"] == "TASK_STATE_RUNNING"
        assert daemon.octractl("retry", task).exit_code == 1
        assert daemon.octractl("restore", task).exit_code != 0
        assert daemon.octractl("pull", task).exit_code != 0
        output = daemon.start_octractl("logs", task, "--step", "check/1/1", "--follow")
        assert output.communicate(timeout=60)[0].splitlines()[-1].startswith("second "), "it is followed to its end"
        assert output.returncode == 0
    daemon.must("watch", task, "--progress", "plain")


def test_logs_of_a_step_are_the_whole_output_and_roles_select(daemon: House, finished: str) -> None:
    commands = [step["name"] for step in daemon.show(finished)["steps"] if step["has_log"]]
    assert commands
    assert any(daemon.must("logs", finished, "--step", step).stdout for step in commands)
    roles = {event["role"] for event in parsed(daemon.must("logs", finished, "--role", "boss", "--json").stdout)}  # type: ignore[index] # JSON
    assert roles == {"boss"}
    assert daemon.octractl("logs", finished, "--step", "no/such/step").exit_code == 66


def test_watching_what_is_over_prints_all_and_says_how_it_ended(daemon: House, finished: str) -> None:
    said = daemon.must("watch", finished, "--progress", "json")
    assert [int(event["seq"]) for event in said.events if "seq" in event] == list(
        range(1, int(daemon.show(finished)["task"]["last_seq"]) + 1)
    )
    assert "done" in daemon.must("watch", finished, "--progress", "plain").stdout


def test_submit_from_a_file_and_from_stdin_and_with_a_request_id(daemon: House, tmp_path: Path) -> None:
    (tmp_path / "request.md").write_text("A tool, from a file")
    model = ("--model", "rehearsal/quick", "--detach", "--json")
    by_file = daemon.must("submit", "--file", str(tmp_path / "request.md"), *model).json
    by_stdin = daemon.must("submit", "-", *model, stdin="A tool, from stdin").json
    assert daemon.show(by_file["id"])["task"]["request"] == "A tool, from a file"
    assert daemon.show(by_stdin["id"])["task"]["request"] == "A tool, from stdin"
    once = daemon.submit("A tool", "--model", "rehearsal/quick", "--request-id", "only-once", "--priority", "P1")
    again = daemon.submit("A tool", "--model", "rehearsal/quick", "--request-id", "only-once", "--priority", "P1")
    assert once == again
    for task in (by_file["id"], by_stdin["id"], once):
        daemon.must("cancel", task)


def test_diff_of_two_tasks_shows_what_the_later_one_changed(daemon: House, finished: str, tmp_path: Path) -> None:
    request, repository = SCENARIOS["change-repository"].request, make_small_repository(tmp_path / "repository")
    said = daemon.must(
        "submit", request, "--from", str(repository), "--model", "rehearsal/change-repository", "--progress", "json"
    )
    changed = said.events[-1]["task_id"]
    assert daemon.must("diff", finished, changed).stdout.startswith("diff --git")
    assert daemon.must("diff", finished, finished).stdout == ""


def test_result_is_pulled_as_a_branch_and_restored_by_snapshot(daemon: House, finished: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "mine")], check=True)
    daemon.must("pull", finished, cwd=tmp_path / "mine")
    assert git(tmp_path / "mine", "branch", "--list", f"octra/{finished}")
    snapshots = daemon.must("snapshots", "--project", "commands", "--json").json["snapshots"]
    assert [snapshot["task_id"] for snapshot in snapshots] == [finished]
    daemon.must("restore", snapshots[0]["id"], cwd=tmp_path)
    made = [path for path in tmp_path.iterdir() if path.name != "mine"]
    assert len(made) == 1
    assert git(made[0], "status", "--porcelain") == ""


def test_stacks_are_listed_with_packages_and_one_is_shown_whole(daemon: House) -> None:
    [header, *rows] = daemon.must("stacks").stdout.splitlines()
    assert header.split() == ["STACK", "TITLE", "SCAFFOLD", "YOURS", "PACKAGES"]
    by_name = {row.split()[0]: row for row in rows}
    assert "needs network" in by_name["rails"]
    assert "offline" in by_name["zig"]
    assert by_name["zig"].endswith("zig zls")
    page = daemon.must("stacks", "elm").stdout
    for words in ("elmPackages.elm", "elm-stuff/", "(with the network)", "the files src/Main.elm", "CHECKED WITH"):
        assert words in page
    unknown = daemon.octractl("stacks", "cobol")
    assert unknown.stderr.startswith("error: there is no stack 'cobol'")
    assert "hint: the stacks are bun," in unknown.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(daemon: House, shell: str) -> None:
    script = daemon.must("completion", shell).stdout
    assert "octractl" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_no_daemon_is_said_with_what_to_do(tmp_path: Path) -> None:
    absent = House(tmp_path, "")
    for words in (("list",), ("show", "abc"), ("submit", "a tool"), ("status",)):
        said = absent.octractl(*words)
        assert said.exit_code == 69
        assert said.stderr.startswith("error: octrad is not running")
        assert "hint:" in said.stderr
