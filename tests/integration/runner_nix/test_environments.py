import asyncio
import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from octrad.foundation.config import NIXPKGS_PIN
from octrad.foundation.errors import InvalidRequestError, NotFoundError, UnavailableError
from octrad.foundation.process import CommandFailedError, run
from octrad.runner.operations import BuiltEnvironment, StackEnvironment
from octrad.runner.server.nix.build_environment import (
    EnvironmentBuilder,
    EnvironmentRequest,
    build_environment,
)
from octrad.runner.server.nix.environment import Environment, load_environment
from octrad.runner.server.nix.flake_lock import PIN_REV, pinned_lock_text
from octrad.runner.server.nix.nixpkgs import Nixpkgs
from octrad.runner.server.trees.commit_branch import commit_tree
from octrad.runner.server.trees.read_files import read_files
from octrad.runner.server.trees.task_tree import TaskTree
from tests.integration.runner_nix.conftest import commit_as_user, write_and_commit, write_tree

PYTHON = StackEnvironment(
    "python", ("python3",), ignore=("__pycache__/", ".venv/"), variables={"GREETING": "a ${b} 'c'"}
)
HOSTILE = "x\"; ${builtins.readFile \"/etc/shadow\"} \\ ' '' $${ü}\n"


async def _build(
    tree: TaskTree, commit: str, builder: EnvironmentBuilder, *packages: str, title: str = "A title"
) -> BuiltEnvironment:
    return await build_environment(tree, commit, EnvironmentRequest(title, PYTHON, packages), builder)


async def _bash(environment: Environment, command: str) -> str:
    prefix = f"source {environment.activate}; " if environment.shell_hook else ""
    argv = [environment.bash, "-c", prefix + command]
    return (await run(argv, env=environment.variables)).text


