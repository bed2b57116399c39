"""How a plan and its parts are worded in prompts. Pure, and the same text for the same plan, always."""

from collections.abc import Mapping, Sequence

from octrad.knowledge.choose_guides import choose_guides
from octrad.knowledge.guides import Guide
from octrad.knowledge.stacks import PlacedStack, Stack
from octrad.pipeline.describe_guide import GUIDES_TOKENS, render_guides
from octrad.pipeline.plan import Manager, Plan


def describe_plan(plan: Plan) -> str:
    """The plan as everybody who works on it sees it."""
    lines = [f"Title: {plan.title}", f"Name: {plan.name}", f"Stack: {_describe_more(plan)}"]
    if plan.packages:
        lines.append(f"Packages: {', '.join(plan.packages)}")
    lines += ["Checks:", *(f"- {check}" for check in plan.checks), "", plan.brief]
    for manager in plan.managers:
        lines += ["", f"Part {manager.name} (owns {', '.join(manager.owns)}): {manager.brief}"]
    return "\n".join(lines)


def describe_workers(manager: Manager) -> str:
    """A manager's workers, one a line."""
    return "\n".join(f"{worker.name}: {worker.role}" for worker in manager.workers)


def describe_owned(owns: Sequence[str]) -> str:
    """The globs that somebody's files match."""
    return "\n".join(owns) or "every file"


def describe_placed(stacks: Sequence[PlacedStack]) -> str:
    """Stacks and where they are: `rust`, `node` in `frontend/`."""
    return ", ".join(
        f"`{placed.name}` in `{placed.directory}/`" if placed.directory else f"`{placed.name}`" for placed in stacks
    )


def describe_stacks(stacks: Mapping[str, Stack]) -> str:
    """The stacks that a plan may choose from, with how each is usually checked."""
    lines = [
        f"- `{name}`: {stack.title}. Usual checks: {'; '.join(f'`{check}`' for check in stack.checks)}"
        for name, stack in sorted(stacks.items())
    ]
    return "\n".join(lines)


def guides_of(plan: Plan, stacks: Mapping[str, Stack], guides: Mapping[str, Guide]) -> tuple[Guide, ...]:
    """The guides of the tools that a plan's project uses, those of its stacks first."""
    return choose_guides(guides, plan.combined_stack(stacks).guides, packages=plan.packages, commands=plan.checks)


def describe_guides(guides: Sequence[Guide]) -> str:
    """How tools are used, within what a prompt has room for."""
    return render_guides(guides, GUIDES_TOKENS) or "Nothing special."


def _describe_more(plan: Plan) -> str:
    return f"{plan.stack} at the root, {describe_placed(plan.more_stacks)}" if plan.more_stacks else plan.stack
