"""A runner of its own, in which the attempts and the bombs are made; and the same attempts without a sandbox."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.once.connection import ServantConnection
from octrad.runner.client import RunnerClient
from octrad.runner.edits import WholeFile
from octrad.runner.operations import Command, CommandResult, EmptySource, StackEnvironment, TreePlace
from octrad.runner.server.trees.remove_directory import remove_directory
from tests.hostile.attempts.canary import Canary
from tests.hostile.plant_canaries import Planted

ROOT = Path(__file__).resolve().parents[2]
_PROGRAMS = sorted(ROOT.glob("tests/hostile/attempts/*.py"))
_TASK = "hostile"
_MAKE_ATTEMPTS = "python3 -m tests.hostile.attempts"
_CONFIG = """
[nix]
nixpkgs = "stand-in"
store = "private"
[sandbox]
command_timeout_s = 60
output_bytes = 2000000
memory_bytes = 400000000
processes = 64
file_bytes = 50000000
[servant]
idle_exit_s = 60
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to: `reached`, `shut` or `broken`, and why."""

    kind: str
    reason: str = ""


@dataclass(slots=True)
class Workshop:
    """A tree of a runner's, with the attempts in it as files of the project."""

    client: RunnerClient
    canary: Canary
    environment_hash: str
    commit: str
    requests: int = 0

    async def run(self, command: str, timeout_s: float = 0.0) -> CommandResult:
        """Runs a command as a check of the project would run."""
        self.requests += 1
        asked = Command(command, self.environment_hash, timeout_s=timeout_s)
        place = TreePlace(_TASK, "main", self.commit)
        return await self.client.run_command(f"{_TASK}/run-{self.requests}/#1", place, asked)

    async def attempt(self) -> dict[str, Outcome]:
        """Makes every attempt in the sandbox."""
        await self.run(f"{_MAKE_ATTEMPTS} '{self.canary.text}'")
        whole = await self.client.read_output(f"{_TASK}/run-{self.requests}/#1", limit_bytes=2**20)
        return _read(whole.chunk.decode())


@contextlib.asynccontextmanager
async def opened(planted: Planted) -> AsyncIterator[Workshop]:
    """Starts a runner that has the canaries in its environment, and ends it."""
    state_dir = Path(tempfile.mkdtemp(prefix="octra-hostile-state-", dir="/var/tmp"))
    config_path = state_dir.with_suffix(".toml")
    config_path.write_text(_CONFIG, encoding="utf-8")
    connection = ServantConnection("runner", state_dir, config_path)
    client = RunnerClient(connection)
    try:
        with _environment(planted.environment):
            yield await _furnish(client, planted, state_dir, config_path)
    finally:
        await client.close()
        await connection.stop(timeout_s=20)
        config_path.unlink()
        remove_directory(state_dir)


async def _furnish(client: RunnerClient, planted: Planted, state_dir: Path, config_path: Path) -> Workshop:
    created = await client.create_tree(f"{_TASK}/prepare/#1", _TASK, EmptySource())
    stack = StackEnvironment(name="python", attributes=("python3",), ignore=("__pycache__/",))
    built = await client.build_environment(
        f"{_TASK}/environment/#1", _TASK, created.commit, title="Hostile", stack=stack
    )
    files = [WholeFile(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in _PROGRAMS]
    applied = await client.apply_edits(
        f"{_TASK}/write/#1", TreePlace(_TASK, "main", built.commit), files, subject="Attempts"
    )
    assert not applied.refusals, applied.refusals
    taken = await client.take_snapshot(f"{_TASK}/snapshot/#1", _TASK, applied.commit)
    canary = planted.seen_by(state_dir, config_path, taken.store_path)
    return Workshop(client, canary, built.environment_hash, applied.commit)


def attempt_outside(planted: Planted, canary: Canary) -> dict[str, Outcome]:
    """Makes every attempt without a sandbox: one that does not get there proves nothing when it is made in one."""
    with _inherited() as descriptor, tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        for path in _PROGRAMS:
            place = Path(directory, path.relative_to(ROOT))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
        apart = ("unshare", "--mount", "--uts", "--") if os.geteuid() == 0 else ()
        said = subprocess.run(
            (*apart, sys.executable, "-m", "tests.hostile.attempts", canary.text),
            cwd=directory, env={"PATH": os.environ["PATH"], **planted.environment},
            pass_fds=(descriptor,), capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return _read(said.stdout)


@contextlib.contextmanager
def _inherited() -> Iterator[int]:
    descriptor = os.open("/", os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(text: str) -> dict[str, Outcome]:
    return {name: Outcome(kind, reason) for name, kind, reason in (_split(line) for line in text.splitlines())}


def _split(line: str) -> tuple[str, str, str]:
    name, kind, *reason = line.split(" ", 2)
    return name, kind, " ".join(reason)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
