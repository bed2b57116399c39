"""A rehearsal and a gateway that serve the tests of this directory: real processes, real HTTP, real LiteLLM."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from octrad.foundation.lock_file import LockFile
from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import Completion, Message
from octrad.gateway.client import GatewayClient

SCENARIOS = Path(__file__).parent / "scenarios"
SCHEMA = '{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":"string"}},"required":["n"]}'
CANARY = "sk-canary-0123456789"
# Names of the one rehearsal: what a provider did wrong is remembered, and must not be held against the next test.
NAMESAKES = [f"rehearsal{number}" for number in range(400)]
_unused_names = iter(NAMESAKES)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The provider of these tests."""

    base_url: str

    def requests(self, task: str) -> list[tuple[str, int, int]]:
        """Step, count and status of what a task asked."""
        rows = httpx.get(self.base_url.removesuffix("/v1") + "/requests", timeout=5).json()
        return [(row["step"], row["nth"], row["status"]) for row in rows if row["task"] == task]


@pytest.fixture(scope="session")
def rehearsal() -> Iterator[Rehearsal]:
    command = [sys.executable, "-m", "octrad", "rehearse", "--scenarios", str(SCENARIOS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield Rehearsal(line.split()[-1])
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class House:
    """A state directory with a gateway."""

    state_dir: Path
    config: Path

    def pid(self) -> int | None:
        return LockFile(self.state_dir / "gateway" / "lock").holder()

    def kill(self) -> None:
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


def write_house(directory: Path, base_url: str, *, extra: str = "", chain: str = "", providers: str = "") -> House:
    """Writes a configuration with the rehearsal as provider, also with a key and with nobody at its URL."""
    key = directory / "canary.key"
    key.write_text(CANARY + "\n")
    config = directory / "octrad.toml"
    config.write_text(
        f"""
[models]
chain = {chain or '["rehearsal/failures"]'}
timeout_s = 30
local_servers = "off"
{extra}
[providers.rehearsal]
kind = "rehearsal"
base_url = "{base_url}"
[providers.keyed]
kind = "openai-compatible"
base_url = "{base_url}"
key_file = "{key}"
[providers.nokey]
kind = "openai"
base_url = "{base_url}"
[providers.priced]
kind = "openai"
base_url = "{base_url}"
key_file = "{key}"
[providers.lostkey]
kind = "openai"
base_url = "{base_url}"
key_file = "{directory}/nowhere.key"
[providers.nobody]
kind = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
{providers}
"""
        + "".join(f'[providers.{name}]\nkind = "rehearsal"\nbase_url = "{base_url}"\n' for name in NAMESAKES)
    )
    return House(directory / "state", config)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, rehearsal: Rehearsal) -> Iterator[House]:
    """One gateway for all tests that do not kill it: LiteLLM takes seconds to import."""
    house = write_house(tmp_path_factory.mktemp("gateway"), rehearsal.base_url)
    yield house
    house.kill()


@pytest.fixture
def own_house(tmp_path: Path, rehearsal: Rehearsal) -> Iterator[Callable[..., House]]:
    """Makes a house of the test's own."""
    made: list[House] = []

    def make(*, extra: str = "", chain: str = "", providers: str = "") -> House:
        made.append(write_house(tmp_path, rehearsal.base_url, extra=extra, chain=chain, providers=providers))
        return made[-1]

    yield make
    for house in made:
        house.kill()


@pytest.fixture
async def client(house: House) -> AsyncIterator[GatewayClient]:
    connection = ServantConnection("gateway", house.state_dir, house.config)
    yield GatewayClient(connection)
    await connection.close()


def fresh(chain: tuple[str, ...]) -> tuple[str, ...]:
    """The chain with a provider that was never asked in the place of each `rehearsal`."""
    return tuple(
        f"{next(_unused_names)}/{name.partition('/')[2]}" if name.startswith("rehearsal/") else name for name in chain
    )


def question(*chain: str, timeout_s: float = 0.0, schema: str = SCHEMA) -> Completion:
    messages = (Message("system", "You count."), Message("user", "How many?"))
    return Completion("count", messages, schema, fresh(chain), timeout_s=timeout_s)
