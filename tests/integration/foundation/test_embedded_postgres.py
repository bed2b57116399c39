import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from octrad.foundation.end_process import end_process
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.postgres.embedded import EmbeddedPostgres, ensure_running, why_unusable
from octrad.foundation.process import run
from octrad.foundation.unix_socket import answers

START = """
import asyncio, os, signal, sys
from pathlib import Path
from octrad.foundation.postgres.embedded import ensure_running
print(asyncio.run(ensure_running(Path(sys.argv[1]))).dsn, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def server_pid(state_dir: Path) -> int:
    return int((state_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


@pytest.fixture
async def new_state_dir(tmp_path: Path) -> AsyncIterator[Path]:
    yield tmp_path
    await EmbeddedPostgres("", tmp_path / "postgres" / "data").stop()


@pytest.fixture
async def state_dir(new_state_dir: Path, initialised_state: Path) -> Path:
    """One that was used before."""
    await asyncio.to_thread(shutil.copytree, initialised_state, new_state_dir, dirs_exist_ok=True)
    return new_state_dir


async def ask(dsn: str, query: str) -> object:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        row = await (await connection.execute(query)).fetchone()
        return row[0] if row else None


async def test_machine_can_run_it() -> None:
    assert await why_unusable() is None


async def test_it_outlives_a_killed_starter_and_is_attached_to(new_state_dir: Path) -> None:
    starter = await run([sys.executable, "-c", START, str(new_state_dir)], check=False)
    assert starter.exit_code == -signal.SIGKILL, starter
    pid = server_pid(new_state_dir)
    server = await ensure_running(new_state_dir)
    assert (server_pid(new_state_dir), server.dsn) == (pid, starter.text)
    assert await ask(server.dsn, "SELECT current_database()") == "octra"


async def test_two_starters_get_one_server(new_state_dir: Path) -> None:
    servers = await asyncio.gather(*(ensure_running(new_state_dir) for _ in range(4)))
    assert len({server.dsn for server in servers}) == 1


async def test_it_has_pgvector_listens_on_no_port_and_lets_nobody_else_in(state_dir: Path) -> None:
    server = await ensure_running(state_dir)
    assert await ask(server.dsn, "SHOW listen_addresses") == ""
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as connection:
        await connection.execute("CREATE EXTENSION vector")
    assert await ask(server.dsn, "SELECT '[1,2]'::vector <-> '[1,4]'") == 2.0
    assert (state_dir / "postgres").stat().st_mode & 0o777 == 0o700


async def test_killed_server_recovers(state_dir: Path) -> None:
    server = await ensure_running(state_dir)
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as connection:
        await connection.execute("CREATE TABLE kept (x int)")
    killed = server_pid(state_dir)
    assert await end_process(killed, signal.SIGKILL, lambda: True, timeout_s=10)
    server = await ensure_running(state_dir)
    assert server_pid(state_dir) != killed
    assert await ask(server.dsn, "SELECT count(*) FROM kept") == 0


async def test_stopped_server_is_gone_and_may_be_stopped_again(state_dir: Path) -> None:
    server = await ensure_running(state_dir)
    socket = state_dir / "postgres" / ".s.PGSQL.5432"
    assert answers(socket)
    await server.stop()
    assert not answers(socket)
    assert not (server.data / "postmaster.pid").exists()
    await server.stop()


async def test_stale_pid_file_of_another_process_is_not_believed(state_dir: Path) -> None:
    server = await ensure_running(state_dir)
    await server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n/nowhere\n\n1 1\nready\n")
    await server.stop()
    await ensure_running(state_dir)
    assert server_pid(state_dir) != os.getpid()


async def test_interrupted_initialisation_is_made_again(new_state_dir: Path) -> None:
    half = new_state_dir / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = await ensure_running(new_state_dir)
    assert await ask(server.dsn, "SELECT 1") == 1


async def test_data_of_another_major_version_is_refused(state_dir: Path) -> None:
    server = await ensure_running(state_dir)
    await server.stop()
    version = server.data / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(ConfigurationError, match="written by PostgreSQL 17"):
        await ensure_running(state_dir)
    version.write_text("18\n")


@pytest.mark.usefixtures("runtime_directory")
async def test_deep_state_directory_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a directory with a long name"] * 5)
    server = await ensure_running(deep)
    assert await ask(server.dsn, "SELECT 1") == 1
    await server.stop()


async def test_ordinary_user_needs_nothing_special(new_state_dir: Path) -> None:
    argv = [sys.executable, "-c", START, str(new_state_dir)]
    if os.geteuid() == 0:
        argv = ["unshare", "--user", "--map-user=daemon", "--map-group=daemon", *argv]
    starter = await run(argv, check=False)
    assert starter.exit_code in {-signal.SIGKILL, 128 + signal.SIGKILL}, starter
    assert await ask(starter.text, "SELECT 1") == 1


async def test_broken_data_is_said_in_words(state_dir: Path) -> None:
    server = await ensure_running(state_dir)
    await server.stop()
    control = server.data / "global" / "pg_control"
    content = control.read_bytes()
    control.unlink()
    with pytest.raises(ConfigurationError, match="does not start") as caught:
        await ensure_running(state_dir)
    assert "postgres.log" in caught.value.hint
    control.write_bytes(content)
