"""Real servers for the tests of this directory, each private to the run."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from octrad.foundation.postgres.embedded import EmbeddedPostgres, ensure_running
from octrad.foundation.unix_socket import answers


@pytest.fixture(scope="session")
def initialised_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory whose PostgreSQL was initialised and stopped, to be copied: initdb costs seconds."""
    directory = tmp_path_factory.mktemp("initialised")

    async def initialise() -> None:
        await (await ensure_running(directory)).stop()

    asyncio.run(initialise())
    return directory


@pytest.fixture(scope="session")
def postgres(initialised_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A private PostgreSQL for all tests of this directory."""
    directory = tmp_path_factory.mktemp("state")
    shutil.copytree(initialised_state, directory, dirs_exist_ok=True)
    server = asyncio.run(ensure_running(directory))
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def runtime_directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short place for the sockets of deep state directories."""
    with tempfile.TemporaryDirectory(prefix="octra-run-", dir="/tmp") as name:
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        yield Path(name)


class RedisServer:
    """A Redis on a Unix socket, which can be stopped and started."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", "0", "--save", "", "--appendonly", "no", "--dir", str(self._directory)]
        self._process = subprocess.Popen(
            ["redis-server", "--unixsocket", str(self.socket), *options], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while not answers(self.socket):
            assert time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.01)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()
