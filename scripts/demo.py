"""The demo: a real daemon takes a request and gives back a proved, snapshotted, restored project.

It starts `octrad` on its embedded default below a temporary directory, with a real model where one is configured and
the rehearsal otherwise, drives it with `octractl` as a user would, runs what came out, and leaves nothing behind.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OCTRAD = [sys.executable, "-m", "octrad"]
OCTRACTL = [sys.executable, "-m", "octractl"]
SCENARIO = "python-cli"
OLLAMA = "http://127.0.0.1:11434"
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60
TASK_TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True)
class Brain:
    """What answers the questions: a label for people and the lines of the configuration."""

    label: str
    config: str


def main() -> None:
    """Runs the demo; ends with `demo: ok TASK STORE_PATH`, or says what went wrong and exits 1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octra-demo-", ignore_cleanup_errors=True)))
        stack.callback(_remove_read_only, base)
        timings: dict[str, float] = {}
        with _timed(timings, "start the daemon"):
            brain = _choose_brain(base, stack)
            socket = _start_daemon(base, brain, stack)
        print(f"demo: answered by {brain.label}")
        with _timed(timings, "request to done"):
            task = _submit(socket, base)
        with _timed(timings, "restore"):
            _octractl(socket, "restore", task["id"], str(base / "project"))
        with _timed(timings, "run the restored program"):
            _run_program(base / "project")
        _octractl(socket, "show", task["id"])
        stack.close()
        left = _processes_of(base)
        if left:
            sys.exit(f"demo: failed: left behind: {left}")
    print("\n".join(f"demo: {seconds:6.1f} s  {name}" for name, seconds in timings.items()))
    print(f"demo: ok {task['id']} {task['store_path']}")


def _choose_brain(base: Path, stack: contextlib.ExitStack) -> Brain:
    """A configuration of the user's own, a key in the environment, a loaded local model, or the rehearsal."""
    if path := os.environ.get("OCTRA_CONFIG"):
        return Brain(f"the models of {path}", Path(path).read_text(encoding="utf-8"))
    for provider, variable, model in (
        ("anthropic", "ANTHROPIC_API_KEY", "claude-sonnet-4-5"),
        ("openai", "OPENAI_API_KEY", "gpt-4.1"),
    ):
        if key := os.environ.get(variable):
            return _keyed_brain(base, provider, os.environ.get("OCTRA_MODEL", model), key)
    if model := _loaded_ollama_model():
        return Brain(f"ollama/{model}", _config(f"ollama/{model}", f'kind = "ollama"\nbase_url = "{OLLAMA}"'))
    url = _start_rehearsal(stack)
    chain = f"rehearsal/{SCENARIO}"
    label = f"a rehearsal ({chain}): no provider key (ANTHROPIC_API_KEY, OPENAI_API_KEY) and no local model was found"
    return Brain(label, _config(chain, f'kind = "rehearsal"\nbase_url = "{url}"'))


def _keyed_brain(base: Path, provider: str, model: str, key: str) -> Brain:
    key_file = base / "key"
    key_file.touch(mode=0o600)
    key_file.write_text(key, encoding="utf-8")
    return Brain(f"{provider}/{model}", _config(f"{provider}/{model}", f'kind = "{provider}"\nkey_file = "{key_file}"'))


def _config(model: str, provider_lines: str) -> str:
    provider = model.partition("/")[0]
    nixpkgs = os.environ.get("OCTRA_NIXPKGS", "" if Path("/etc/NIXOS").exists() else "stand-in")
    # The host's tools need no cache of built packages, so a store of the demo's own will do, and goes with it.
    store = 'store = "private"\n' if nixpkgs == "stand-in" else ""
    nix = f'[nix]\nnixpkgs = "{nixpkgs}"\n{store}' if nixpkgs else ""
    # Where the packages bring no PostgreSQL of their own, as on NixOS, whoever starts the demo starts one.
    dsn = os.environ.get("OCTRA_DSN", "")
    database = f'[database]\ndsn = "{dsn}"\n' if dsn else ""
    return f'[models]\nchain = ["{model}"]\n[providers.{provider}]\n{provider_lines}\n{nix}{database}'


