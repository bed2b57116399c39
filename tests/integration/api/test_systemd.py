"""octrad as a service of systemd's: what it tells of itself, when it feeds the watchdog, and what a reload changes."""

import contextlib
import os
import pty
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.as_user import as_user
from tests.daemon import ROOT, House, Rehearsal, children, config_for, processes_naming, wait_until
from tests.notified import NotifySocket, notify_socket
from tests.unit.knowledge.guide_files import GUIDE, guide_named

pytestmark = pytest.mark.timeout(150)
WATCHDOG_S = 2.0


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[NotifySocket]:
    with notify_socket(tmp_path) as made:
        yield made


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, rehearsal: Rehearsal, notified: NotifySocket) -> Iterator[House]:
    """An octrad that a service manager listens to, with a watchdog."""
    made = House(tmp_path_factory.mktemp("h"), config_for(rehearsal, "slow"))
    made.extra_environment |= {
        "NOTIFY_SOCKET": str(notified.path),
        "WATCHDOG_USEC": str(round(WATCHDOG_S * 1_000_000)),
    }
    made.start()
    yield made
    left = made.end()
    assert not left


def rewrite(house: House, old: str, new: str) -> None:
    assert old in house.config
    house.config = house.config.replace(old, new)
    (house.base / "octrad.toml").write_text(house.config, encoding="utf-8")


def hang_up(house: House) -> None:
    assert house.process
    house.process.send_signal(signal.SIGHUP)


