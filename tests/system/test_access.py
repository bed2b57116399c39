"""Who may do what is known by the kernel's word for the caller, and a refusal says why."""

import pytest

from octractl.exit_codes import ExitCode
from tests.system.service import Service

STATE = ("/var/lib/octra", "/var/lib/octra-gateway", "/var/lib/octra-runner")
# Begins to speak HTTP/2 and says whether anybody speaks it too.
SAY_HELLO = r"""
import socket, sys
peer = socket.socket(socket.AF_UNIX)
try:
    peer.connect(sys.argv[1])
    peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
    print("an answer" if peer.recv(1) else "nothing")
except OSError:
    print("nothing")
"""


def assert_refused(service: Service, user: str, *arguments: str, saying: str) -> None:
    said = service.octractl(*arguments, user=user)
    assert said.exit_code == ExitCode.NO_PERMISSION, said
    assert said.stderr.startswith("error: "), said.stderr
    assert "hint: " in said.stderr, said.stderr
    assert saying in said.stderr, said.stderr


@pytest.mark.parametrize("command", [("status",), ("list",), ("submit", "anything", "--detach")])
def test_a_user_without_a_role_is_refused(service: Service, command: tuple[str, ...]) -> None:
    assert_refused(service, "mallory", *command, saying="mallory")


def test_a_viewer_sees_and_may_not_act(service: Service) -> None:
    task = service.submit("quick")
    assert service.must("show", task, user="victor").stdout
    assert_refused(service, "victor", "submit", "anything", "--detach", saying="member")
    assert_refused(service, "victor", "cancel", task, saying="victor")
    assert service.wait(task)["state"] == "TASK_STATE_DONE"


def test_a_member_may_not_touch_the_task_of_another_and_an_admin_may(service: Service) -> None:
    task = service.submit("slow")
    assert_refused(service, "bob", "cancel", task, saying="bob")
    service.must("cancel", task, "--reason", "no longer wanted", user="ada")
    assert service.wait(task)["state"] == "TASK_STATE_CANCELLED"


@pytest.mark.parametrize("socket", ["/run/octra-gateway/gateway.sock", "/run/octra-runner/runner.sock"])
def test_servants_answer_octrad_and_no_person(service: Service, socket: str) -> None:
    """Members of the group may open the socket; what stands behind it lets only octrad and root in."""

    def answer(user: str) -> str:
        return service.machine.run("python3", "-c", SAY_HELLO, socket, user=user).stdout.strip()

    assert {user: answer(user) for user in ("alice", "ada", "mallory", "postgres")} == dict.fromkeys(
        ("alice", "ada", "mallory", "postgres"), "nothing"
    )
    assert {user: answer(user) for user in ("octra", "root")} == dict.fromkeys(("octra", "root"), "an answer")


@pytest.mark.parametrize("role", ["owner", "member"])
def test_a_name_in_the_environment_or_a_user_namespace_is_no_identity(service: Service, role: str) -> None:
    """What a process says of itself, its mapped root included, is not what the kernel says of it."""
    forged = ["env", "USER=root", "LOGNAME=root", "SUDO_USER=octra", f"OCTRA_ROLE={role}"]
    said = service.machine.run(*forged, "unshare", "--user", "--map-root-user", "octractl", "list", user="mallory")
    assert said.exit_code == ExitCode.NO_PERMISSION, said


@pytest.mark.parametrize("user", ["alice", "mallory"])
def test_state_and_database_are_closed_to_people(service: Service, user: str) -> None:
    """Of octrad's directory members of its group may know what is in it, and read nothing."""
    open_to_them = service.machine.run("find", *STATE, "-mindepth", "1", "-readable", user=user).stdout
    assert open_to_them == ""
    assert service.machine.run("psql", "octra", user=user).exit_code != 0


def test_what_stands_behind_the_door_is_reached_through_it_alone(service: Service) -> None:
    """The sockets of gRPC itself, by which one could be whom one says one is."""
    sockets = service.machine.must("find", *STATE, "-type", "s").splitlines()
    assert sockets
    for socket in sockets:
        for user in ("alice", "mallory", "postgres"):
            said = service.machine.run("python3", "-c", SAY_HELLO, socket, user=user)
            assert said.stdout.strip() == "nothing", (socket, user)


def test_an_acting_call_is_in_the_audit_log(service: Service) -> None:
    task = service.submit("quick")
    assert service.wait(task)["state"] == "TASK_STATE_DONE"
    uid = service.machine.must("id", "--user", "alice")
    entries = service.machine.journal("OCTRA_USER=alice", f"OCTRA_UID={uid}")
    assert any("Submit" in str(entry.get("OCTRA_METHOD")) for entry in entries), entries[-3:]