def _loaded_ollama_model() -> str:
    with contextlib.suppress(OSError, ValueError, urllib.error.URLError):
        with urllib.request.urlopen(f"{OLLAMA}/api/ps", timeout=1) as response:  # noqa: S310 - a constant
            loaded = json.load(response).get("models", [])
        return str(loaded[0]["name"]) if loaded else ""
    return ""


def _start(argv: list[str], ready: str, stack: contextlib.ExitStack, log: Path | None = None) -> str:
    """Starts a long-running program; returns what follows `ready` on the line with which it says that it is."""
    stderr = log.open("w", encoding="utf-8") if log else subprocess.DEVNULL
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)
    stack.callback(_stop, process)
    deadline = time.monotonic() + START_TIMEOUT_S
    for line in process.stdout or ():
        if line.startswith(ready):
            return line.removeprefix(ready).strip()
        if time.monotonic() > deadline:
            break
    said = log.read_text(encoding="utf-8")[-4000:] if log else ""
    sys.exit(f"demo: failed: `{' '.join(argv[1:4])}` did not become ready\n{said}")


def _start_rehearsal(stack: contextlib.ExitStack) -> str:
    return _start([*OCTRAD, "rehearse", "--port", "0"], "rehearsal: listening on ", stack)


def _start_daemon(base: Path, brain: Brain, stack: contextlib.ExitStack) -> Path:
    config = base / "octrad.toml"
    config.write_text(brain.config, encoding="utf-8")
    argv = [*OCTRAD, "serve", "--state-dir", str(base / "state"), "--config", str(config)]
    return Path(_start(argv, "octrad: ready on ", stack, base / "octrad.log"))


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit(f"demo: failed: `{process.args!r}` did not stop within {STOP_TIMEOUT_S} s")


def _octractl(socket: Path, *arguments: str) -> None:
    print(f"\n$ octractl {shlex.join(arguments)}", flush=True)
    environment = os.environ | {"OCTRA_SOCKET": str(socket)}
    ended = subprocess.run([*OCTRACTL, *arguments], cwd=ROOT, timeout=TASK_TIMEOUT_S, check=False, env=environment)
    if ended.returncode != 0:
        sys.exit(f"demo: failed: `octractl {arguments[0]}` exited {ended.returncode}")


def _submit(socket: Path, base: Path) -> dict[str, str]:
    """Submits the scenario's request, follows it to its end, and returns the task."""
    scenario = tomllib.loads((ROOT / f"octrad/rehearsal/scenarios/{SCENARIO}.toml").read_text(encoding="utf-8"))
    _octractl(socket, "submit", str(scenario["request"]), "--project", "demo", "--anyway")
    argv = [*OCTRACTL, "--socket", str(socket), "list", "--project", "demo", "--json"]
    listed = subprocess.run(argv, cwd=ROOT, timeout=60, check=True, capture_output=True)
    (base / "tasks.json").write_bytes(listed.stdout)
    task: dict[str, str] = json.loads(listed.stdout)["tasks"][0]
    return task


def _run_program(project: Path) -> None:
    """Shows the restored repository and proves it where it now stands, outside of Octra."""
    environment = os.environ | {"HOME": str(project.parent)}
    commands = [
        "git log --oneline | head -5",
        "git status --short",
        "ls",
        "python3 -m unittest discover 2>&1 | tail -3",
    ]
    if (project / "todo").is_dir():
        commands += ["python3 -m todo add 'read the design'", "python3 -m todo list"]
    for command in commands:
        print(f"\n$ {command}", flush=True)
        argv = ["bash", "-o", "pipefail", "-c", command]
        subprocess.run(argv, cwd=project, env=environment, timeout=120, check=True)


def _processes_of(base: Path) -> list[str]:
    """Command lines of processes that still name the demo's directory."""
    left = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(base) in words:
                left.append(words.strip())
    return left


def _remove_read_only(base: Path) -> None:
    """Nix keeps its store read-only; a temporary directory that holds one needs that undone."""
    for directory, _, _ in os.walk(base):
        with contextlib.suppress(OSError):
            Path(directory).chmod(0o700)
    shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    timings[name] = time.monotonic() - started


if __name__ == "__main__":
    main()
