"""Several stacks in one project as one: what its single environment holds, and what its agents are told. Pure."""

from collections.abc import Iterable, Sequence

from octrad.knowledge.stacks import Stack


def combine_stacks(stacks: Sequence[Stack]) -> Stack:
    """All that the stacks have, in their order and each once; a single one is as it was.

    The shell has a compiler if one of them needs it. Of two values of one variable the first one's counts: the main
    stack comes first. How a project begins is not combined: each stack begins in its own directory.
    """
    if len(stacks) == 1:
        return stacks[0]
    variables = {name: value for stack in reversed(stacks) for name, value in stack.variables.items()}
    return Stack(
        name=",".join(stack.name for stack in stacks),
        title=" and ".join(stack.title for stack in stacks),
        attributes=_each_once(stack.attributes for stack in stacks),
        shell="mkShell" if any(stack.shell == "mkShell" for stack in stacks) else stacks[0].shell,
        ignore=_each_once(stack.ignore for stack in stacks),
        variables=dict(sorted(variables.items())),
        scaffold=(),
        checks=_each_once(stack.checks for stack in stacks),
        guides=_each_once(stack.guides for stack in stacks),
        detect=_each_once(stack.detect for stack in stacks),
    )


def _each_once(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))
