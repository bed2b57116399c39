"""Users, roles and quotas as people meet them: octractl, started by one user of the machine and then by another."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest

from octra_proto.v1 import access_pb2, access_pb2_grpc
from octrad.foundation.door.front_door import CONNECTIONS_OF_ONE
from tests.as_user import as_user
from tests.daemon import ROOT, House, Rehearsal, Said, config_for, house

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users"),
    pytest.mark.timeout(180),
]

ACCESS = """
[access.viewer]
groups = ["games"]
[access.member]
users = ["daemon", "backup"]
[access.admin]
users = ["www-data"]
[quotas]
tasks_at_once = 3
[quotas.users.backup]
tasks_a_day = 1
"""


@dataclass(frozen=True, slots=True)
class User:
    """A user of the machine, as Debian numbers them."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


ROOT_USER = User(0, 0)
VIEWER = User(65534, 65534, (60,))
MEMBER = User(1, 1)
OTHER_MEMBER = User(34, 34)
ADMIN = User(33, 33)
OUTSIDER = User(65534, 65534)


@pytest.fixture(scope="module")
def shared(rehearsal: Rehearsal) -> Iterator[House]:
    """An octrad whose socket everybody may open, so that roles alone decide."""
    with house(config_for(rehearsal, "slow", extra=ACCESS)) as running:
        for path, mode in ((running.base, 0o755), (running.state_dir, 0o755), (running.socket, 0o666)):
            path.chmod(mode)
        yield running


def run_as(user: User, running: House, *arguments: str) -> Said:
    who = [] if user.uid == 0 else as_user(user.uid, gid=user.gid, groups=user.groups)
    argv = [*who, sys.executable, "-m", "octractl", "--socket", str(running.socket), *arguments]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return Said(ended.returncode, ended.stdout, ended.stderr)


def must(user: User, running: House, *arguments: str) -> Said:
    said = run_as(user, running, *arguments)
    assert said.exit_code == 0, said
    return said


def submit(user: User, running: House, *more: str) -> str:
    task: str = must(user, running, "submit", "count slowly", "--detach", "--json", *more).json["id"]
    return task


