"""A real house for tests and benchmarks: octrad, its servants and a rehearsal as processes, driven with octractl.

Nothing here looks inside: what it knows it learns from the command line, the rehearsal's own count of requests, and
the process table.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
READY_TIMEOUT_S = 90
COMMAND_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said and how it ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of `--progress json`."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]


@dataclass(slots=True)
class Rehearsal:
    """A rehearsal server in a process of its own."""

    scenarios: Path | None = None
    quiet: bool = False  # a line a request is much where there are thousands
    process: subprocess.Popen[str] | None = None
    base_url: str = ""

    def start(self, port: str = "0") -> None:
        argv = [sys.executable, "-m", "octrad", "rehearse", "--port", port]
        argv += ["--scenarios", str(self.scenarios)] if self.scenarios else []
        stderr = subprocess.DEVNULL if self.quiet else None
        self.process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)
        self.base_url = _ready_line(self.process, "rehearsal: listening on ")

    def requests(self, task: str = "") -> list[dict[str, Any]]:
        """The requests that it received, of one task or of all."""
        url = f"{self.base_url.removesuffix('/v1')}/requests"
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
            rows: list[dict[str, Any]] = json.load(response)
        return [row for row in rows if task in ("", row["task"])]

    def prompt(self, task: str, step: str) -> str:
        """What the last request of a step said, all of its messages."""
        [*_, last] = [row for row in self.requests(task) if row["step"] == step]
        url = f"{self.base_url.removesuffix('/v1')}/requests/{last['number']}"
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
            return "\n".join(json.load(response))

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            if self.process.stdout:
                self.process.stdout.close()


FINAL = frozenset({"TASK_STATE_DONE", "TASK_STATE_FAILED", "TASK_STATE_CANCELLED"})


@dataclass(slots=True)
class Following:
    """A process of octractl that follows a task, line by line."""

    process: subprocess.Popen[str]

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next event of which the condition holds; fails when octractl ends before."""
        for event in self.events():
            if condition(event):
                return event
        raise AssertionError(f"octractl ended with {self.process.wait(30)} before the event came")

    def until_step(self, kind: str, step: str) -> dict[str, Any]:
        """The next event of a kind in a step (`step_started`, `snapshot/1`); "" is any step."""
        return self.until(lambda event: kind in event and event["step"].startswith(step))

    def events(self) -> Iterator[dict[str, Any]]:
        """The events that are still to come, until octractl ends."""
        for line in self.process.stdout or ():
            found = json.loads(line)
            if "seq" in found:  # not the task that ends `--progress json`
                yield found