def reload(house: House, notified: NotifySocket) -> dict[str, str]:
    """Sends SIGHUP; returns what ends the reload."""
    before_usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    hang_up(house)
    begun = notified.until(lambda message: "RELOADING" in message)
    assert begun["RELOADING"] == "1"
    assert before_usec <= int(begun["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notified.until(lambda message: "READY" in message)


def test_systemd_is_told_what_octrad_does_from_its_start_to_its_end(own: House, notified: NotifySocket) -> None:
    assert notified.next() == {"STATUS": "waiting for PostgreSQL"}
    assert notified.next() == {"READY": "1", "STATUS": "no tasks"}
    task = own.submit("count slowly")
    notified.until_status("1 task runs")
    with own.follow(task) as following:
        following.until_step("command_output", "check")
    assert own.stop() == os.EX_OK
    stopping = notified.until(lambda message: "STOPPING" in message)
    assert stopping["STATUS"] == "stopping: 1 task lets go"
    assert int(stopping["EXTEND_TIMEOUT_USEC"]) > 20_000_000
    own.start()  # the runner still works on it
    own.must("cancel", task)


def test_the_watchdog_is_fed_while_all_is_well_and_not_by_a_frozen_octrad(own: House, notified: NotifySocket) -> None:
    assert own.process
    fed_at = []
    for _ in range(3):
        notified.until(lambda message: message.get("WATCHDOG") == "1", WATCHDOG_S)
        fed_at.append(time.monotonic())
    assert fed_at[2] - fed_at[0] < 2 * WATCHDOG_S
    own.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, own.process.pid, os.WSTOPPED | os.WNOWAIT)
    notified.pass_over()
    assert not notified.hears_within("WATCHDOG", 2 * WATCHDOG_S)
    own.process.send_signal(signal.SIGCONT)
    assert notified.hears_within("WATCHDOG", WATCHDOG_S)


def test_the_watchdog_is_not_fed_while_the_database_is_silent(own: House, notified: NotifySocket) -> None:
    assert notified.hears_within("WATCHDOG", WATCHDOG_S)
    with frozen(postgres_pids(own)):
        notified.until_status("waiting for PostgreSQL")
        notified.pass_over()
        assert not notified.hears_within("WATCHDOG", 2 * WATCHDOG_S)
        assert own.log.count("PostgreSQL does not answer") == 1
    assert notified.hears_within("WATCHDOG", 30)
    notified.until_status("no tasks")
    assert "PostgreSQL answers again" in own.log


def postgres_pids(house: House) -> list[int]:
    lines = (house.state_dir / "postgres" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    return [int(lines[0]), *children(int(lines[0]))]


@contextlib.contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_reload_changes_what_begins_after_it_and_says_what_it_cannot_change(
    own: House, notified: NotifySocket
) -> None:
    rewrite(own, "rehearsal/slow", "rehearsal/python-cli")
    rewrite(own, "[nix]", '[cache]\nttl_s = 60\n[database]\ndsn = "host=/nowhere"\n[nix]')
    assert reload(own, notified)["STATUS"] == "no tasks"
    assert own.must("models", "--json").json["models"][0]["name"] == "rehearsal/python-cli"
    assert own.wait(own.submit("a command line todo list"))["state"] == "TASK_STATE_DONE"
    assert "needs a restart: database.dsn, cache.ttl_s" in own.log


def test_servants_that_octrad_started_read_their_configuration_anew(own: House, notified: NotifySocket) -> None:
    own.must("models")
    own.must("status")
    before = own.servant_pids()
    assert set(before) == {"gateway", "runner"}
    rewrite(own, "rehearsal/slow", "rehearsal/python-cli")
    rewrite(own, "[nix]", "[sandbox]\nprocesses = 99\n[limits]\ncommands_at_once = 1\n[nix]")
    reload(own, notified)
    logs = [own.state_dir / "log" / f"{name}.log" for name in before]
    for log in logs:
        wait_until(lambda log=log: "the configuration was read anew" in log.read_text(), 20, f"{log.name} says so")
    assert "needs a restart: limits.commands_at_once" in logs[list(before).index("runner")].read_text()
    assert own.must("models", "--json").json["models"][0]["name"] == "rehearsal/python-cli"
    assert own.servant_pids() == before


def test_a_wrong_configuration_is_refused_whole_and_shown(own: House, notified: NotifySocket) -> None:
    good = own.config
    rewrite(own, "rehearsal/slow", "rehearsal/python-cli")
    rewrite(own, "[nix]", "[limits]\nworker_at_once = 3\n[nix]")
    status = reload(own, notified)["STATUS"]
    assert "`limits.worker_at_once` is not a key" in status
    assert "the configuration is refused, the former one stays" in own.log
    assert own.must("models", "--json").json["models"][0]["name"] == "rehearsal/slow"
    rewrite(own, own.config, good)
    assert reload(own, notified)["STATUS"] == "no tasks"


def test_a_reload_reads_the_library_anew_and_passes_over_what_is_broken(
    own: House, notified: NotifySocket, tmp_path: Path
) -> None:
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    rewrite(own, "[nix]", f'[knowledge]\ndir = "{tmp_path}"\n[nix]')
    (stacks / "cobol.toml").write_text(
        'name = "cobol"\ntitle = "COBOL"\nattributes = ["gnucobol"]\nshell = "mkShell"\n'
    )
    (stacks / "rust.toml").write_text('name = "rust"\nshel = "mkShell"\n')
    reload(own, notified)
    stacks_told = own.must("stacks", "--json").json["stacks"]
    titles = {stack["name"]: stack["title"] for stack in stacks_told}
    assert [stack["name"] for stack in stacks_told if stack.get("own")] == ["cobol"]
    assert titles["cobol"] == "COBOL"
    assert titles["rust"] == "Rust", "the shipped one stays in use"
    parts = {part["name"]: part for part in own.must("status", "--json").json["components"]}
    assert "rust.toml" in parts["library"]["detail"]
    assert "`shel`" in parts["library"]["detail"]
    assert str(stacks / "rust.toml") in own.log


def test_a_guide_of_ones_own_is_there_after_a_reload_and_a_malformed_one_is_named(
    own: House, notified: NotifySocket, tmp_path: Path
) -> None:
    guides = tmp_path / "guides"
    guides.mkdir()
    rewrite(own, "[nix]", f'[knowledge]\ndir = "{tmp_path}"\n[nix]')
    (guides / "zag.toml").write_text(GUIDE)
    (guides / "cargo.toml").write_text(guide_named("cargo", old="offline = true", new="online = false"))
    reload(own, notified)
    told = {guide["name"]: guide for guide in own.must("guides", "--json").json["guides"]}
    assert told["zag"]["own"] is True
    assert told["cargo"]["title"] == "Rust: cargo", "the shipped one stays in use"
    assert "`zag check`: checks" in own.must("guides", "zag").stdout
    parts = {part["name"]: part for part in own.must("status", "--json").json["components"]}
    assert "cargo.toml" in parts["library"]["detail"]
    assert "`command.0.online`" in parts["library"]["detail"]
    (guides / "zag.toml").unlink()
    reload(own, notified)
    assert own.octractl("guides", "zag").exit_code == 66


def test_a_reload_that_names_a_user_who_does_not_exist_is_refused(own: House, notified: NotifySocket) -> None:
    rewrite(own, "[nix]", '[access.member]\nusers = ["no-such-user"]\n[nix]')
    status = reload(own, notified)["STATUS"]
    assert "access.member.users" in status
    assert "no-such-user" in status


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN BE SOMEBODY ELSE")
def test_a_reload_gives_roles(own: House, notified: NotifySocket) -> None:
    argv = [*as_user(pwd.getpwnam("nobody").pw_uid), sys.executable, "-m", "octractl", "--socket", str(own.socket)]
    with reachable(own.socket):
        before = subprocess.run([*argv, "list"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        rewrite(own, "[nix]", '[access.viewer]\nusers = ["nobody"]\n[nix]')
        reload(own, notified)
        after = subprocess.run([*argv, "list"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert before.returncode == os.EX_NOPERM, before.stderr
    assert after.returncode == os.EX_OK, after.stderr


@contextlib.contextmanager
def reachable(socket: Path) -> Iterator[None]:
    """Opens the way to a socket to everybody, for the block."""
    with contextlib.ExitStack() as opened:
        for path in [socket, *socket.parents][:-1]:
            mode = path.stat().st_mode & 0o7777
            opened.callback(path.chmod, mode)
            path.chmod(mode | (0o666 if path == socket else 0o011))
        yield


def test_the_end_of_its_terminal_ends_octrad(tmp_path_factory: pytest.TempPathFactory, rehearsal: Rehearsal) -> None:
    base = tmp_path_factory.mktemp("t")
    config = base / "octrad.toml"
    config.write_text(config_for(rehearsal), encoding="utf-8")
    argv = [sys.executable, "-m", "octrad", "serve", "--state-dir", str(base / "state"), "--config", str(config)]
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    terminal, ours = pty.openpty()
    # setsid --ctty makes the terminal theirs, as a login does.
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *argv], cwd=ROOT, stdin=ours, stdout=ours, stderr=ours, env=environment
    )
    os.close(ours)
    said = b""
    while b"octrad: ready on" not in said:
        said += os.read(terminal, 65536)
    os.close(terminal)
    assert process.wait(60) == os.EX_OK
    assert processes_naming(base) == []
