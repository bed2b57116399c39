"""Every command of every stack is one that bash reads, at the root and in a directory of its own."""

import pytest

from octrad.foundation.process import run
from octrad.knowledge.library import read_library
from octrad.knowledge.stacks import RunTool

STACKS = read_library().stacks


@pytest.mark.parametrize("name", sorted(STACKS))
async def test_commands_of_a_stack_are_bash(name: str) -> None:
    stack = STACKS[name]
    steps = [*stack.scaffold_for("guest-book"), *stack.scaffold_for("guest-book", "web/page")]
    for command in (*stack.checks, *(step.command for step in steps if isinstance(step, RunTool))):
        await run(["bash", "-n", "-c", command])
