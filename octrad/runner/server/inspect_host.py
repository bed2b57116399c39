"""What this machine offers and lacks for running commands: asked by `octrad check` and by people through the API."""

import os
import shutil
import tempfile
from pathlib import Path

from octrad.foundation.config import Config
from octrad.foundation.errors import OctraError
from octrad.foundation.finding import Finding
from octrad.foundation.state_dir import make_state_dir
from octrad.runner.reading import HostReport
from octrad.runner.server.nix import inspect_host as nix_host
from octrad.runner.server.nix.nixpkgs import Nixpkgs, resolve_nixpkgs
from octrad.runner.server.nix.roots_directory import inspect_roots_directory
from octrad.runner.server.nix.store import NixStore, choose_store
from octrad.runner.server.sandbox.describe_sandbox import Sandbox
from octrad.runner.server.sandbox.limit_command import Limits
from octrad.runner.server.sandbox.run_sandboxed import Ended, run_sandboxed
from octrad.runner.server.sandbox.show_etc import write_etc
from octrad.runner.server.sandbox.stage import Stage, make_stage
from octrad.runner.server.workshop import runner_directory

_TRIAL = Limits(timeout_s=10, output_bytes=65536, memory_bytes=2**30, processes=64, file_bytes=2**20)
_HOST_TOOLS = ("/usr", "/bin", "/lib", "/lib64", "/nix/store")


async def inspect_host(state_dir: Path, config: Config) -> tuple[Finding, ...]:
    """Returns what was looked at, well or not. Changes nothing but a few files below the state directory."""
    runner_dir = runner_directory(state_dir)
    try:
        make_state_dir(state_dir)
        store = choose_store(config.nix, runner_dir)
        nixpkgs = await resolve_nixpkgs(config.nix, runner_dir)
    except OctraError as error:
        broken = Finding("nix", ok=False, detail=error.message, hint=error.hint)
        return (broken, await _inspect_sandbox())
    except OSError as error:
        detail, hint = f"cannot write {error.filename or runner_dir}: {error.strerror}", "choose another --state-dir"
        return (Finding("nix", ok=False, detail=detail, hint=hint), await _inspect_sandbox())
    roots = config.snapshots.roots_dir
    found = (await inspect_workshop(store, nixpkgs, running=0)).findings
    return (inspect_roots_directory(roots), *found) if roots else found


async def inspect_workshop(store: NixStore, nixpkgs: Nixpkgs, *, running: int) -> HostReport:
    """Returns the same for a runner that serves."""
    inspection = await nix_host.inspect_host(store, nixpkgs)
    return HostReport(
        findings=(*inspection.findings, await _inspect_sandbox()),
        nix_version=inspection.nix_version,
        store_dir=inspection.store_dir,
        nixpkgs=inspection.nixpkgs,
        stand_in=inspection.stand_in,
        running=running,
    )


async def _inspect_sandbox() -> Finding:
    """Really runs a command, since what a kernel or container forbids is seen only so."""
    if shutil.which("bwrap") is None:
        detail, hint = "a command cannot be tried without bubblewrap", nix_host.INSTALL_BUBBLEWRAP
        return Finding("sandbox", ok=False, detail=detail, hint=hint)
    output: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="octra-check-") as name:
        try:
            ended = await _try_sandbox(Path(name), output)
        except OctraError as error:
            hint = _hint() if "octrad check" in error.hint else error.hint or _hint()
            return Finding("sandbox", ok=False, detail=_said(error.message, output), hint=hint)
    if ended.exit_code != 0:
        return Finding("sandbox", ok=False, detail=_said(f"a command exited {ended.exit_code}", output), hint=_hint())
    return Finding("sandbox", ok=True, detail="a command ran, cut off from the network and from this machine's files")


async def _try_sandbox(directory: Path, output: list[bytes]) -> Ended:
    stage = await make_stage({"check": directory})
    try:
        sandbox = _describe_trial(directory, stage)
        return await run_sandboxed(sandbox, _TRIAL, output.append, entry=stage.entry)
    finally:
        stage.close()


def _describe_trial(directory: Path, stage: Stage) -> Sandbox:
    work_dir, etc_dir = directory / "work", write_etc(directory / "etc")
    work_dir.mkdir()
    for shown in (directory, work_dir):
        shown.chmod(0o755)  # the command may be another user
    return Sandbox(
        work_dir=stage.locate(work_dir),
        etc_dir=stage.locate(etc_dir),
        argv=(os.path.realpath(shutil.which("bash") or "/bin/sh"), "-c", "exit 0"),
        variables={},
        read_only={path: path for path in _HOST_TOOLS},
        temporary_bytes=2**20,
    )


def _said(message: str, output: list[bytes]) -> str:
    text = b"".join(output).decode(errors="replace").strip()
    return f"{message}: {text}" if text else message


def _hint() -> str:
    for name, wanted in (
        ("kernel/unprivileged_userns_clone", "1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "0"),
    ):
        setting = Path("/proc/sys") / name
        if setting.exists() and setting.read_text(encoding="ascii").strip() != wanted:
            return f"allow user namespaces: sysctl -w {name.replace('/', '.')}={wanted} (NixOS: boot.kernel.sysctl)"
    limit = Path("/proc/sys/user/max_user_namespaces")
    if limit.exists() and limit.read_text(encoding="ascii").strip() == "0":
        return "allow user namespaces: sysctl -w user.max_user_namespaces=15000 (NixOS: boot.kernel.sysctl)"
    return "user, mount, pid and network namespaces are needed; a container must be started so that it may make them"
