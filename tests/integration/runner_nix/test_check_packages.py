"""What nixpkgs says of attributes, asked of the stand-in and of a nixpkgs with packages that are not to be had."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from octrad.foundation.config import Nix
from octrad.foundation.errors import InvalidRequestError, UnavailableError
from octrad.runner.operations import CheckedPackages, StackEnvironment
from octrad.runner.server.nix.build_environment import EnvironmentBuilder, EnvironmentRequest, build_environment
from octrad.runner.server.nix.check_packages import PACKAGES_AT_MOST, check_packages
from octrad.runner.server.nix.nixpkgs import Nixpkgs, resolve_nixpkgs
from octrad.runner.server.nix.store import NixStore
from octrad.runner.server.trees.read_files import read_files
from octrad.runner.server.trees.task_tree import TaskTree
from tests.faulty_nixpkgs import write_faulty_nixpkgs
from tests.integration.runner_nix.conftest import commit_as_user

PLAIN = StackEnvironment("plain", ("bash",))
HOSTILE = [
    '${builtins.exec [ "touch" "CANARY" ]}',
    "a;b",
    "../",
    "",
    ".",
    "git.",
    'git"]; x = [ "',
    "a b",
    "git\ngit",
    "é",
    "a.b.c.d.e.f.g.h.i",
    "x" * 101,
    "--impure",
]


@pytest.fixture
async def nixpkgs(tmp_path: Path, runner_dir: Path) -> Nixpkgs:
    return await resolve_nixpkgs(Nix(nixpkgs=str(write_faulty_nixpkgs(tmp_path / "nixpkgs"))), runner_dir)


async def _check(tree: TaskTree, commit: str, builder: EnvironmentBuilder, names: Sequence[str]) -> dict[str, str]:
    checked = await check_packages(tree, commit, names, builder)
    assert [found.attribute for found in checked.packages] == list(names)
    return {found.attribute: found.fault for found in checked.packages}


async def test_what_the_stand_in_has_and_has_not_is_told_apart(
    tree: TaskTree, first: str, store: NixStore, runner_dir: Path
) -> None:
    stand_in = await resolve_nixpkgs(Nix(nixpkgs="stand-in"), runner_dir)
    builder = EnvironmentBuilder(store, stand_in, runner_dir / "environments", 60)
    faults = await _check(tree, first, builder, ["git", "nosuchthing", "git.no.such", "lib", "mkShell"])
    assert faults == {
        "git": "",
        "nosuchthing": "does not exist in nixpkgs",
        "git.no.such": "does not exist in nixpkgs",
        "lib": "is not a package",
        "mkShell": "is not a package",
    }


async def test_what_cannot_be_had_says_why(tree: TaskTree, first: str, builder: EnvironmentBuilder) -> None:
    names = ["free", "worded", "broken", "insecure", "elsewhere", "needs-broken", "renamed", "endless"]
    assert await _check(tree, first, builder, names) == {
        "free": "",
        "worded": "",
        "broken": "is marked as broken",
        "insecure": "is marked as insecure",
        "elsewhere": "is not available on this system",
        "needs-broken": "cannot be evaluated: Package 'broken' is marked as broken, refusing to evaluate.",
        "renamed": "cannot be evaluated: 'renamed' has been renamed to 'other'",
        "endless": "cannot be evaluated: stack overflow (possible infinite recursion)",
    }


async def test_an_unfree_licence_is_no_fault_but_is_told(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    names = ["proprietary", "licensed", "twice-licensed", "pkgs.pkgs.free"]
    checked = await check_packages(tree, first, names, builder)
    assert [found.unfree for found in checked.packages] == [True, True, True, False]
    assert [found.fault for found in checked.packages] == [""] * 4
    # By this a denial finds it, whatever it is reached by.
    assert checked.packages[-1].name == "free"


async def test_hostile_names_are_no_attributes(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    faults = await _check(tree, first, builder, [name.replace("CANARY", str(canary)) for name in HOSTILE])
    assert set(faults.values()) <= {"is not the name of an attribute", "does not exist in nixpkgs"}
    assert not await asyncio.to_thread(canary.exists)


async def test_of_a_project_with_a_flake_of_its_user_nothing_is_asked(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    made = await commit_as_user(tree, first, {"flake.nix": "{ outputs = _: { }; }"})
    assert await check_packages(tree, made, ["free"], builder) == CheckedPackages((), users_flake=True)


async def test_too_many_are_refused(tree: TaskTree, first: str, builder: EnvironmentBuilder) -> None:
    with pytest.raises(InvalidRequestError, match="more than"):
        await check_packages(tree, first, ["git"] * (PACKAGES_AT_MOST + 1), builder)


async def test_nixpkgs_that_cannot_be_fetched_is_nobodys_fault(
    tree: TaskTree, first: str, store: NixStore, runner_dir: Path
) -> None:
    nowhere = Nixpkgs("x", "https://localhost:1/nixpkgs.tar.gz", pinned=False)
    with pytest.raises(UnavailableError, match="cannot be fetched"):
        await check_packages(tree, first, ["git"], EnvironmentBuilder(store, nowhere, runner_dir / "environments", 60))


async def test_an_environment_has_unfree_packages_where_that_is_permitted(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    asked = EnvironmentRequest("T", PLAIN, ("proprietary",), unfree=True, subject="Add packages: proprietary")
    built = await build_environment(tree, first, asked, builder)
    [flake] = await read_files(tree, built.commit, ["flake.nix"], 100_000)
    assert "config.allowUnfree = true;" in flake.content
    with pytest.raises(InvalidRequestError, match="has an unfree license"):
        await build_environment(tree, first, EnvironmentRequest("T", PLAIN, ("proprietary",)), builder)
