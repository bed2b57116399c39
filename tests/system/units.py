"""The units, users and configuration as the NixOS module renders them, here for a machine without NixOS."""

import json
import shutil
import subprocess
import tempfile
from typing import Any

from tests.daemon import ROOT
from tests.system.python_packages import VENV

# Whom systemd reads its files from.
SYSTEMD = "/etc/systemd/system"
CONFIG = "/etc/octra/octrad.toml"
# The group that Debian lets use the Nix daemon; on NixOS everybody may.
HOST = {"runnerGroups": ["nix-users"]}


def render(options: dict[str, Any]) -> dict[str, str]:
    """Returns the module's files by the path where the machine wants them; `options` are those of `services.octra`."""
    nix = shutil.which("nix-instantiate")
    assert nix, "the units come from the NixOS module, which needs nix-instantiate"
    argv = [nix, "--eval", "--strict", "--json", str(ROOT / "nixos-module" / "render.nix")]
    argv += ["--argstr", "package", str(VENV), "--argstr", "options", json.dumps(options)]
    argv += ["--argstr", "host", json.dumps(HOST)]
    with tempfile.TemporaryDirectory(prefix="octra-render-") as directory:
        # A store of its own: evaluation writes nothing, and yet looks for one.
        environment = {"HOME": directory, "NIX_STORE_DIR": f"{directory}/store", "NIX_STATE_DIR": f"{directory}/state"}
        rendered = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert rendered.returncode == 0, rendered.stderr
    return {_place(name): text for name, text in json.loads(rendered.stdout).items()}


def _place(name: str) -> str:
    if name == "octrad.toml":
        return CONFIG
    return f"/etc/{name}" if "/" in name else f"{SYSTEMD}/{name}"