def audit(running: House, *arguments: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = must(ADMIN, running, "audit-log", "--json", "--limit", "0", *arguments).json[
        "events"
    ]
    return events


def test_whoami_tells_role_reason_and_what_it_allows(shared: House) -> None:
    found = must(VIEWER, shared, "whoami", "--json").json
    assert (found["uid"], found["user"], found["role"], found["groups"]) == (65534, "nobody", "viewer", ["games"])
    assert found["reason"] == "by the group games"
    assert "submit tasks" not in found["may"]
    assert must(ROOT_USER, shared, "whoami", "--json").json["role"] == "owner"
    page = must(MEMBER, shared, "whoami").stdout
    assert "daemon (uid 1)" in page
    assert "member, by access.member.users" in page
    assert "cancel tasks of your own" in page
    assert "of 3" in " ".join(page.split()) or "0 3" in " ".join(page.split())


def test_whoever_has_no_role_is_refused_everything_but_that(shared: House) -> None:
    found = must(OUTSIDER, shared, "whoami", "--json").json
    assert (found["role"], found["may"]) == ("", [])
    for command in (["list"], ["status"], ["snapshots"], ["submit", "x", "--detach"], ["show", "k"], ["audit-log"]):
        said = run_as(OUTSIDER, shared, *command)
        assert said.exit_code == 77, command
        assert "nobody (uid 65534) has no role" in said.stderr
        assert "hint: an administrator of octrad can give it" in said.stderr


def test_viewer_reads_and_does_not_submit(shared: House) -> None:
    task = submit(MEMBER, shared)
    assert task in must(VIEWER, shared, "list").stdout
    assert must(VIEWER, shared, "show", task, "--json").json["task"]["id"] == task
    said = run_as(VIEWER, shared, "submit", "a todo list", "--detach")
    assert said.exit_code == 77
    assert "error: you may not submit tasks: it takes the role member" in said.stderr
    assert "nobody (uid 65534) has the role viewer (by the group games)" in said.stderr
    must(MEMBER, shared, "cancel", task)


def test_viewer_audits_models_and_only_a_member_has_keys_used_for_it(shared: House) -> None:
    assert must(VIEWER, shared, "audit", "a tool", "--no-probe", "--json").json["stuck_roles"] == []
    said = run_as(VIEWER, shared, "audit", "a tool")
    assert said.exit_code == 77
    assert "you may not have providers asked with their keys (`--no-probe` leaves that out)" in said.stderr
    must(MEMBER, shared, "audit", "a tool")


def test_member_acts_on_own_tasks_and_not_on_those_of_others(shared: House) -> None:
    own, others = submit(MEMBER, shared), submit(ROOT_USER, shared)
    shown = must(MEMBER, shared, "show", own, "--json").json["task"]
    assert (shown["uid"], shown["user"]) == (1, "daemon")
    assert "user:     daemon" in must(MEMBER, shared, "show", own).stdout
    listed = must(MEMBER, shared, "list").stdout
    assert listed.split("\n")[0].split()[:2] == ["TASK", "USER"]
    for command in ("cancel", "retry"):
        said = run_as(MEMBER, shared, command, others[:6])
        assert said.exit_code == 77, command
        assert f"task {others} is that of root" in said.stderr
    must(MEMBER, shared, "cancel", own)
    assert must(MEMBER, shared, "show", own, "--json").json["task"]["state"] == "TASK_STATE_CANCELLED"
    assert must(MEMBER, shared, "show", others, "--json").json["task"]["state"] != "TASK_STATE_CANCELLED"
    must(ADMIN, shared, "cancel", others)
    assert must(MEMBER, shared, "show", others, "--json").json["task"]["state"] == "TASK_STATE_CANCELLED"
    assert run_as(MEMBER, shared, "audit-log").exit_code == 77


def test_request_id_of_another_user_gives_nothing_away(shared: House) -> None:
    roots = submit(ROOT_USER, shared, "--request-id", "shared-id")
    daemons = submit(MEMBER, shared, "--request-id", "shared-id")
    assert roots != daemons
    assert submit(MEMBER, shared, "--request-id", "shared-id") == daemons
    must(ADMIN, shared, "cancel", roots)
    must(ADMIN, shared, "cancel", daemons)


def test_audit_log_tells_who_was_let_through_and_who_was_refused(shared: House) -> None:
    task = submit(ROOT_USER, shared)
    assert run_as(MEMBER, shared, "cancel", task[:7]).exit_code == 77
    must(ADMIN, shared, "cancel", task)
    told = [(event["user"], event["method"], event["outcome"]) for event in audit(shared, "--task", task)]
    assert told == [
        ("www-data", "octra.v1.TaskService/CancelTask", "allowed"),
        ("daemon", "octra.v1.TaskService/CancelTask", "refused"),
    ]
    submitted = audit(shared, "--user", "root")[0]
    assert (submitted["uid"], submitted["method"]) == (0, "octra.v1.TaskService/SubmitTask")
    assert {event["uid"] for event in audit(shared, "--user", "1")} == {1}
    assert "refused" in must(ADMIN, shared, "audit-log").stdout
    assert f"(uid=1 user=daemon method=octra.v1.TaskService/CancelTask target={task})" in shared.log


def test_whoever_may_do_nothing_cannot_fill_the_audit_log(shared: House) -> None:
    for number in range(3):
        assert run_as(OUTSIDER, shared, "why", f"k{number}").exit_code == 77
    told = [event["target"] for event in audit(shared, "--user", "65534") if event["method"].endswith("/ExplainTask")]
    assert len(told) == 1


def test_quota_refuses_with_a_sentence_and_comes_back(shared: House) -> None:
    tasks = [submit(MEMBER, shared) for _ in range(3)]
    said = run_as(MEMBER, shared, "submit", "one more", "--detach")
    assert said.exit_code == 75
    assert "error: 3 tasks of yours have not ended, and you may have 3 at once" in said.stderr
    assert "hint: wait for one to end" in said.stderr
    used = must(MEMBER, shared, "whoami", "--json").json
    assert (used["usage"]["tasks_at_once"], used["quota"]["tasks_at_once"]) == (3, 3)
    must(MEMBER, shared, "cancel", tasks[0])
    tasks[0] = submit(MEMBER, shared)
    for task in tasks:
        must(ADMIN, shared, "cancel", task)


def test_quota_of_one_user_goes_before_the_general_one(shared: House) -> None:
    task = submit(OTHER_MEMBER, shared)
    must(OTHER_MEMBER, shared, "cancel", task)
    for command in (["submit", "again", "--detach"], ["retry", task, "--detach"]):
        said = run_as(OTHER_MEMBER, shared, *command)
        assert said.exit_code == 75
        assert "you have begun 1 task within 24 hours, and you may begin 1" in said.stderr


def test_socket_that_may_not_be_opened_says_whose_it_is(shared: House) -> None:
    for mode, hint in ((0o660, "to the group root; join that group"), (0o600, "it is open to root alone")):
        shared.socket.chmod(mode)
        try:
            said = run_as(MEMBER, shared, "list")
        finally:
            shared.socket.chmod(0o666)
        assert said.exit_code == 77
        assert "you may not write to" in said.stderr
        assert hint in said.stderr


# Gives up its rights after its imports: an interpreter in a home of root's cannot be started without them.
LOOK = """
import grp, os, pwd, sys
from octractl.errors import OctractlError
from octractl.find_socket import find_socket
os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    find_socket(sys.argv[1])
except OctractlError as error:
    print(int(error.exit_code), error.message, error.hint, sep=chr(10))
"""


def test_directory_that_may_not_be_entered_says_whose_it_is(shared: House) -> None:
    shared.state_dir.chmod(0o750)
    try:
        argv = [sys.executable, "-c", LOOK, str(shared.socket)]
        said = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    finally:
        shared.state_dir.chmod(0o755)
    code, message, hint = said.splitlines()
    assert (code, message) == ("77", f"you may not look at {shared.socket}")
    assert hint == "it is open to root and to the group root; join that group, then log in again"


def test_no_user_can_take_all_descriptors(shared: House) -> None:
    assert shared.process
    limits = Path(f"/proc/{shared.process.pid}/limits").read_text(encoding="ascii")
    soft = next(int(line.split()[3]) for line in limits.splitlines() if line.startswith("Max open files"))
    assert soft >= 4 * 3 * CONNECTIONS_OF_ONE


FORGE = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.bind("\\0octra/0/0/1/1/" + "0" * 32)
try:
    client.connect(sys.argv[1])
except OSError as error:
    print(type(error).__name__)
else:
    print("connected")
"""


def _inner_socket(shared: House) -> Path:
    """Where gRPC itself listens: for as long as somebody calls through the door, and a while longer."""
    shared.must("status")
    (inner,) = (shared.state_dir / "api").iterdir()
    return inner


def test_another_user_cannot_reach_the_inner_socket(shared: House) -> None:
    inner = _inner_socket(shared)
    assert inner.is_socket()
    assert inner.parent.stat().st_mode & 0o777 == 0o700
    argv = [*as_user(MEMBER.uid), sys.executable, "-c", FORGE, str(inner)]
    assert subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout == "PermissionError\n"


async def test_not_even_root_is_somebody_who_comes_around_the_door(shared: House) -> None:
    inner = _inner_socket(shared)
    async with grpc.aio.insecure_channel(f"unix:{inner}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await access_pb2_grpc.AccessServiceStub(channel).WhoAmI(access_pb2.WhoAmIRequest())
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        check: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await check(b"")
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        reflect: Any = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        assert await reflect().code() is grpc.StatusCode.UNAUTHENTICATED
    assert "refused a call that did not come through the front door" in shared.log


def test_change_that_cannot_be_written_into_the_audit_log_does_not_happen(shared: House) -> None:
    task = submit(ROOT_USER, shared)
    dsn = _dsn(shared)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_events RENAME TO gone")
        try:
            said = run_as(ROOT_USER, shared, "cancel", task)
            assert said.exit_code not in (0, 77)
            assert run_as(VIEWER, shared, "cancel", task).exit_code != 0
            listed = must(VIEWER, shared, "show", task, "--json").json["task"]
            assert listed["state"] not in ("TASK_STATE_CANCELLED", "TASK_STATE_FAILED")
        finally:
            connection.execute("ALTER TABLE gone RENAME TO audit_events")
    must(ROOT_USER, shared, "cancel", task)


def _dsn(running: House) -> str:
    """How to reach the private PostgreSQL of a house."""
    lines = (running.state_dir / "postgres" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    return f"host={lines[4]} port={lines[3]} dbname=octra user=octra"


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ('[access.member]\nusers = ["no-such-user"]', "access.member.users"),
        ('[access.viewer]\ngroups = ["no-such-group"]', "access.viewer.groups"),
        ("[quotas.users.no-such-user]\ntasks_at_once = 1", "quotas.users.no-such-user"),
    ],
)
def test_name_that_does_not_exist_is_refused_by_check_and_at_start(tmp_path: Path, section: str, key: str) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text(section, encoding="utf-8")
    places = ("--state-dir", str(tmp_path / "state"), "--config", str(config))
    checked = _octrad("check", "--json", *places)
    findings = {finding["name"]: finding for finding in json.loads(checked.stdout)["findings"]}
    assert not findings["access"]["ok"]
    assert f"`{key}`" in findings["access"]["detail"]
    started = _octrad("serve", *places)
    assert started.exit_code == 78
    assert f"error: `{key}`: this machine has no" in started.stderr


def _octrad(*arguments: str) -> Said:
    argv = [sys.executable, "-m", "octrad", *arguments]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return Said(ended.returncode, ended.stdout, ended.stderr)
