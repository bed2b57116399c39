"""The flake of every shipped stack is a golden file. `UPDATE_GOLDEN=1 pytest …` writes them anew, to be read again."""

import os
from pathlib import Path

import pytest

from octrad.knowledge.library import read_library
from octrad.runner.server.nix.flake import flake_text
from octrad.runner.server.nix.flake_lock import PIN_URL
from tests.stack_environments import stack_environment

GOLDEN = Path(__file__).parent / "golden" / "stacks"
STACKS = read_library().stacks


@pytest.mark.parametrize("name", sorted(STACKS))
def test_the_flake_of_a_shipped_stack_is_the_golden_one(name: str) -> None:
    text = flake_text("A project", stack_environment(STACKS[name]), [], PIN_URL)
    golden = GOLDEN / f"{name}.nix"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_flake_is_of_a_stack() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(STACKS)
