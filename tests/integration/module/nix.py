"""Nix programs that really evaluate, with a store of their own and nothing of this user's or machine's settings."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.daemon import ROOT

PACKAGE = "/opt/octra/venv"
_SETTINGS = """experimental-features = nix-command flakes
substituters =
build-users-group =
flake-registry =
warn-dirty = false
"""


def run_nix(argv: list[str], store: Path) -> subprocess.CompletedProcess[str]:
    """Runs a Nix program with everything that it keeps below `store`."""
    conf = store / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    registry = conf / "registry.json"
    registry.write_text('{"version":2,"flakes":[]}', encoding="ascii")
    settings = _SETTINGS.replace("flake-registry =", f"flake-registry = {registry}")
    (conf / "nix.conf").write_text(settings, encoding="ascii")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(store),
        "NIX_STORE_DIR": str(store / "store"),
        "NIX_STATE_DIR": str(store / "var" / "nix"),
        "NIX_LOCALSTATE_DIR": str(store / "var"),
        "NIX_LOG_DIR": str(store / "var" / "log"),
        "NIX_CONF_DIR": str(conf),
    }
    return subprocess.run(argv, capture_output=True, text=True, timeout=100, check=False, env=environment)


def render_raw(options: dict[str, Any], store: Path, **host: Any) -> subprocess.CompletedProcess[str]:
    """Evaluates the module's render.nix for options of `services.octra`."""
    argv = ["nix-instantiate", "--eval", "--strict", "--json", str(ROOT / "nixos-module" / "render.nix")]
    argv += ["--argstr", "package", PACKAGE, "--argstr", "options", json.dumps(options)]
    return run_nix([*argv, "--argstr", "host", json.dumps(host)], store)


def render(options: dict[str, Any], store: Path, **host: Any) -> dict[str, str]:
    """The same; returns the texts by name."""
    ended = render_raw(options, store, **host)
    assert ended.returncode == 0, ended.stderr
    files: dict[str, str] = json.loads(ended.stdout)
    return files
