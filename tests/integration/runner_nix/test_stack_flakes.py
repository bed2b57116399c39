"""Every shipped stack's flake, really evaluated: against a stand-in that has every program, and against this host's."""

import json
import shutil
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.process import run
from octrad.knowledge.combine_stacks import combine_stacks
from octrad.knowledge.library import read_library
from octrad.runner.server.nix.build_environment import EnvironmentBuilder, EnvironmentRequest, build_environment
from octrad.runner.server.nix.flake import flake_text
from octrad.runner.server.nix.flake_lock import PIN_URL
from octrad.runner.server.nix.nixpkgs import Nixpkgs
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.nix.write_stand_in import HOST_PROGRAMS, OPTIONAL, Tools, present_tools
from octrad.runner.server.trees.task_tree import TaskTree
from tests.stack_environments import stack_environment

STACKS = read_library().stacks
SYSTEMS = {"x86_64-linux", "aarch64-linux"}
SOURCE = files("octrad.runner.server.nix") / "stand_in"
TABLE = tomllib.loads((SOURCE / "tools.toml").read_text(encoding="utf-8"))
# All shells of all flakes in one evaluation; what throws is null, and an attribute that does not exist ends it.
SHELLS = """
let
  nixpkgs = (import {stand_in}/flake.nix).outputs {{ self = nixpkgs; }};
  shells = file: ((import file).outputs {{ self = {{ }}; inherit nixpkgs; }}).devShells;
  drv = shell: let tried = builtins.tryEval shell.default.drvPath; in if tried.success then tried.value else null;
in builtins.mapAttrs (_: file: builtins.mapAttrs (_: drv) (shells file)) {{ {files} }}
"""


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    """A stand-in on whose host nothing is missing."""
    directory = tmp_path / "complete"
    directory.mkdir()
    (directory / "flake.nix").write_text((SOURCE / "flake.nix").read_text(encoding="utf-8"))
    (directory / "tools.json").write_text(json.dumps(present_tools(TABLE, lambda _: True)))
    return directory


@pytest.fixture
def flakes(tmp_path: Path) -> dict[str, Path]:
    """The flake of each stack, in a directory of its own."""
    made = {name: tmp_path / "flakes" / name / "flake.nix" for name in STACKS}
    for name, flake in made.items():
        flake.parent.mkdir(parents=True)
        flake.write_text(flake_text("A project", stack_environment(STACKS[name]), [], PIN_URL))
    return made


async def test_every_attribute_of_every_stack_evaluates(
    store: NixStore, complete: Path, flakes: dict[str, Path]
) -> None:
    shells = await _shells(store, complete, flakes)
    assert shells.keys() == STACKS.keys()
    for name, drvs in shells.items():
        assert drvs.keys() == SYSTEMS, name
        assert all(drv and drv.endswith("-nix-shell.drv") for drv in drvs.values()), name


async def test_flakes_show_a_shell_for_every_system(store: NixStore, complete: Path, flakes: dict[str, Path]) -> None:
    for name, flake in flakes.items():
        argv = ["nix", "flake", "show", "--json", "--no-write-lock-file", "--override-input", "nixpkgs"]
        shown = await run([*argv, f"path:{complete}", f"path:{flake.parent}"], env=store.environment)
        assert json.loads(shown.stdout)["devShells"].keys() == SYSTEMS, name


async def test_of_this_host_those_stacks_can_be_had_whose_programs_it_has(
    store: NixStore, nixpkgs: Nixpkgs, flakes: dict[str, Path]
) -> None:
    shells = await _shells(store, Path(nixpkgs.override.removeprefix("path:")), flakes)
    had = {name for name, drvs in shells.items() if all(drvs.values())}
    assert had == {name for name, stack in STACKS.items() if all(map(_is_on_host, stack.attributes))}
    assert "plain" in had


async def test_program_that_this_host_has_not_is_named(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, nixpkgs: Nixpkgs
) -> None:
    tools = Path(nixpkgs.override.removeprefix("path:")) / "tools.json"
    tools.write_text(json.dumps(json.loads(tools.read_text()) | {"zig": {"missing": "zig"}}))
    with pytest.raises(InvalidRequestError, match=r"no `zig`: this machine has no /usr/bin/zig") as caught:
        await build_environment(tree, first, EnvironmentRequest("x", stack_environment(STACKS["zig"])), builder)
    assert caught.value.field == "packages"


async def test_environment_of_two_stacks_has_the_tools_and_variables_of_both(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    if not all(map(_is_on_host, (*STACKS["python"].attributes, *STACKS["node"].attributes))):
        pytest.skip("this host has not both Python and Node.js")
    both = combine_stacks([STACKS["python"], STACKS["node"]])
    built = await build_environment(tree, first, EnvironmentRequest("x", stack_environment(both)), builder)
    captured = json.loads((builder.environments_dir / built.environment_hash / "environment.json").read_bytes())
    assert captured["variables"]["npm_config_offline"] == "true"
    assert captured["variables"]["PYTHONDONTWRITEBYTECODE"] == "1"
    for program in ("python3", "npm"):
        assert shutil.which(program, path=captured["variables"]["PATH"]), program


async def test_the_check_of_the_flake_covers_every_stack(store: NixStore, complete: Path, tmp_path: Path) -> None:
    lines = (await _check(store, complete)).splitlines()
    assert {line.split()[0] for line in lines if line.strip().endswith("-nix-shell.drv")} == set(STACKS)
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "odd.toml").write_text('name = "odd"\nshell = "mkShell"\nattributes = ["bash", "nodePackages.npm"]\n')
    assert "nodePackages" in await _check(store, complete, stacks=odd, fails=True)


async def _shells(store: NixStore, stand_in: Path, flakes: Mapping[str, Path]) -> dict[str, dict[str, str | None]]:
    listed = " ".join(f'"{name}" = {flake};' for name, flake in flakes.items())
    expression = SHELLS.format(stand_in=stand_in, files=listed)
    done = await run(["nix", "eval", "--impure", "--json", "--expr", expression], env=store.environment)
    shells: dict[str, dict[str, str | None]] = json.loads(done.stdout)
    return shells


async def _check(store: NixStore, stand_in: Path, *, stacks: Path | None = None, fails: bool = False) -> str:
    """What the check would write, or what Nix says of it when it fails."""
    check = Path(__file__).parents[3] / "nix" / "checks" / "stacks.nix"
    packages = f"((import {stand_in}/flake.nix).outputs {{ self = {{ }}; }}).legacyPackages.x86_64-linux"
    pkgs = f"{packages} // {{ runCommand = _: _: script: script; }}"
    expression = f"import {check} {{ pkgs = {pkgs}; {f'stacks = {stacks};' if stacks else ''} }}"
    argv = ["nix", "eval", "--impure", "--raw", "--show-trace", "--expr", expression]
    done = await run(argv, env=store.environment, check=False)
    assert (done.exit_code != 0) is fails, done.stderr.decode()
    return done.stderr.decode() if fails else done.text


def _is_on_host(attribute: str) -> bool:
    tool: Tools | list[str] = TABLE
    for part in attribute.split("."):
        assert isinstance(tool, dict)
        tool = tool[part]
    assert isinstance(tool, list)
    return not tool or tool[0].endswith(OPTIONAL) or (HOST_PROGRAMS / tool[0]).exists()