async def test_an_environment_is_captured_and_runs_without_nix(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    built = await _build(tree, first, builder, "git", title=HOSTILE)
    assert built.stand_in
    environment = load_environment(builder.environments_dir, built.environment_hash)
    assert await _bash(environment, 'printf %s "$GREETING"') == "a ${b} 'c'"
    assert await _bash(environment, "command -v python3 git ls make") == "\n".join(
        line for line in (await _bash(environment, "type -P python3 git ls make")).splitlines()
    )
    assert (await _bash(environment, "command -v python3")).startswith(environment.store_dir)
    assert await _bash(environment, "python3 -c 'print(6 * 7)'") == "42"
    assert not {"HOME", "TMPDIR", "NIX_BUILD_TOP", "out", "name", "builder"} & environment.variables.keys()
    assert "/usr" in environment.host_paths


async def test_flake_lock_and_ignored_output_are_committed(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    made = await write_and_commit(tree, first, {".gitignore": "mine"})
    built = await _build(tree, made.commit, builder)
    files = {
        file.path: file.content
        for file in await read_files(tree, built.commit, ["flake.nix", "flake.lock", ".gitignore"], 100_000)
    }
    assert files[".gitignore"] == "mine\n__pycache__/\n.venv/\n"
    assert files["flake.lock"] == pinned_lock_text()
    assert PIN_REV in NIXPKGS_PIN
    assert "pkgs.python3" in files["flake.nix"]


async def test_the_same_environment_is_made_once(tree: TaskTree, first: str, builder: EnvironmentBuilder) -> None:
    one, two, three = await asyncio.gather(
        *(_build(tree, first, builder, title=title) for title in ("One", "Two", "Three"))
    )
    assert one.environment_hash == two.environment_hash == three.environment_hash
    assert len(list(builder.environments_dir.iterdir())) == 1
    other = await _build(tree, first, builder, "git")
    assert other.environment_hash != one.environment_hash


async def test_our_own_flake_is_written_anew_and_a_changed_one_is_kept(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    one = await _build(tree, first, builder)
    two = await _build(tree, one.commit, builder, "git")
    assert two.commit != one.commit
    text = (await read_files(tree, two.commit, ["flake.nix"], 100_000))[0].content
    assert "pkgs.git" in text
    changed = await commit_as_user(tree, two.commit, {"flake.nix": text.replace("pkgs.git", "pkgs.which")})
    three = await _build(tree, changed, builder, "git")
    assert three.commit == changed
    environment = load_environment(builder.environments_dir, three.environment_hash)
    assert "which-host" in environment.variables["PATH"]


async def test_a_foreign_flake_may_read_its_project_and_have_a_hook(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    flake = """{
      outputs = { self, nixpkgs }: {
        devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system:
          { default = (import ./nix/shell.nix) nixpkgs.legacyPackages.${system}; });
      };
    }"""
    shell = "pkgs: pkgs.mkShell { packages = [ pkgs.git ]; shellHook = ''export HOOKED=\"it's $(echo so)\"''; }"
    made = await commit_as_user(tree, first, {"flake.nix": flake, "nix/shell.nix": shell})
    built = await _build(tree, made, builder)
    assert built.commit == made
    environment = load_environment(builder.environments_dir, built.environment_hash)
    assert await _bash(environment, 'printf %s "$HOOKED"') == "it's so"


FOREIGN = """{
  outputs = { self, nixpkgs }: {
    devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system:
      { default = (import ./nix/shell.nix) nixpkgs.legacyPackages.${system}; });
  };
}"""


async def test_a_file_that_a_users_flake_imports_is_evaluated_as_the_user_wrote_it(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    made = await commit_as_user(
        tree, first, {"flake.nix": FOREIGN, "nix/shell.nix": "pkgs: pkgs.mkShell { packages = [ pkgs.git ]; }"}
    )
    evil = await write_and_commit(tree, made, {"nix/shell.nix": "pkgs: throw (builtins.readFile /etc/hostname)"})
    assert evil.paths == ("nix/shell.nix",)
    built = await _build(tree, evil.commit, builder)
    assert built.commit == evil.commit
    assert built.environment_hash == (await _build(tree, made, builder)).environment_hash


async def test_a_flake_that_a_command_wrote_is_not_committed(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    built = await _build(tree, first, builder)
    evil = await write_and_commit(tree, built.commit, {"flake.nix": "throw 1", "flake.lock": "{}", "a": "a"})
    assert (evil.paths, evil.kept) == (("a",), ("flake.nix", "flake.lock"))
    only = await write_and_commit(tree, built.commit, {"flake.nix": "throw 1"})
    assert (only.commit, only.paths) == (built.commit, ())


async def test_a_flake_that_is_not_the_users_is_never_evaluated(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    written = await write_tree(tree, first, {"flake.nix": "throw 1", "flake.lock/x": "in the way"})
    evil = await commit_tree(tree, "main", written, (first,), "As if it had come in before it was refused")
    built = await _build(tree, evil.commit, builder)
    files = await read_files(tree, built.commit, ["flake.nix", "flake.lock"], 100_000)
    assert files[0].content.startswith("# Written by Octra")
    assert files[1].content == pinned_lock_text()


@pytest.mark.parametrize("url", ["path:{}", "git+file://{}"])
async def test_a_flake_reads_nothing_of_the_machine(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, tmp_path: Path, url: str
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("sk-1")
    await run(["git", "init", "-q", str(secret)])
    await run(["git", "-C", str(secret), "add", "key"])
    inputs = f'inputs.secret = {{ url = "{url.format(secret)}"; flake = false; }};'
    flake = FOREIGN.replace("{", "{" + inputs, 1).replace("nixpkgs }", "nixpkgs, secret }")
    shell = "pkgs: pkgs.mkShell { }"
    made = await commit_as_user(tree, first, {"flake.nix": flake, "nix/shell.nix": shell})
    with pytest.raises(InvalidRequestError, match=r"`secret` of the project's flake\.nix is a place on"):
        await _build(tree, made, builder)
    assert list(builder.environments_dir.iterdir()) == []


async def test_a_flake_cannot_configure_nix(tree: TaskTree, first: str, builder: EnvironmentBuilder) -> None:
    hook = builder.environments_dir.parent / "ran"
    config = f'nixConfig.post-build-hook = "/bin/touch {hook}"; nixConfig.sandbox = false;'
    shell = 'pkgs: pkgs.mkShell { packages = [ (builtins.readFile "/etc/hostname") ]; }'
    made = await commit_as_user(
        tree, first, {"flake.nix": FOREIGN.replace("{", "{" + config, 1), "nix/shell.nix": shell}
    )
    with pytest.raises(CommandFailedError, match="pure"):
        await _build(tree, made, builder)
    assert not hook.exists()


async def test_a_foreign_flake_without_a_shell_is_named(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    made = await commit_as_user(tree, first, {"flake.nix": "{ outputs = { self, nixpkgs }: { }; }"})
    with pytest.raises(InvalidRequestError, match=r"devShells\.default"):
        await _build(tree, made, builder)


@pytest.mark.parametrize("name", ["nosuchthing", "phpPackages.nosuch", "git.no.such"])
async def test_an_attribute_that_does_not_exist_is_named_and_leaves_nothing(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, name: str
) -> None:
    with pytest.raises(InvalidRequestError, match=f"`{name}` does not exist"):
        await _build(tree, first, builder, name)
    assert list(builder.environments_dir.iterdir()) == []


async def test_nixpkgs_that_cannot_be_fetched_is_named(tree: TaskTree, first: str, builder: EnvironmentBuilder) -> None:
    nowhere = Nixpkgs("x", "https://localhost:1/nixpkgs.tar.gz", pinned=False)
    store = dataclasses.replace(builder.store, environment={**builder.store.environment, "NIX_CURL_FLAGS": ""})
    with pytest.raises(UnavailableError, match="cannot be fetched"):
        await _build(tree, first, dataclasses.replace(builder, nixpkgs=nowhere, store=store))


async def test_an_environment_survives_garbage_collection(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    built = await _build(tree, first, builder, "git")
    await run(["nix-collect-garbage"], env=builder.store.environment)
    environment = load_environment(builder.environments_dir, built.environment_hash)
    assert await _bash(environment, "git --version")


async def test_an_environment_whose_root_is_gone_is_made_again(
    tree: TaskTree, first: str, builder: EnvironmentBuilder
) -> None:
    built = await _build(tree, first, builder)
    directory = builder.environments_dir / built.environment_hash
    (directory / "profile").unlink()
    assert (await _build(tree, first, builder)).environment_hash == built.environment_hash
    assert (directory / "profile").exists()


@pytest.mark.parametrize("name", ["0" * 64, "../x", ""])
def test_an_unknown_environment_is_not_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError):
        load_environment(tmp_path, name)


@pytest.mark.parametrize(
    ("stack", "command"),
    [
        (StackEnvironment("node", ("nodejs",)), "node --version && npm --version"),
        (StackEnvironment("rust", ("cargo", "rustc"), "mkShell"), "cargo --version && rustc --version"),
        (
            StackEnvironment("cmake", ("cmake", "ninja"), "mkShell"),
            "cmake --version && ninja --version && $CXX --version",
        ),
        (StackEnvironment("go", ("go",)), "HOME=/tmp go version"),
    ],
)
async def test_the_stand_in_has_the_hosts_tools(
    tree: TaskTree, first: str, builder: EnvironmentBuilder, stack: StackEnvironment, command: str
) -> None:
    tool = stack.attributes[0].replace("nodejs", "node")
    if shutil.which(tool, path="/usr/bin") is None:
        pytest.skip(f"this host has no /usr/bin/{tool}")
    built = await build_environment(tree, first, EnvironmentRequest("x", stack), builder)
    environment = load_environment(builder.environments_dir, built.environment_hash)
    assert await _bash(environment, command)
    assert os.environ["PATH"] != environment.variables["PATH"]
