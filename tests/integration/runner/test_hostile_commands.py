"""What a command that a model chose may try, and what comes of it. Each goes through the client to a real runner."""

import asyncio
import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from octrad.runner.client import RunnerClient
from octrad.runner.operations import Command, EmptySource, Progress
from octrad.runner.server.sandbox.leave_keyring import leave_keyring
from tests.integration.runner.conftest import Project

CANARY = "canary-5d1c7e"
# The stand-in shows the host's tools: more of them than a project would have.
TOOLS = "export PATH=$PATH:/usr/bin:/usr/sbin; "


def alive(command_line: str) -> bool:
    """Whether a process with this command line is alive, in whatever namespace."""
    wanted = command_line.replace(" ", "\0").encode() + b"\0"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


def exists(path: str) -> bool:
    """Whether anything is there, if only a link."""
    return os.path.lexists(path)


# Finds a key by its name in the keyrings that a process has, and prints what is in it.
READ_KEY = """import ctypes, os
call, number = ctypes.CDLL(None).syscall, {"x86_64": 250, "aarch64": 219}[os.uname().machine]
content = ctypes.create_string_buffer(64)
call(number, 11, call(number, 10, -3, b"user", b"octra-test", 0), content, 64)
print("key", content.value.decode())
"""


def add_key() -> None:
    """Puts the secret into the session keyring of this process, and so of those that it starts."""
    number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    ctypes.CDLL(None).syscall(number, b"user", b"octra-test", CANARY.encode(), len(CANARY), -3)


@pytest.fixture(scope="module", autouse=True)
def canary() -> Iterator[None]:
    """A secret in the environment of the runner, which is started after it; in PATH too, which programs hand on."""
    leave_keyring()
    add_key()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OCTRA_TEST_SECRET", CANARY)
        patch.setenv("PATH", f"{os.environ['PATH']}:/{CANARY}")
        yield


async def test_state_directory_is_not_there(project: Project) -> None:
    state_dir = project.place.state_dir
    result = await project.run(f"ls {state_dir} {state_dir}/runner; cat {state_dir}/runner/lock {state_dir}.toml")
    assert result.exit_code != 0
    for name in ("trees", "spool", "environments", "output", "runner.sock", "stand-in", "command_timeout_s"):
        assert name not in result.head.replace(str(state_dir), "")


async def test_snapshots_of_other_projects_are_not_there(project: Project) -> None:
    place, request_id = project.main(), project.request_id("snapshot")
    taken = await project.client.take_snapshot(request_id, place.task_id, place.commit)
    store = Path(taken.store_path).parent
    assert exists(taken.store_path)
    result = await project.run(f"ls {store}; cat {taken.store_path}/.git/config")
    assert result.exit_code != 0
    assert "octra-project" not in result.head.replace(taken.store_path, "")
    assert "-host" in result.head


async def test_environment_and_processes_of_the_runner_are_not_seen(project: Project) -> None:
    result = await project.run("env; cat /proc/*/environ; echo; ls /proc | grep -c '^[0-9]'; id -u; uname -n")
    assert CANARY not in result.head + result.tail
    *_, processes, uid, hostname = (result.head + result.tail).splitlines()
    assert int(processes) < 10
    assert (uid, hostname) == ("1000", "octra")


async def test_no_descriptor_of_the_runner_is_inherited(project: Project) -> None:
    result = await project.run("python3 -c 'import os; print(sorted(os.listdir(\"/proc/self/fd\")))'")
    assert result.head == "['0', '1', '2', '3']\n"  # the last is the listing's own


async def test_keys_of_the_kernel_are_not_inherited(project: Project) -> None:
    result = await project.run(f"python3 - << 'END'\n{READ_KEY}END")
    assert result.head == "key \n"


