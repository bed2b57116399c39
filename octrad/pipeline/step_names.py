"""The names of the steps of a task's journal. Pure.

They are stored, so a name that was ever used keeps its meaning: an upgraded daemon resumes old tasks by them.
"""

from collections.abc import Callable, Collection

GRADE = "grade"
PLAN = "plan"
PREPARE = "prepare"
ENVIRONMENT = "environment"
# Which fragments of the skill warehouse each worker is told.
SKILLS = "skills"
PLANNED_PACKAGES = "environment/packages"
# No step, for it comes before there is a task: in the ledger, what a request is compared by.
COMPARE = "compare"


def rounds(first: str) -> Callable[[int], str]:
    """Names the rounds of a question that is usually asked once: `plan`, `plan/2`, `plan/3`."""
    return lambda number: first if number == 1 else f"{first}/{number}"


def prepared_again(run: int) -> str:
    """The tree is brought back for a retry."""
    return f"{PREPARE}/{run}"


def environment_again(run: int) -> str:
    """The environment is made sure of for a retry."""
    return f"{ENVIRONMENT}/{run}"


def packages_checked(number: int) -> str:
    """What was asked for in one round of requests, counted from 1 within the task, is checked."""
    return f"packages/{number}/check"


def packages_added(number: int) -> str:
    """What was granted in a round of requests comes into the environment."""
    return f"packages/{number}"


def packages_again(number: int, run: int) -> str:
    """The environment with them is made sure of for a retry."""
    return f"packages/{number}/again/{run}"


def scaffolded(number: int) -> str:
    """One step of the stack's scaffold, counted from 1."""
    return f"scaffold/{number}"


def audited(run: int) -> str:
    """The models are judged before a run goes on."""
    return f"audit/{run}"


def assigned(manager: str) -> str:
    """A manager divides its work."""
    return f"assign/{manager}"


def worked(worker: str, round_number: int) -> str:
    """A worker is asked for changes."""
    return f"work/{worker}/{round_number}"


def merged(worker: str, round_number: int) -> str:
    """A worker's branch is merged."""
    return f"merge/{worker}/{round_number}"


def reviewed(manager: str, round_number: int) -> str:
    """A manager reviews its workers."""
    return f"review/{manager}/{round_number}"


def checked(round_number: int, number: int) -> str:
    """One command of a round of checks, counted from 1."""
    return f"check/{round_number}/{number}"


def fixed(round_number: int) -> str:
    """A repair is asked for."""
    return f"fix/{round_number}"


def validated(round_number: int) -> str:
    """The Boss's verdict is asked for."""
    return f"validate/{round_number}"


def applied(question_step: str) -> str:
    """The changes that an answer asked for are made."""
    return f"{question_step}/apply"


def ended(run: int) -> str:
    """It is settled how this run ends."""
    return f"end/{run}"


def count_ended(recorded: Collection[str], run: int) -> int:
    """How many runs before this one ended, by the steps that are on record."""
    return sum(ended(earlier) in recorded for earlier in range(1, run))


def snapshotted(run: int) -> str:
    """What there is goes into the Nix store."""
    return f"snapshot/{run}"


def advised(run: int) -> str:
    """What the advisor goes by is gathered."""
    return f"advise/{run}"


def worded(run: int) -> str:
    """A model is asked to put the note into its own words."""
    return f"advise/{run}/words"


def consulted(key: str) -> str:
    """A person asked the advisor something. No step of a run: it is recorded beside them, whoever owns the task."""
    return f"consult/{key}"


def removed(run: int) -> str:
    """The working directory is removed."""
    return f"remove/{run}"


def moves_main(step: str) -> bool:
    """Whether the commit of a step of this name is one of the branch `main`."""
    match step.split("/"):
        case ["prepare" | "environment" | "scaffold" | "merge" | "fix" | "packages", *_]:
            return True
        case ["work", "builder", *_]:
            return True
    return False
