"""Stacks as the API tells them. Pure."""

from octra_proto.v1 import system_pb2
from octrad.knowledge.library import Library
from octrad.knowledge.stacks import RunTool, ScaffoldStep, Stack, require_stack


def list_stacks(library: Library, name: str) -> system_pb2.ListStacksResponse:
    """The stack of that name; all of them, by name, where none is named.

    Raises:
        InvalidRequestError: there is none of that name.
    """
    chosen = [require_stack(library.stacks, name)] if name else library.stacks.values()
    own = library.stack_shelf.own
    return system_pb2.ListStacksResponse(stacks=[_message(stack, own=stack.name in own) for stack in chosen])


def _message(stack: Stack, *, own: bool) -> system_pb2.Stack:
    return system_pb2.Stack(
        name=stack.name,
        title=stack.title,
        attributes=stack.attributes,
        shell=stack.shell,
        ignore=stack.ignore,
        variables=[system_pb2.Variable(name=name, value=value) for name, value in sorted(stack.variables.items())],
        scaffold=[_step_message(step) for step in stack.scaffold],
        checks=stack.checks,
        guides=stack.guides,
        detect=stack.detect,
        refines=stack.refines,
        own=own,
    )


def _step_message(step: ScaffoldStep) -> system_pb2.ScaffoldStep:
    if isinstance(step, RunTool):
        return system_pb2.ScaffoldStep(command=step.command, network=step.network)
    return system_pb2.ScaffoldStep(files=[path for path, _ in step.files])
