"""Stacks as text: all of them as a table, one with all that it says. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from octra_proto.v1 import system_pb2
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table


def stack_table(stacks: Sequence[system_pb2.Stack], width: int = 0) -> list[str]:
    """Returns the stacks by name."""
    rows = [
        (clean_line(s.name), clean_line(s.title), _scaffold(s.scaffold), "yes" if s.own else "", _joined(s.attributes))
        for s in stacks
    ]  # fmt: skip
    return layout_table(("STACK", "TITLE", "SCAFFOLD", "YOURS", "PACKAGES"), rows, width)


def stack_page(stack: system_pb2.Stack) -> list[str]:
    """Returns all that a stack says, a fact a line."""
    facts = [
        ("stack", clean_line(stack.name) + (" (yours)" if stack.own else "")),
        ("title", clean_line(stack.title)),
        ("refines", clean_line(stack.refines)),
        ("packages", _joined(stack.attributes)),
        ("shell", clean_line(stack.shell)),
        ("ignored", _joined(stack.ignore)),
        ("known by", _joined(stack.detect)),
        ("guides", _joined(stack.guides)),
    ]
    variables = [f"{variable.name}={variable.value}" for variable in stack.variables]
    return [
        *(f"{name + ':':<10}{value}" for name, value in facts if value),
        *_section("environment", variables),
        *_section("begins with", _begins_with(stack.scaffold)),
        *_section("checked with", stack.checks),
    ]


def _scaffold(scaffold: Sequence[system_pb2.ScaffoldStep]) -> str:
    if not scaffold:
        return "-"
    return "needs network" if any(step.network for step in scaffold) else "offline"


def _begins_with(scaffold: Sequence[system_pb2.ScaffoldStep]) -> Iterator[str]:
    for step in scaffold:
        if step.command:
            yield step.command + ("  (with the network)" if step.network else "")
        else:
            yield f"the files {', '.join(step.files)}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    said = [f"  {clean_line(line)}" for line in lines]
    return ["", title.upper(), *said] if said else []


def _joined(words: Iterable[str]) -> str:
    return " ".join(clean_line(word) for word in words)
