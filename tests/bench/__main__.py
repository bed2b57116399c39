"""`make bench`: each figure of ours beside its reference, measured in the same run, in turn.

Absolute times on a shared machine mean little, so what is compared is a ratio to (or a difference from) the plain
tool that does the same. Prints a Markdown table; `docs/benchmarks.md` keeps one. Arguments choose among the parts:
`python -m tests.bench client calls gateway memory commands snapshots context prompts`; the last prints its own table.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench import calls, client, commands, context, gateway, memory, prompts, snapshots
from tests.bench.figures import HEADER, Figure
from tests.daemon import House, Rehearsal, config_for, house, remove_tree

SCENARIOS = Path(__file__).parent / "scenarios"
PARTS = ("client", "calls", "gateway", "memory", "commands", "snapshots", "context")
PROMPTS = "prompts"


def measure(daemon: House, rehearsal: Rehearsal, scratch: Path, parts: tuple[str, ...]) -> Iterator[Figure]:
    if "client" in parts:
        yield from client.measure(daemon)
    if "calls" in parts:
        yield from calls.measure(daemon, rehearsal)
    if "gateway" in parts:
        yield from gateway.measure(rehearsal)
    if "memory" in parts:
        yield from memory.measure(daemon)
    if "commands" in parts:
        yield from commands.measure(daemon)
    if "snapshots" in parts:
        yield from snapshots.measure(daemon, scratch)
    if "context" in parts:
        yield from context.measure(scratch)


def main() -> None:
    parts = tuple(sys.argv[1:]) or (*PARTS, PROMPTS)
    if unknown := set(parts) - {*PARTS, PROMPTS}:
        sys.exit(f"no part called {', '.join(sorted(unknown))}; there are {', '.join((*PARTS, PROMPTS))}")
    if set(parts) != {PROMPTS}:
        compare(parts)
    if PROMPTS in parts:
        print(f"\n{prompts.HEADER}")
        for row in prompts.report():
            print(row)


def compare(parts: tuple[str, ...]) -> None:
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="octra-bench-"))
        stack.callback(remove_tree, scratch)
        rehearsal = Rehearsal(SCENARIOS, quiet=True)
        rehearsal.start()
        stack.callback(rehearsal.stop)
        daemon = stack.enter_context(house(config_for(rehearsal, "large")))
        print(HEADER)
        missed = 0
        for figure in measure(daemon, rehearsal, scratch, parts):
            print(figure.row(), flush=True)
            missed += not figure.is_met
        print(f"\n{missed} of the goals missed" if missed else "\nall goals met", file=sys.stderr)


if __name__ == "__main__":
    main()
