"""How octrad starts, refuses to start, and ends. Each test has a state directory and processes of its own."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psycopg
import pytest

from octra_proto.v1 import tasks_pb2, tasks_pb2_grpc
from tests.daemon import ROOT, House, config_for, processes_naming, wait_until
from tests.daemon import Rehearsal as RehearsalServer

TIMEOUT_S = 60


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, rehearsal: RehearsalServer) -> Iterator[House]:
    """A house that is not started; whatever runs in it is ended."""
    made = House(tmp_path_factory.mktemp("h"), config_for(rehearsal))
    yield made
    left = made.end()
    assert not left


def octrad(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "octrad", *arguments]
    env = os.environ | (environment or {})
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=env)


def assert_told(ended: subprocess.CompletedProcess[str], code: int, error: str, hint: str) -> None:
    """One pair of lines, no traceback, the code of sysexits.h, nothing on standard output."""
    assert ended.returncode == code, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.startswith(("error:", "hint:"))]
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert error in lines[0]
    assert hint in lines[1]
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_stop_is_clean_and_the_next_start_finds_everything(own: House) -> None:
    own.start()
    assert own.stop() == os.EX_OK
    assert processes_naming(own.base) == []
    assert not own.socket.exists()
    own.start()
    assert own.stop() == os.EX_OK


def test_a_stop_is_clean_although_nobody_reads_any_more(own: House) -> None:
    config = own.base / "octrad.toml"
    config.write_text(own.config, encoding="utf-8")
    argv = [sys.executable, "-m", "octrad", "serve", "--state-dir", str(own.state_dir), "--config", str(config)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    assert any(line.startswith("octrad: ready on ") for line in process.stdout)
    process.stdout.close()
    process.terminate()
    assert process.wait(TIMEOUT_S) == os.EX_OK


def test_a_stop_does_not_wait_for_a_database_that_is_away(own: House, tmp_path: Path) -> None:
    own.config += f'[database]\ndsn = "host={tmp_path}"\n'
    process = start(own)
    assert process.stderr
    assert any("PostgreSQL does not answer" in line for line in process.stderr)
    process.terminate()
    # It would try for half a minute.
    assert process.wait(10) == os.EX_OK
    process.stderr.close()


def test_a_stop_at_any_moment_of_the_first_start_is_quick_and_leaves_nothing(own: House) -> None:
    chance = random.Random(5)  # noqa: S311 - a schedule, not a secret
    for _ in range(8):
        process = start(own)
        wait_until((own.state_dir / "lock").exists, TIMEOUT_S, "it has begun to start")
        # Signals are listened to by then, or are about to be; PostgreSQL is made, started and migrated within 2 s.
        time.sleep(chance.uniform(0, 2))
        process.terminate()
        process.communicate(timeout=20)
        assert process.returncode in {os.EX_OK, -signal.SIGTERM}
        assert processes_naming(own.base) == []
        shutil.rmtree(own.state_dir)


def start(own: House) -> subprocess.Popen[str]:
    """Starts octrad and does not wait until it is ready."""
    config = own.base / "octrad.toml"
    config.write_text(own.config, encoding="utf-8")
    argv = [sys.executable, "-m", "octrad", "serve", "--state-dir", str(own.state_dir), "--config", str(config)]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def test_a_second_octrad_on_a_state_directory_is_told_who_has_it(octrad_running: House) -> None:
    ended = octrad("serve", "--state-dir", str(octrad_running.state_dir))
    assert octrad_running.process
    assert_told(ended, os.EX_TEMPFAIL, f"another octrad (process {octrad_running.process.pid})", "--state-dir")


@pytest.fixture
def octrad_running(own: House) -> House:
    own.start()
    return own


def test_a_newer_database_is_left_alone(octrad_running: House) -> None:
    own = octrad_running
    with psycopg.connect(own_dsn(own), autocommit=True) as connection:
        connection.execute("INSERT INTO tasks_migrations (number, name, digest) VALUES (9999, 'of_tomorrow', 'x')")
    assert own.stop() == os.EX_OK
    ended = octrad("serve", "--state-dir", str(own.state_dir))
    assert_told(ended, os.EX_CONFIG, "the database is newer than this octrad", "newer octrad")
    assert processes_naming(own.base) == []


def own_dsn(house: House) -> str:
    """How octrad itself connects: the socket below its state directory."""
    assert house.process
    found = [path for path in house.state_dir.rglob(".s.PGSQL.5432") if path.is_socket()]
    return f"host={found[0].parent} dbname=octra user=octra"


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("[limits]\ntask_at_once = 3\n", "`limits.task_at_once` is not a key (did you mean `tasks_at_once`", "docs"),
        ("[limits\n", "not TOML", ""),
        ("[limits]\ntasks_at_once = 0\n", "`limits.tasks_at_once`", "docs"),
    ],
)
def test_a_malformed_configuration_names_the_key(tmp_path: Path, text: str, error: str, hint: str) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text(text, encoding="utf-8")
    ended = octrad("serve", "--state-dir", str(tmp_path / "state"), "--config", str(config))
    assert ended.returncode == os.EX_CONFIG
    assert ended.stderr.startswith(f"error: {config}: ")
    assert error in ended.stderr
    assert hint in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "state").exists()


def test_a_state_directory_with_too_long_a_path_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    ended = octrad("serve", "--state-dir", str(deep))
    assert_told(ended, os.EX_CONFIG, "the kernel takes 107", "shorter --state-dir")
    assert not deep.exists()


def test_a_state_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ended = octrad("serve", "--state-dir", str(tmp_path / "file" / "state"))
    assert_told(ended, os.EX_CONFIG, "cannot use the state directory", "--state-dir")


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text('[database]\ndsn = "host=127.0.0.1 port=1 dbname=none"\n', encoding="utf-8")
    ended = octrad("serve", "--state-dir", str(tmp_path / "state"), "--config", str(config))
    assert ended.returncode in {os.EX_CONFIG, os.EX_UNAVAILABLE}
    assert "PostgreSQL does not answer" in ended.stderr


def test_two_signals_end_it_at_once(octrad_running: House) -> None:
    own = octrad_running
    assert own.process
    own.process.send_signal(signal.SIGINT)
    own.process.send_signal(signal.SIGTERM)
    assert own.process.wait(10) == os.EX_OK
    own.process.stdout.close() if own.process.stdout else None
    own.process = None
    assert processes_naming(own.base) == []


def test_a_killed_octrad_is_followed_by_one_that_finds_its_database(octrad_running: House) -> None:
    own = octrad_running
    own.kill()
    own.start()
    assert own.stop() == os.EX_OK
    assert processes_naming(own.base) == []


async def test_a_private_database_that_dies_is_started_again(octrad_running: House) -> None:
    own = octrad_running
    pid = postmaster_pid(own)
    os.kill(pid, signal.SIGKILL)
    async with grpc.aio.insecure_channel(f"unix:{own.socket}") as channel, asyncio.timeout(TIMEOUT_S):
        tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        while postmaster_pid(own) in (0, pid):
            await is_unavailable(tasks)  # it may wait for the database or say so, and nothing else
        while await is_unavailable(tasks):
            pass
    os.kill(postmaster_pid(own), 0)


def postmaster_pid(own: House) -> int:
    """What the private database says of itself; 0 while it says nothing."""
    for file in own.state_dir.rglob("postmaster.pid"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(file.read_text(encoding="utf-8").splitlines()[0])
    return 0


async def is_unavailable(tasks: "tasks_pb2_grpc.TaskServiceAsyncStub") -> bool:
    """Whether the API says that it cannot answer now; any other refusal is a failure."""
    try:
        await tasks.ListTasks(tasks_pb2.ListTasksRequest(), timeout=TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return True
    return False
