"""Hears what workers ask for besides files: packages of nixpkgs.

All requests of a stage are heard together, when its work is on main: they are checked, what is granted is added to the
flake in a commit of its own, and the environment is captured again. Then whoever asked goes on, and is told what came
of it. A task is heard so often and no more; a round is two steps of the journal, and goes on where it was interrupted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from octrad.foundation.errors import OctraError
from octrad.pipeline import step_names
from octrad.pipeline.check_packages import check_packages
from octrad.pipeline.environment import ask_for_environment, make_sure
from octrad.pipeline.package_policy import Judged, refuse_granted
from octrad.pipeline.questions.answers import WorkAnswer
from octrad.pipeline.servants import LEFT_BEHIND, runner_step
from octrad.pipeline.task_run import DAEMON, TaskRun
from octrad.pipeline.workplace import Workplace
from octrad.runner.operations import BuiltEnvironment
from octrad.tasks.events import PackagesAdded, PackagesRefused, RefusedPackage
from octrad.tasks.journal_step import Step

# In all runs of a task together, so that a retry hears what the run before it heard, and nothing else.
REQUEST_ROUNDS = 3
NO_MORE = "no more packages can be asked for in this task"


@dataclass(frozen=True, slots=True)
class Heard:
    """Where the work stands after requests, and what is said to each who asked. Who is told something goes on."""

    place: Workplace
    told: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Added:
    """The environment with what was granted; None where it could not be built, and then all of it is refused."""

    built: BuiltEnvironment | None
    judged: Judged


def may_ask(place: Workplace) -> bool:
    """Whether a request would still be heard."""
    return place.requests < REQUEST_ROUNDS


def tell_unheard(answer: WorkAnswer, *, may_be_heard: bool) -> list[PackagesRefused]:
    """What people hear of an answer that asks for packages when it is not heard any more."""
    if may_be_heard or not answer.packages:
        return []
    return [PackagesRefused(tuple(RefusedPackage(package, NO_MORE) for package in answer.packages))]


async def hear_requests(run: TaskRun, place: Workplace, asked: Mapping[str, Sequence[str]]) -> Heard:
    """Adds to the environment what was asked for and is granted; `asked` has the packages of each who asked."""
    wanted = tuple(dict.fromkeys(package for packages in asked.values() for package in packages))
    if not wanted or not may_ask(place):
        return Heard(place, {})
    place = replace(place, requests=place.requests + 1)
    name = step_names.packages_checked(place.requests)
    judged = await check_packages(run, name, wanted, place.plan, place.head, is_request=True)
    if judged.granted:
        place, judged = await _add(run, place, judged)
    return Heard(place, {who: word_outcome(packages, judged) for who, packages in asked.items() if packages})


def word_outcome(packages: Sequence[str], judged: Judged) -> str:
    """What somebody who asked for packages is told. Pure."""
    outcomes = dict.fromkeys(judged.granted, "is in the environment now")
    outcomes |= dict.fromkeys(judged.present, "was in the environment already")
    outcomes |= {one.package: f"is refused: {one.reason}" for one in judged.refused}
    lines = [f"- `{package}` {outcomes[package]}" for package in dict.fromkeys(packages)]
    return "\n".join(["Of the packages that you asked for,", *lines, "Go on; the files of that answer are in place."])


async def _add(run: TaskRun, place: Workplace, judged: Judged) -> tuple[Workplace, Judged]:
    plan = replace(place.plan, packages=(*place.plan.packages, *judged.granted))
    grown = replace(place, plan=plan, unfree=place.unfree or judged.unfree)
    name = step_names.packages_added(place.requests)
    before = await run.journal.recorded(name, _Added)
    added = before or await _build(run, name, grown, judged)
    if added.built is None:
        return place, added.judged
    built = added.built
    if before is not None and run.task.run > 1:
        again = step_names.packages_again(place.requests, run.task.run)
        built = await make_sure(run, again, grown.plan, built.commit, built, unfree=grown.unfree)
    return replace(grown, head=built.commit, environment_hash=built.environment_hash), added.judged


async def _build(run: TaskRun, name: str, grown: Workplace, judged: Judged) -> _Added:
    subject = f"Add packages: {', '.join(judged.granted)}"

    async def call(step: Step) -> _Added:
        try:
            built = await ask_for_environment(run, step, grown.plan, grown.head, unfree=grown.unfree, subject=subject)
        except OctraError as error:
            if error.retryable or error.code in LEFT_BEHIND:
                raise
            together = ", ".join(judged.granted)
            reason = f"an environment with {together} could not be built: {error.message[-300:]}"
            refused = refuse_granted(judged, reason)
            step.record(PackagesRefused(refused.refused[len(judged.refused) :]))
            return _Added(None, refused)
        step.commit = built.commit
        step.record(PackagesAdded(judged.granted, built.commit))
        return _Added(built, judged)

    return await runner_step(run, name, call, _Added, speaker=DAEMON, title=subject)
