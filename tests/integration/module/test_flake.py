"""The flake: what it offers, evaluated offline with a stand-in for nixpkgs, and the pin that it shares with octrad."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from octrad.foundation.config import NIXPKGS_PIN
from octrad.runner.server.nix.flake_lock import pinned_lock_text
from tests.daemon import ROOT
from tests.integration.module.nix import run_nix
from tests.wheel import copy_source

STAND_IN = Path(__file__).parent / "stand_in_nixpkgs"
SYSTEMS = ["aarch64-linux", "x86_64-linux"]


@pytest.fixture(scope="module")
def flake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("flake")
    for name in ("flake.nix", "flake.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, directory)
    for name in ("nix", "nixos-module"):
        shutil.copytree(ROOT / name, directory / name)
    return directory


def test_flake_lock_pins_what_octrad_pins() -> None:
    lock = json.loads((ROOT / "flake.lock").read_text(encoding="utf-8"))
    locked = lock["nodes"]["nixpkgs"]["locked"]
    assert f"{locked['type']}:{locked['owner']}/{locked['repo']}/{locked['rev']}" == NIXPKGS_PIN
    assert locked == json.loads(pinned_lock_text())["nodes"]["nixpkgs"]["locked"]


@pytest.mark.parametrize(
    ("output", "names"),
    [
        ("packages", ["default", "octractl", "octrad"]),
        ("apps", ["demo", "octractl"]),
        ("devShells", ["default"]),
        ("checks", ["format", "lint", "machines", "module", "stacks", "types", "unit"]),
    ],
)
def test_flake_offers_for_both_systems(output: str, names: list[str], flake: Path, tmp_path: Path) -> None:
    found = _evaluate(flake, output, "systems: builtins.mapAttrs (_: builtins.attrNames) systems", tmp_path)
    assert found == dict.fromkeys(SYSTEMS, names)


def test_flake_brings_the_module_an_overlay_and_a_formatter(flake: Path, tmp_path: Path) -> None:
    assert _evaluate(flake, "nixosModules", "builtins.attrNames", tmp_path) == ["default"]
    assert _evaluate(flake, "overlays", "builtins.attrNames", tmp_path) == ["default"]
    assert _evaluate(flake, "formatter", "builtins.attrNames", tmp_path) == SYSTEMS


def test_the_module_leaves_nixpkgs_as_it_is(flake: Path, tmp_path: Path) -> None:
    # An overlay in it would be refused where nixpkgs is read-only, as it is in NixOS's own test machines.
    assert _evaluate(flake, "nixosModules", "modules: builtins.typeOf modules.default", tmp_path) == "path"
    module = (ROOT / "nixos-module").rglob("*.nix")
    assert [file.name for file in module if "nixpkgs.overlays" in file.read_text(encoding="utf-8")] == []


def test_the_packages_are_built_of_all_that_the_wheel_is_made_of(tmp_path: Path) -> None:
    file_sets = "{ fileset = { toSource = source: source.fileset; unions = map toString; }; }"
    expression = f"import {ROOT / 'nix' / 'source.nix'} {{ lib = {file_sets}; }}"
    ended = run_nix(["nix-instantiate", "--eval", "--strict", "--json", "-E", expression], tmp_path / "nix")
    assert ended.returncode == 0, ended.stderr
    needed = {path.name for path in copy_source(tmp_path / "source").iterdir()}
    assert needed <= {Path(path).name for path in json.loads(ended.stdout)}


def test_every_nix_file_parses(tmp_path: Path) -> None:
    files = [str(file) for name in ("nix", "nixos-module") for file in sorted((ROOT / name).rglob("*.nix"))]
    ended = run_nix(["nix-instantiate", "--parse", str(ROOT / "flake.nix"), *files], tmp_path)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("file", "lock"), [("procrastinate.nix", "requirements.txt"), ("grpc-stubs.nix", "requirements-dev.txt")]
)
def test_wheels_are_the_locked_ones(file: str, lock: str) -> None:
    package = (ROOT / "nix" / file).read_text("utf-8")
    packages = re.findall(r'pname = "([^"]+)";\s+version = "([^"]+)";.*?sha256 = "(\w+)";', package, re.DOTALL)
    assert packages
    for name, version, sha256 in packages:
        entry = (ROOT / lock).read_text("utf-8").split(f"\n{name}=={version} ")[1].split("==")[0]
        assert f"--hash=sha256:{sha256}" in entry


def _evaluate(flake: Path, output: str, apply: str, store: Path) -> Any:
    argv = ["nix", "eval", "--json", f"path:{flake}#{output}", "--apply", apply]
    argv += ["--override-input", "nixpkgs", f"path:{STAND_IN}", "--no-write-lock-file"]
    ended = run_nix(argv, store)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
