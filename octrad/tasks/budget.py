"""What model calls may cost: the budgets that limit a task, and whether its next call may be made. Pure.

A call reserves what it may cost at most before it is made, and is charged what it did cost when it is recorded. It is
made while what is spent and reserved is less than every limit. So calls that are made at once, by however many workers,
overshoot a limit by one call at most.

What is reserved is far more than what calls mostly cost. So a call that only finds the rest of a budget reserved waits
for those that are under way; it is refused when what is spent leaves no room.
"""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from octrad.foundation.config import Budgets
from octrad.foundation.ids import TaskId
from octrad.tasks.task import Task

# A budget of which so much is spent is worth a warning.
WARNED_AT: Final = 0.8


class Scope(StrEnum):
    """Whose calls a budget limits."""

    TASK = "task"
    PROJECT = "project"
    USER = "user"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Subject:
    """A task, as budgets see it. `budget_usd` was given with its request; None where it was not."""

    task_id: TaskId
    project: str
    uid: int
    user_name: str
    budget_usd: float | None

    @classmethod
    def of(cls, task: Task) -> "Subject":
        """A task, as it was read."""
        return cls(task.id, task.project, task.uid, task.user_name, task.budget_usd)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit, before anybody raised it.

    Args:
        scope: whose calls it limits.
        name: of the task or project, the number of the user; empty for day and month.
        period: the day or month; empty where the limit is for all time.
        since: when the period began; None with no period.
        limit_usd: US dollars.
        called: the task, project or user as people say it.
    """

    scope: Scope
    name: str
    period: str
    since: datetime | None
    limit_usd: float
    called: str = field(default="", compare=False)

    @property
    def words(self) -> str:
        """Which budget it is, for people, to stand after "the"."""
        match self.scope:
            case Scope.TASK | Scope.PROJECT:
                return f"budget of {self.scope} {self.called}"
            case Scope.USER:
                return f"budget of user {self.called} for {self.period}"
            case Scope.DAY | Scope.MONTH:
                return f"budget of all tasks for {self.period}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget with what is used of it; its limit is the one that counts now.

    `in_flight_usd` is the part of `reserved_usd` whose calls are being made at this moment.
    """

    budget: Budget
    limit_usd: float
    spent_usd: float
    reserved_usd: float = 0.0
    in_flight_usd: float = 0.0

    @property
    def has_room(self) -> bool:
        """Whether another call may be made, when those that are being made are over and have cost nothing."""
        return self.spent_usd + self.reserved_usd - self.in_flight_usd < self.limit_usd

    @property
    def has_room_now(self) -> bool:
        """Whether another call may be made, whatever those that are under way will cost."""
        return self.spent_usd + self.reserved_usd < self.limit_usd

    @property
    def is_nearly_reached(self) -> bool:
        """Whether people should hear of it."""
        return self.spent_usd >= WARNED_AT * self.limit_usd

    @property
    def amounts(self) -> str:
        """What is spent of what, for people."""
        return f"{money(self.spent_usd)} of {money(self.limit_usd)} is spent"


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call may be made."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The call may be made, or is refused, when calls that are under way are over."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A budget is used up."""

    standing: Standing


Verdict = Admitted | Wait | Refused


def budgets_of(subject: Subject, configured: Budgets, now: datetime) -> tuple[Budget, ...]:
    """The budgets that limit a task, the narrowest first; none where nothing does."""
    return tuple(
        budget
        for budget in (
            task_budget(subject, configured),
            project_budget(subject.project, configured),
            user_budget(subject.uid, subject.user_name, configured, now),
            *common_budgets(configured, now),
        )
        if budget is not None
    )


def task_budget(subject: Subject, configured: Budgets) -> Budget | None:
    """The lower of what the request and the configuration say."""
    limits = [limit for limit in (subject.budget_usd, configured.task_usd) if limit is not None]
    task_id = subject.task_id
    return Budget(Scope.TASK, task_id, "", None, min(limits), task_id) if limits else None


def project_budget(project: str, configured: Budgets) -> Budget | None:
    """What a project may cost in all."""
    limit = configured.project_usd
    return None if limit is None else Budget(Scope.PROJECT, project, "", None, limit, project)


def user_budget(uid: int, user_name: str, configured: Budgets, now: datetime) -> Budget | None:
    """What the tasks of a user may cost this month."""
    limit, since = configured.user_usd_a_month, _month(now)
    called = user_name or f"uid {uid}"
    return None if limit is None else Budget(Scope.USER, str(uid), f"{since:%Y-%m}", since, limit, called)


def common_budgets(configured: Budgets, now: datetime) -> tuple[Budget, ...]:
    """What all tasks may cost together, this day and this month."""
    day, month = _day(now), _month(now)
    found = []
    if configured.day_usd is not None:
        found.append(Budget(Scope.DAY, "", f"{day:%Y-%m-%d}", day, configured.day_usd))
    if configured.month_usd is not None:
        found.append(Budget(Scope.MONTH, "", f"{month:%Y-%m}", month, configured.month_usd))
    return tuple(found)


def judge(standings: Sequence[Standing], *, others_in_flight: bool) -> Verdict:
    """Whether a task's next call may be made.

    Args:
        standings: of every budget that limits the task, without what this call itself reserved.
        others_in_flight: whether the task makes other calls at this moment. Their answers are paid for, so they are
            waited for before it is paused.
    """
    full = [standing for standing in standings if not standing.has_room]
    if full and not others_in_flight:
        return Refused(full[0])
    return Admitted() if all(standing.has_room_now for standing in standings) else Wait()


def raise_command(standing: Standing) -> str:
    """What to type so that there is room again: twice as much, in whole cents."""
    budget = standing.budget
    target = shlex.quote(budget.called.removeprefix("uid "))
    where = {
        Scope.TASK: target,
        Scope.PROJECT: f"--project {target}",
        Scope.USER: f"--user {target}",
        Scope.DAY: "--day",
        Scope.MONTH: "--month",
    }[budget.scope]
    return f"octractl budget raise {where} {_doubled(standing):g}"


def pause_note(standing: Standing) -> str:
    """What people are told of a task that is paused."""
    wait = {
        Scope.DAY: " by itself on the next day (UTC), or",
        Scope.MONTH: " by itself in the next month (UTC), or",
        Scope.USER: " by itself in the next month (UTC), or",
    }.get(standing.budget.scope, "")
    return (
        f"The {standing.budget.words} is used up: {standing.amounts}.\n"
        f"It is paused before its next model call, with all of its work kept. "
        f"It goes on{wait} when the budget is raised."
    )


def warning(standing: Standing) -> str:
    """What people are told of a budget that is nearly reached."""
    percent = 100 * standing.spent_usd / standing.limit_usd
    return f"the {standing.budget.words} is used to {percent:.0f} %: {standing.amounts}"


def money(usd: float) -> str:
    """US dollars for people: whole cents from a dollar on, else four digits."""
    return f"${usd:.2f}" if usd >= 1 or not usd else f"${usd:.4f}"


def _doubled(standing: Standing) -> float:
    return math.ceil(200 * max(standing.limit_usd, standing.spent_usd)) / 100


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _month(now: datetime) -> datetime:
    return _day(now).replace(day=1)
