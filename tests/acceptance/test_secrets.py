"""A task whose files hold a secret leaves no snapshot, says where and how to go on, and never says the secret."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.soundness import assert_nothing_left
from tests.canaries import github_token, private_key
from tests.daemon import House, Rehearsal, config_for, house

REQUEST = "A script that asks for the newest release"
SECRETS = (github_token(), private_key().splitlines()[1])


def scenario(check: str) -> str:
    """One worker, who writes a token and a private key into the project."""
    files = {
        "ask.sh": f"#!/bin/sh\ncurl -H 'Authorization: Bearer {github_token()}' https://api.example.org\n",
        "deploy/id_ed25519": private_key(),
    }
    plan = {
        "title": "Ask for the newest release",
        "name": "ask",
        "stack": "plain",
        "more_stacks": [],
        "packages": [],
        "brief": "ask.sh asks.",
        "checks": [check],
    }
    answers: dict[str, Any] = {
        "grade": {"grade": 1, "reason": "It is short."},
        "plan": plan,
        "work/builder/1": {
            "summary": "Ask with a token",
            "files": [{"path": path, "content": content, "executable": False} for path, content in files.items()],
            "edits": [],
            "removals": [],
            "packages": [],
        },
        "validate/*": {"approved": True, "reasons": []},
    }
    # What is written as JSON is TOML too, but for tables.
    replies = [f"[[reply]]\nstep = {json.dumps(step)}\n{_table(answer)}" for step, answer in answers.items()]
    return f'title = "A leak"\nrequest = {json.dumps(REQUEST)}\n' + "\n".join(replies)


def _table(answer: dict[str, Any]) -> str:
    return "answer = " + _inline(answer)


def _inline(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key} = {_inline(part)}" for key, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case _:
            return json.dumps(value)


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    directory = tmp_path_factory.mktemp("scenarios")
    (directory / "leak.toml").write_text(scenario("test -f ask.sh"), encoding="utf-8")
    (directory / "slow-leak.toml").write_text(scenario("sleep 60"), encoding="utf-8")
    server = Rehearsal(directory)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def leaking(leaky: Rehearsal) -> Iterator[House]:
    with house(config_for(leaky, "leak")) as started:
        yield started


def snapshots(daemon: House) -> list[Path]:
    runner = daemon.state_dir / "runner"
    return [*(runner / "snapshots").glob("*"), *(runner / "nix" / "store").glob("*-octra-project")]


def assert_refused(daemon: House, task: dict[str, Any]) -> None:
    """The end of a task that has a secret: nothing kept for good, its tree left, and the way on."""
    assert task.get("store_path", "") == ""
    assert "ask.sh:2 GitHub Token; deploy/id_ed25519:1 Private Key" in task["note"]
    assert "left in place" in task["note"]
    assert task["next_command"] == f"octractl retry {task['id']} --allow-secrets"
    assert (daemon.state_dir / "runner" / "trees" / task["id"]).is_dir()
    remarks = [event["remarked"] for event in daemon.events(task["id"]) if "remarked" in event]
    assert any(remark.get("warning") and "ask.sh:2 GitHub Token" in remark["text"] for remark in remarks)


def assert_not_told(daemon: House, task: str) -> None:
    told = [daemon.log, *(str(event) for event in daemon.events(task)), str(daemon.show(task))]
    told += [daemon.must("why", task).stdout, daemon.must("list").stdout]
    told += [log.read_text(errors="replace") for log in daemon.state_dir.rglob("*.log")]
    for secret in SECRETS:
        assert not [text[:200] for text in told if secret in text]


@pytest.mark.timeout(180)
def test_task_that_would_have_been_done_fails_and_is_done_once_a_person_allows_it(
    leaking: House, tmp_path: Path
) -> None:
    before = snapshots(leaking)
    followed = leaking.octractl("submit", REQUEST, "--progress", "json")
    assert followed.exit_code == 1
    task = leaking.show(followed.events[-1]["task_id"])["task"]
    assert task["state"] == "TASK_STATE_FAILED"
    assert_refused(leaking, task)
    assert snapshots(leaking) == before

    assert leaking.octractl("retry", task["id"], "--progress", "plain").exit_code == 1, "asking again allows nothing"
    assert_refused(leaking, leaking.show(task["id"])["task"])

    leaking.must("retry", task["id"], "--allow-secrets", "--progress", "plain")
    done = leaking.show(task["id"])["task"]
    assert done["state"] == "TASK_STATE_DONE"
    assert done["allow_secrets"]
    assert_not_told(leaking, task["id"])
    events = leaking.events(task["id"])
    assert any("secrets allowed" in event.get("state_changed", {}).get("reason", "") for event in events)
    assert any("a person allowed them" in event.get("remarked", {}).get("text", "") for event in events)
    leaking.must("restore", task["id"], str(tmp_path / "restored"))
    assert (tmp_path / "restored" / "deploy" / "id_ed25519").read_text() == private_key()
    assert_nothing_left(leaking, task["id"])


@pytest.mark.timeout(120)
def test_submission_may_allow_it_and_a_fresh_start_forgets_that(leaking: House) -> None:
    done = leaking.wait(leaking.submit(REQUEST, "--allow-secrets"))
    assert (done["state"], done["allow_secrets"]) == ("TASK_STATE_DONE", True)
    failed = leaking.wait(leaking.submit(REQUEST))
    assert failed["state"] == "TASK_STATE_FAILED"
    leaking.must("retry", failed["id"], "--fresh", "--allow-secrets")
    assert leaking.show(failed["id"])["task"]["state"] == "TASK_STATE_DONE"


@pytest.mark.timeout(120)
def test_cancelled_task_stays_cancelled_and_its_partial_work_is_held_to_the_same_rule(leaking: House) -> None:
    before = snapshots(leaking)
    task = leaking.submit(REQUEST, "--model", "rehearsal/slow-leak")
    with leaking.follow(task) as following:
        following.until_step("command_started", "check/")
    leaking.must("cancel", task)
    cancelled = leaking.show(task)["task"]
    assert cancelled["state"] == "TASK_STATE_CANCELLED"
    assert_refused(leaking, cancelled)
    assert snapshots(leaking) == before

    leaking.must("retry", task, "--allow-secrets", "--detach")
    with leaking.follow(task) as following:
        following.until_step("command_started", "check/1")
    leaking.must("cancel", task)
    kept = leaking.show(task)["task"]
    assert kept["state"] == "TASK_STATE_CANCELLED"
    assert kept["store_path"]
    assert_nothing_left(leaking, task)


@pytest.mark.timeout(120)
def test_refused_task_survives_a_restart_and_starts_over(leaking: House) -> None:
    task = leaking.submit(REQUEST)
    with leaking.follow(task) as following:
        following.until_step("step_started", "snapshot/1")
    leaking.kill_servants()
    leaking.kill()
    leaking.start()
    assert_refused(leaking, leaking.wait(task))

    leaking.octractl("retry", task, "--fresh")
    ended = leaking.show(task)["task"]
    assert ended["state"] == "TASK_STATE_FAILED"
    assert_refused(leaking, ended)
    assert_not_told(leaking, task)


@pytest.mark.timeout(120)
def test_configuration_may_allow_secrets_for_all(leaky: Rehearsal) -> None:
    with house(config_for(leaky, "leak", '[snapshots]\nsecrets = "allow"\n')) as daemon:
        done = daemon.wait(daemon.submit(REQUEST))
        assert done["state"] == "TASK_STATE_DONE"
        assert not done.get("allow_secrets")
