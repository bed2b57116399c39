"""Where the work of a task stands: what everybody works by, on and in. Pure."""

from dataclasses import dataclass

from octrad.pipeline.plan import Plan


@dataclass(frozen=True, slots=True)
class Workplace:
    """The plan, main's head, and the environment in which everything runs.

    Args:
        plan: its packages are those that the environment has besides the stack's.
        head: main's commit.
        environment_hash: names the captured environment.
        unfree: whether a licence in the environment is not free.
        requests: rounds of requests for packages that were heard so far.
    """

    plan: Plan
    head: str
    environment_hash: str
    unfree: bool = False
    requests: int = 0
