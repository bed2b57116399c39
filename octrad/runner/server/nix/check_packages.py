"""Finds out which attributes of nixpkgs are packages that can be had here, before a flake names them.

`judge_package.nix` says it of one attribute. Each is evaluated by itself, so that one that Nix cannot evaluate at all
spoils nothing for the others, and what Nix says of it is said of that one.
"""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.process import CommandFailedError
from octrad.runner.operations import CheckedPackages, FoundPackage
from octrad.runner.server.nix.build_environment import EnvironmentBuilder, lock_text
from octrad.runner.server.nix.evaluation_error import explain
from octrad.runner.server.nix.flake import SYSTEMS, nix_string, split_attribute
from octrad.runner.server.nix.foreign_flake import find_foreign_flake
from octrad.runner.server.nix.nix_command import evaluate_function, judge_package
from octrad.runner.server.trees.task_tree import TaskTree

PACKAGES_AT_MOST = 100
# To evaluate one attribute, once nixpkgs is there. The largest of nixpkgs take a few seconds.
EVALUATION_TIMEOUT_S = 60.0
_WORDS_CHARACTERS = 300
_JUDGE = "judge"
_LAST_ERROR = re.compile(r".*error: (?P<words>[^\n]+)", re.DOTALL)
_FLAKE = """{{
  inputs.nixpkgs.url = {nixpkgs};

  outputs =
    {{ self, nixpkgs }}:
    {{
      legacyPackages = nixpkgs.lib.genAttrs [ {systems} ] (system: {{
        {judge} = import ./judge_package.nix nixpkgs.legacyPackages.${{system}};
      }});
    }};
}}
"""


async def check_packages(
    tree: TaskTree, commit: str, attributes: Sequence[str], builder: EnvironmentBuilder
) -> CheckedPackages:
    """Says of each attribute what nixpkgs says of it, in the given order.

    Of a project whose user brought a flake nothing is said but that: its packages are the user's.

    Raises:
        InvalidRequestError: they are too many.
        UnavailableError: nixpkgs cannot be fetched.
        ConfigurationError: Nix is not installed.
        CommandFailedError: nixpkgs cannot be evaluated at all, or there is no such commit.
        ExhaustedError: the disk is full, or to fetch nixpkgs took too long.
    """
    if len(attributes) > PACKAGES_AT_MOST:
        raise InvalidRequestError(f"more than {PACKAGES_AT_MOST} packages at once", field="packages")
    if await find_foreign_flake(tree, commit) is not None:
        return CheckedPackages((), users_flake=True)
    with await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="octra-packages-") as place:
        flake = Path(place)
        await _prepare(flake, builder)
        return CheckedPackages(tuple([await _check(flake, attribute, builder) for attribute in attributes]))


async def _prepare(flake: Path, builder: EnvironmentBuilder) -> None:
    """Writes the flake that judges, and has Nix fetch what it needs: that may take long, and is nobody's fault."""
    systems = " ".join(nix_string(system) for system in SYSTEMS)
    text = _FLAKE.format(nixpkgs=nix_string(builder.nixpkgs.url), systems=systems, judge=_JUDGE)
    judge = (resources.files("octrad.runner.server.nix") / "judge_package.nix").read_text()
    try:
        files = {"flake.nix": text, "flake.lock": await lock_text(text, builder), "judge_package.nix": judge}
        for name, content in files.items():
            await asyncio.to_thread((flake / name).write_text, content)
        await evaluate_function(builder.store, flake, _JUDGE, builder.nixpkgs, builder.timeout_s)
    except CommandFailedError as error:
        explained = explain(error.stderr, error.exit_code, builder.nixpkgs.override or builder.nixpkgs.url)
        if explained is None:
            raise
        raise explained from error


async def _check(flake: Path, attribute: str, builder: EnvironmentBuilder) -> FoundPackage:
    try:
        segments = split_attribute(attribute)
    except InvalidRequestError:
        return FoundPackage(attribute, fault="is not the name of an attribute")
    path = f"[ {' '.join(map(nix_string, segments))} ]"
    try:
        judged = await judge_package(builder.store, flake, _JUDGE, path, builder.nixpkgs, EVALUATION_TIMEOUT_S)
    except CommandFailedError as error:
        return FoundPackage(attribute, fault=f"cannot be evaluated: {_words(error.stderr)}")
    except TimeoutError:
        return FoundPackage(attribute, fault=f"cannot be evaluated within {EVALUATION_TIMEOUT_S:g} s")
    return FoundPackage(attribute, judged.name, judged.fault, judged.unfree)


def _words(stderr: str) -> str:
    """What Nix says at last, which is the cause; before that it says where."""
    found = _LAST_ERROR.match(stderr)
    return (found["words"] if found else stderr.strip() or "Nix does not say why")[:_WORDS_CHARACTERS]
