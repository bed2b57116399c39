"""`make bench`: each figure of ours beside its reference, measured in the same run.

Absolute times on a shared machine mean little, so what is compared is a ratio to (or a difference from) the plain
tool that does the same. Prints a Markdown table; `docs/benchmarks.md` keeps the last one.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench import calls, client, commands, snapshots
from tests.bench.figures import HEADER, Figure
from tests.daemon import House, Rehearsal, config_for, house, remove_tree

SCENARIOS = Path(__file__).parent / "scenarios"


def measure(daemon: House, rehearsal: Rehearsal, scratch: Path) -> Iterator[Figure]:
    yield from client.measure(daemon)
    yield from calls.measure(daemon, rehearsal)
    yield from commands.measure(daemon)
    yield from snapshots.measure(daemon, scratch)


def main() -> None:
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="octra-bench-"))
        stack.callback(remove_tree, scratch)
        rehearsal = Rehearsal(SCENARIOS)
        rehearsal.start()
        stack.callback(rehearsal.stop)
        daemon = stack.enter_context(house(config_for(rehearsal, "large")))
        print(HEADER)
        missed = 0
        for figure in measure(daemon, rehearsal, scratch):
            print(figure.row(), flush=True)
            missed += not figure.is_met
        print(f"\n{missed} of the goals missed" if missed else "\nall goals met", file=sys.stderr)


if __name__ == "__main__":
    main()
