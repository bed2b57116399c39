"""The accepted plan, and the rules that a plan must keep before it is accepted. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from octrad.knowledge.combine_stacks import combine_stacks
from octrad.knowledge.stacks import STACKS_AT_MOST, PlacedStack, Stack, split_names
from octrad.pipeline.names import refuse_name
from octrad.pipeline.owned_paths import may_name_one_file, refuse_glob
from octrad.pipeline.package_policy import is_attribute
from octrad.pipeline.questions.answers import PlanAnswer, PlannedManager, SmallPlanAnswer

WORKERS_AT_MOST = 12
BUILDER = "builder"
DIRECTORY_LENGTH = 60
# Of these characters a shell takes none for its own.
_DIRECTORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,2}\Z")


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
    """What is to be built, by whom, and how it is proved. Without managers one worker builds all of it.

    `stack` is the main one, at the root; others have directories of their own.
    """

    title: str
    name: str
    stack: str
    packages: tuple[str, ...]
    brief: str
    managers: tuple[Manager, ...]
    checks: tuple[str, ...]
    more_stacks: tuple[PlacedStack, ...] = ()

    @property
    def stacks(self) -> tuple[PlacedStack, ...]:
        """All of them, the main one first."""
        return (PlacedStack(self.stack), *self.more_stacks)

    @property
    def stack_names(self) -> str:
        """As a task carries them: `rust,node`."""
        return ",".join(dict.fromkeys(placed.name for placed in self.stacks))

    def combined_stack(self, stacks: Mapping[str, Stack]) -> Stack:
        """What the environment holds and the agents are told: all of the stacks as one."""
        return combine_stacks([stacks[name] for name in split_names(self.stack_names)])

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
        more_stacks=tuple(PlacedStack(more.stack, more.directory) for more in answer.more_stacks),
    )


def refuse_plan(answer: PlanAnswer | SmallPlanAnswer, stacks: Collection[str], wanted_stack: str) -> list[str]:
    """Why a plan is not accepted, one reason a line; empty when it is. `wanted_stack`: the user's, as `rust,node`."""
    reasons = refuse_name(answer.name, "the project")
    reasons += _refuse_stacks(answer, stacks, wanted_stack)
    for package in answer.packages:
        if not is_attribute(package):
            reasons.append(f"{package[:60]!r} is not the name of a package of nixpkgs")
    reasons += [f"the check {check[:60]!r} is blank" for check in answer.checks if not check.strip()]
    return reasons + (_refuse_managers(answer.managers) if isinstance(answer, PlanAnswer) else [])


def _refuse_stacks(answer: PlanAnswer | SmallPlanAnswer, stacks: Collection[str], wanted_stack: str) -> Iterator[str]:
    names = [answer.stack, *(more.stack for more in answer.more_stacks)]
    wanted = split_names(wanted_stack)
    if wanted and (names[0] != wanted[0] or set(names) != set(wanted)):
        asked = f"the stack {wanted[0]!r}" if len(wanted) == 1 else f"the stacks {', '.join(map(repr, wanted))}"
        yield f"the user asked for {asked}, not {', '.join(repr(name[:60]) for name in names)}"
    else:
        for name in names:
            if name not in stacks:
                yield f"there is no stack {name[:60]!r}; the stacks are {', '.join(sorted(stacks))}"
    if len(names) > STACKS_AT_MOST:
        yield f"{len(names)} stacks are too many; at most {STACKS_AT_MOST}"
    directories = [more.directory for more in answer.more_stacks]
    for directory, times in Counter(directories).items():
        if len(directory) > DIRECTORY_LENGTH or not _DIRECTORY.match(directory):
            yield f"{directory[:60]!r} is not a directory of the project for a stack, such as `frontend`"
        if times > 1:
            yield f"{times} stacks have the directory {directory[:60]!r}; each has one of its own"


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