@pytest.mark.parametrize(
    "command",
    [
        "ln -s /usr/bin x && echo evil > x/octra-evil",
        "echo evil > /proc/1/root/usr/octra-evil",
        "echo evil > /proc/1/cwd/../octra-evil",
        "echo evil > /octra-evil",
        "echo evil > /dev/octra-evil",
        "echo evil > /etc/octra-evil",
        "echo evil > $(dirname $(readlink -f $(command -v python3)))/octra-evil",
        "mkdir -p m && mount -t tmpfs none m",
        "mount -o remount,rw /usr",
        "unshare -Ur true",
        "chroot / true",
        "echo 1 > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "cat /etc/shadow",
        "ls /root",
        "ls /run/postgresql",
        "ls /var/run/docker.sock",
        "ls /nix/var/nix/daemon-socket/socket",
        "kill -9 $PPID; kill -9 1; kill -0 2 && false",
        "mknod disk b 8 0",
        "chown 0 .",
        "cat /proc/kcore",
        "dmesg",
        "ln /etc/passwd x && echo evil >> x",
        "echo '0 0 1' > /proc/self/uid_map",
        "echo -1000 > /proc/self/oom_score_adj",
        "unshare --mount true",
        "unshare --net true",
        "nsenter --target 1 --mount true",
        "hostname octra-evil",
        "renice -n -10 $$",
        "python3 -c 'import os; os.setuid(0)'",
        "python3 -c 'import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))'",
        "python3 -c 'import fcntl; fcntl.ioctl(0, 0x5412, b\"x\")'",
        "python3 -c 'import socket; socket.create_connection((\"169.254.169.254\", 80), 3)'",
        "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'",
        "truncate --size=1T big",
    ],
)
async def test_way_out_is_shut(project: Project, command: str) -> None:
    result = await project.run(TOOLS + command)
    assert result.exit_code not in {0, 127}
    assert not any(map(exists, ("/octra-evil", "/usr/octra-evil", "/usr/bin/octra-evil", "/dev/octra-evil")))


async def test_nothing_can_be_gained_by_setuid(project: Project) -> None:
    result = await project.run(
        "cp /bin/bash b; chmod 6755 b; ./b -p -c 'id -u'; grep -E 'CapEff|NoNewPrivs' /proc/self/status"
    )
    assert result.head.splitlines()[-3:] == ["1000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"]


async def test_command_of_a_root_runner_is_not_root_outside_either(project: Project) -> None:
    result = await project.run("touch mine", commit_subject="Touch")
    assert result.paths == ("mine",)
    assert (project.work_dir / "mine").stat().st_uid == (65533 if os.geteuid() == 0 else os.geteuid())


