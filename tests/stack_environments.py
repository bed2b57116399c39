"""What the runner is told of a stack, as the pipeline tells it."""

from octrad.knowledge.stacks import Stack
from octrad.runner.operations import StackEnvironment


def stack_environment(stack: Stack) -> StackEnvironment:
    """The part of a stack that its environment is made of."""
    return StackEnvironment(stack.name, stack.attributes, stack.shell, stack.ignore, dict(stack.variables))
