"""One rehearsal and one state directory with its two servants for the session; a fresh database for every test."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from octrad.foundation.config import Limits
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.pool import Database
from octrad.gateway.client import GatewayClient
from octrad.rehearsal.load_scenarios import SCENARIOS_DIR
from octrad.runner.client import RunnerClient
from tests.daemon import Rehearsal, config_for, remove_tree
from tests.integration.pipeline.desk import Desk
from tests.integration.tasks.conftest import database, dsn, server  # fixtures

__all__ = ["database", "dsn", "server"]


_HERE = Path(__file__).parent / "scenarios"
# In US dollars per million tokens of input and output, for the tests of budgets.
_PRICES = """
[models.prices_usd_per_million]
"rehearsal/hello" = [3.0, 15.0]
"rehearsal/node-web" = [3.0, 15.0]
"""
_LARGE = """
[[reply]]
step = "work/builder/1"
[reply.answer]
summary = "Write too much"
edits = []
removals = []
packages = []
files = [{{ path = "large", executable = false, content = "{content}" }}]
"""


@pytest.fixture(scope="session")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenarios that are shipped, and some that only tests want."""
    directory = tmp_path_factory.mktemp("scenarios")
    shutil.copytree(SCENARIOS_DIR, directory, dirs_exist_ok=True)
    shutil.copy(_HERE / "hello.toml", directory)
    for path in _HERE.glob("*.before-*.toml"):
        name, ground = path.stem.split(".before-")
        _put_before(directory, name, path.read_text(encoding="utf-8"), ground)
    _put_before(directory, "large-file", _LARGE.format(content="x" * 2_000_000), "hello")
    slow = (SCENARIOS_DIR / "slow.toml").read_text(encoding="utf-8")
    for name, seconds in (("slowish", 3), ("very-slow", 600)):
        (directory / f"{name}.toml").write_text(slow.replace("seconds=20", f"seconds={seconds}"), encoding="utf-8")
    return directory


def _put_before(directory: Path, name: str, replies: str, ground: str) -> None:
    """Writes a scenario whose replies come before those of another, so that they win."""
    head, rest = (directory / f"{ground}.toml").read_text(encoding="utf-8").split("[[reply]]", 1)
    (directory / f"{name}.toml").write_text(f"{head}{replies}\n[[reply]]{rest}", encoding="utf-8")


@pytest.fixture(scope="session")
def rehearsal(scenarios: Path) -> Iterator[Rehearsal]:
    running = Rehearsal(scenarios)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def state_dir(rehearsal: Rehearsal) -> Iterator[Path]:
    """A state directory whose servants are gone afterwards. Its path is short: it holds sockets."""
    base = Path(tempfile.mkdtemp(prefix="octra-p-"))
    (base / "octrad.toml").write_text(config_for(rehearsal, extra=_PRICES), encoding="utf-8")
    yield base
    asyncio.run(_stop_servants(base))
    remove_tree(base)


async def _stop_servants(base: Path) -> None:
    for name in ("gateway", "runner"):
        assert await ServantConnection(name, base).stop(timeout_s=20), f"the {name} still works"


@pytest.fixture
async def desk(database: Database, state_dir: Path, rehearsal: Rehearsal) -> AsyncIterator[Desk]:
    config = state_dir / "octrad.toml"
    gateway = ServantConnection("gateway", state_dir, config)
    runner = ServantConnection("runner", state_dir, config)
    yield Desk(database, state_dir, rehearsal, GatewayClient(gateway), RunnerClient(runner), Limits())
    await gateway.close()
    await runner.close()
