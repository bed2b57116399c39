"""The accepted plan, and the rules that a plan must keep before it is accepted. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

from octrad.pipeline.answers import PlanAnswer, PlannedManager, SmallPlanAnswer
from octrad.pipeline.names import refuse_name
from octrad.pipeline.owned_paths import may_name_one_file, refuse_glob
from octrad.pipeline.package_policy import is_attribute

WORKERS_AT_MOST = 12
BUILDER = "builder"


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who writes files. `manager` is empty on the fast path."""

    name: str
    role: str
    manager: str
    owns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who answers for a part of the files."""

    name: str
    brief: str
    owns: tuple[str, ...]
    workers: tuple[Worker, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be built, by whom, and how it is proved. Without managers one worker builds all of it."""

    title: str
    name: str
    stack: str
    packages: tuple[str, ...]
    brief: str
    managers: tuple[Manager, ...]
    checks: tuple[str, ...]

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Everybody who writes files, in the order of the plan, which is the order of merging."""
        if not self.managers:
            return (Worker(BUILDER, "the whole project", "", ()),)
        return tuple(worker for manager in self.managers for worker in manager.workers)


def accept_plan(answer: PlanAnswer | SmallPlanAnswer, user_checks: Sequence[str]) -> Plan:
    """Makes the plan of an answer that was not refused; the user's checks come after the plan's, each once."""
    managers = tuple(_accept_manager(one) for one in answer.managers) if isinstance(answer, PlanAnswer) else ()
    return Plan(
        title=answer.title,
        name=answer.name,
        stack=answer.stack,
        packages=tuple(dict.fromkeys(answer.packages)),
        brief=answer.brief,
        managers=managers,
        checks=tuple(dict.fromkeys([*answer.checks, *user_checks])),
    )


def refuse_plan(answer: PlanAnswer | SmallPlanAnswer, stacks: Collection[str], wanted_stack: str) -> list[str]:
    """Why a plan is not accepted, one reason a line; empty when it is."""
    reasons = refuse_name(answer.name, "the project")
    if wanted_stack and answer.stack != wanted_stack:
        reasons.append(f"the user asked for the stack {wanted_stack!r}, not {answer.stack!r}")
    elif answer.stack not in stacks:
        reasons.append(f"there is no stack {answer.stack[:60]!r}; the stacks are {', '.join(sorted(stacks))}")
    for package in answer.packages:
        if not is_attribute(package):
            reasons.append(f"{package[:60]!r} is not the name of a package of nixpkgs")
    reasons += [f"the check {check[:60]!r} is blank" for check in answer.checks if not check.strip()]
    return reasons + (_refuse_managers(answer.managers) if isinstance(answer, PlanAnswer) else [])


def _refuse_managers(managers: Sequence[PlannedManager]) -> list[str]:
    reasons: list[str] = []
    names = [manager.name for manager in managers]
    names += [worker.name for manager in managers for worker in manager.workers]
    for name, times in Counter(names).items():
        reasons += refuse_name(name, "a manager or worker")
        if times > 1:
            reasons.append(f"{times} managers or workers are called {name[:60]!r}; every name must be different")
    if len(names) - len(managers) > WORKERS_AT_MOST:
        reasons.append(f"{len(names) - len(managers)} workers are too many; at most {WORKERS_AT_MOST}")
    for manager in managers:
        for glob in manager.owns:
            reasons += refuse_glob(glob)
    return reasons or _refuse_shared_files(managers)


def _refuse_shared_files(managers: Sequence[PlannedManager]) -> list[str]:
    return [
        f"{one.name} owns `{mine}` and {other.name} owns `{theirs}`, which can name one file; a file has one owner"
        for one, other in combinations(managers, 2)
        for mine in one.owns
        for theirs in other.owns
        if may_name_one_file(mine, theirs)
    ]


def _accept_manager(manager: PlannedManager) -> Manager:
    owns = tuple(manager.owns)
    workers = tuple(Worker(worker.name, worker.role, manager.name, owns) for worker in manager.workers)
    return Manager(manager.name, manager.brief, owns, workers)