async def test_service_of_the_host_is_not_reached(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f'python3 -c \'import socket; socket.create_connection(("127.0.0.1", {port}), 2); print("in")\''
        closed = await project.run(connect)
        granted = await project.run(connect, network=True)
    assert closed.exit_code != 0
    assert granted.head == "in\n"


async def test_abstract_socket_of_the_host_is_not_reached(project: Project) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0octra-test-abstract")
        server.listen()
        result = await project.run("python3 -c 'import socket; socket.socket(1).connect(\"\\0octra-test-abstract\")'")
    assert result.exit_code != 0


async def test_daemon_left_behind_ends_with_its_command(project: Project) -> None:
    result = await project.run(
        TOOLS + "(setsid nohup sleep 7171 > /dev/null 2>&1 &); setsid sleep 7171 & disown; echo left"
    )
    assert (result.exit_code, result.head) == (0, "left\n")
    assert not alive("sleep 7171")


async def test_sleeper_is_ended_by_its_timeout_with_all_its_children(project: Project) -> None:
    result = await project.run(TOOLS + "trap '' TERM INT HUP; setsid sleep 7272 & sleep 7272", timeout_s=0.5)
    assert (result.limit, result.succeeded) == ("timeout", False)
    assert not alive("sleep 7272")


async def test_fork_bomb_is_contained_and_the_next_command_runs(project: Project) -> None:
    bomb = asyncio.create_task(project.run("bomb() { bomb | bomb & }; bomb; sleep 60", timeout_s=2))
    result = await bomb
    assert result.limit == "timeout"
    assert (await project.run("echo fine")).head == "fine\n"


async def test_fork_bomb_of_one_task_does_not_starve_another(project: Project, client: RunnerClient) -> None:
    bombed = asyncio.Event()

    async def listen(_: Progress) -> None:
        bombed.set()

    bomb = asyncio.create_task(project.run("bomb() { bomb | bomb & }; bomb; sleep 60", timeout_s=3, on_output=listen))
    await asyncio.wait_for(bombed.wait(), 10)
    created = await client.create_tree("bother/prepare/#1", "bother", EmptySource())
    other = Project(client, project.place, "bother", created.commit)
    result = await other.run("for i in 1 2 3 4 5 6 7 8; do sleep 0.1 & done; wait; echo fine")
    assert result.head == "fine\n"
    assert (await bomb).limit == "timeout"
    await client.remove_tree("bother/remove/#1", "bother")


async def test_memory_of_one_process_is_bounded(project: Project) -> None:
    result = await project.run("python3 -c 'bytearray(10**9)'")
    assert (result.exit_code, result.limit) == (1, "")
    assert "MemoryError" in result.head


async def test_memory_of_all_processes_together_is_bounded(project: Project) -> None:
    hold = "python3 -c 'import time; x = bytearray(150_000_000); time.sleep(60)'"
    result = await project.run(" & ".join([hold] * 6) + " & wait")
    assert (result.limit, result.exit_code) == ("memory", 137)


async def test_private_tmp_and_home_are_bounded_and_forgotten(project: Project) -> None:
    result = await project.run("dd if=/dev/zero of=/tmp/x bs=1M count=40; dd if=/dev/zero of=~/y bs=1M count=400")
    assert result.exit_code != 0
    again = await project.run("ls -A /tmp ~; dd if=/dev/zero of=/dev/shm/x bs=1M count=100")
    assert again.exit_code != 0
    assert again.head.startswith("/home/octra:\n\n/tmp:\n")


async def test_big_file_is_bounded(project: Project) -> None:
    result = await project.run("dd if=/dev/zero of=big bs=1M count=200; ls -s --block-size=1M big")
    assert "50 big" in result.head + result.tail or "48 big" in result.head + result.tail


async def test_endless_output_is_ended_and_only_its_ends_are_kept(project: Project) -> None:
    parts: list[Progress] = []

    async def listen(progress: Progress) -> None:
        parts.append(progress)

    result = await project.run("yes octra", on_output=listen)
    assert (result.limit, result.output_bytes) == ("output", 2_000_000)
    assert len(result.head) == len(result.tail) == 5000
    assert sum(len(part.text) for part in parts) < 600_000


async def test_closed_output_does_not_end_a_command_early(project: Project) -> None:
    result = await project.run(
        "exec > /dev/null 2>&1 0>&-; sleep 0.3; exec >&- 2>&-; sleep 0.3; touch done", commit_subject="Go"
    )
    assert result.paths == ("done",)
    assert result.duration_ms >= 600


async def test_what_a_command_made_unreadable_can_be_reset_and_removed(project: Project) -> None:
    await project.run("mkdir -p d/e; touch d/e/f; chmod 0 d/e d; mkdir .git; echo evil > .git/config")
    result = await project.run("ls -A")
    assert "d" not in result.head.split()


async def test_directories_without_end_can_be_reset_and_removed(project: Project) -> None:
    dig = "python3 -c \"import os\nfor _ in range(3000): os.mkdir('d' * 20); os.chdir('d' * 20)\""
    assert (await project.run(dig)).succeeded
    assert (await project.run("ls -A")).head == ""
    assert (await project.run(dig)).succeeded  # and the fixture removes the tree


async def test_repository_that_a_command_makes_is_not_used(project: Project) -> None:
    hook = ".git/hooks/post-commit"
    make = f"mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch /tmp/octra-hooked\\n' > {hook}; chmod +x {hook}"
    result = await project.run(f"{make}; touch x", commit_subject="Hook")
    assert result.paths == ("x",)
    assert not exists("/tmp/octra-hooked")


async def test_killed_runner_leaves_no_process_and_the_command_is_made_again(project: Project) -> None:
    started = asyncio.Event()

    async def listen(progress: Progress) -> None:
        if not progress.is_remark:
            started.set()

    asked = Command(TOOLS + "echo on; setsid sleep 7373 & sleep 1.5", project.place.environment_hash)
    running = asyncio.create_task(
        project.client.run_command(project.request_id("kill"), project.main(), asked, on_output=listen)
    )
    await asyncio.wait_for(started.wait(), 10)
    lock = (project.place.state_dir / "runner" / "lock").read_text()
    os.kill(int(lock.split()[0]), 9)
    async with asyncio.timeout(2):
        while alive("sleep 7373"):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.01)
    result = await running
    assert (result.exit_code, result.head) == (0, "on\n")