@dataclass(slots=True)
class House:
    """A state directory with the octrad that runs on it."""

    base: Path
    config: str
    log_name: str = "octrad.log"
    process: subprocess.Popen[str] | None = None
    extra_environment: dict[str, str] = field(default_factory=dict)
    clients: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def state_dir(self) -> Path:
        return self.base / "state"

    @property
    def socket(self) -> Path:
        return self.state_dir / "octra.sock"

    @property
    def log(self) -> str:
        return (self.base / self.log_name).read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        config = self.base / "octrad.toml"
        config.write_text(self.config, encoding="utf-8")
        argv = [sys.executable, "-m", "octrad", "serve", "--state-dir", str(self.state_dir), "--config", str(config)]
        with (self.base / self.log_name).open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | self.extra_environment
            )
        try:
            _ready_line(self.process, "octrad: ready on ")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from None

    def kill(self) -> None:
        """SIGKILL: octrad has no last word; its servants and its PostgreSQL live on."""
        assert self.process
        self.process.kill()
        self.process.wait(10)
        self._close()

    def stop(self, timeout_s: float = 60) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process
        self.process.terminate()
        code = self.process.wait(timeout_s)
        self._close()
        return code

    def _close(self) -> None:
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def octractl(
        self, *arguments: str, cwd: Path | None = None, stdin: str | None = None, timeout_s: float = COMMAND_TIMEOUT_S
    ) -> Said:
        argv = [sys.executable, "-m", "octractl", "--socket", str(self.socket), *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            argv, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False, env=environment
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def must(self, *arguments: str, **options: Any) -> Said:
        """`octractl`, which has to exit 0."""
        said = self.octractl(*arguments, **options)
        assert said.exit_code == 0, f"octractl {arguments}: {said}\n--- octrad:\n{self.log[-6000:]}"
        return said

    def submit(self, request: str, *arguments: str) -> str:
        """Submits without following; returns the task's id."""
        said = self.must("submit", request, "--detach", "--json", *arguments)
        return str(said.json["id"])

    def start_octractl(self, *arguments: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "octractl", "--socket", str(self.socket), *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        process = subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, env=environment)
        self.clients.append(process)
        return process

    @contextlib.contextmanager
    def follow(self, task: str) -> Iterator[Following]:
        """Follows from the first event on, over restarts of the daemon."""
        process = self.start_octractl("logs", task, "--follow", "--json")
        try:
            yield Following(process)
        finally:
            process.kill()
            process.communicate()

    def events(self, task: str) -> list[dict[str, Any]]:
        """The task's events so far."""
        return [json.loads(line) for line in self.must("logs", task, "--json").stdout.splitlines()]

    def show(self, task: str) -> Any:
        return self.must("show", task, "--json").json

    def wait(self, task: str, timeout_s: float = COMMAND_TIMEOUT_S) -> dict[str, Any]:
        """Follows the task to its end; returns it."""
        self.octractl("watch", task, "--progress", "plain", timeout_s=timeout_s)
        found: dict[str, Any] = self.show(task)["task"]
        return found

    def servant_pids(self) -> dict[str, int]:
        """The pids of the gateway and the runner that serve this state directory, where they run."""
        found = {}
        for pid, words in processes_naming(self.state_dir):
            for name in ("gateway", "runner"):
                if f"octrad {name}" in words:
                    found[name] = pid
        return found

    def kill_servants(self) -> None:
        for pid in self.servant_pids().values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_postgres(self) -> None:
        """SIGKILL to the private PostgreSQL and all its processes, as the kernel's would be when a machine stops."""
        postmaster = self.postmaster_pid()
        for pid in (postmaster, *children(postmaster)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def postmaster_pid(self) -> int:
        """The first process of the private PostgreSQL."""
        pid_file = self.state_dir / "postgres" / "data" / "postmaster.pid"
        return int(pid_file.read_text(encoding="utf-8").splitlines()[0])

    def left_behind(self, tasks: Sequence[str]) -> list[str]:
        """What is left of tasks that are over: working directories, and entries of the servants' spools."""
        left = [self.state_dir / "runner" / "trees" / task for task in tasks]
        left += [path for name in ("gateway", "runner") for path in (self.state_dir / name / "spool").glob("*")]
        return [str(path.relative_to(self.state_dir)) for path in left if path.exists()]

    def running_processes(self) -> list[str]:
        """The command lines of the processes that name this house."""
        return [words for _, words in processes_naming(self.base)]

    def end(self) -> list[str]:
        """Stops what runs and removes all; returns the command lines of what was left behind by octrad's own end."""
        for client in self.clients:  # a test that failed may have left some
            if client.poll() is None:
                client.kill()
                client.communicate()
        if self.process:
            self.stop()
        left = self.running_processes()
        for pid, _ in processes_naming(self.base):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        remove_tree(self.base)
        return left


@contextlib.contextmanager
def house(config: str) -> Iterator[House]:
    """A started house in a new temporary directory; ends it, and fails when a clean stop left a process behind."""
    made = House(Path(tempfile.mkdtemp(prefix="octra-t-")), config)
    try:
        made.start()
        yield made
    finally:
        left = made.end()
    assert not left, f"left behind after a clean stop: {left}"


def config_for(rehearsal: Rehearsal, scenario: str = "python-cli", extra: str = "") -> str:
    """A configuration that lets `rehearsal` answer and the host's tools stand in for nixpkgs.

    Tests ask for the same again and again, so that is not refused; in `tests/acceptance/test_duplicates.py` it is.
    """
    return f"""
[models]
chain = ["rehearsal/{scenario}"]
local_servers = "off"
[providers.rehearsal]
kind = "rehearsal"
base_url = "{rehearsal.base_url}"
[nix]
nixpkgs = "stand-in"
store = "private"
[duplicates]
refuse = false
{extra}"""


def processes_naming(path: Path) -> list[tuple[int, str]]:
    """Living processes whose command line names `path`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if str(path) in words and int(entry.name) != os.getpid():
                found.append((int(entry.name), words))
    return found


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that they started, in whatever namespace."""
    found = set(children(pid))
    return found.union(*(descendants(child) for child in found))


def living(pids: Iterable[int]) -> list[int]:
    """Those of them that are there and are no zombies."""
    return [pid for pid in pids if _state(pid) not in ("", "Z", "X")]


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    return ""


def children(pid: int) -> list[int]:
    """The processes that a process started and that live."""
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def remove_tree(path: Path) -> None:
    """Removes a directory that may hold a Nix store, whose directories are read-only."""
    for directory, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            Path(directory).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def wait_until(condition: Any, timeout_s: float, what: str) -> None:
    """Polls until `condition()` holds; for facts that no one announces, such as the process table."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.02)


def git(cwd: Path, *arguments: str) -> str:
    """Runs git as a user would; returns what it printed."""
    argv: Sequence[str] = ["git", "-c", "user.name=Test", "-c", "user.email=test@localhost", *arguments]
    return subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def _ready_line(process: subprocess.Popen[str], ready: str) -> str:
    timer = time.monotonic() + READY_TIMEOUT_S
    for line in process.stdout or ():
        if line.startswith(ready):
            return line.removeprefix(ready).strip()
        if time.monotonic() > timer:
            break
    process.kill()
    process.wait(10)
    raise AssertionError(f"{process.args!r} did not say `{ready}…`; it exited {process.returncode}")
