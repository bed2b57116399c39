"""How much one user may use, and whether that is reached. Pure: what is used comes as counts."""

from dataclasses import dataclass

from octrad.foundation.errors import ExhaustedError


class QuotaExceededError(ExhaustedError):
    """The user has used up what they may use; it comes back with time, or as tasks end."""

    code = "quota_exceeded"


@dataclass(frozen=True, slots=True)
class Quota:
    """What a user may use; None is not limited.

    Args:
        tasks_at_once: tasks of the user's that have not ended.
        tasks_a_day: tasks that the user submitted or retried within 24 hours.
        cost_usd_a_day: US dollars of priced model calls of the user's tasks within 24 hours.
    """

    tasks_at_once: int | None = None
    tasks_a_day: int | None = None
    cost_usd_a_day: float | None = None


UNLIMITED = Quota()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a user uses, counted as in `Quota`."""

    tasks_at_once: int
    tasks_a_day: int
    cost_usd_a_day: float


def require_quota(quota: Quota, usage: Usage) -> None:
    """Accepts one task more.

    Raises:
        QuotaExceededError: it would be one too many; the error says of what, and when to come back.
    """
    if quota.tasks_at_once is not None and usage.tasks_at_once >= quota.tasks_at_once:
        raise QuotaExceededError(
            f"{_tasks(usage.tasks_at_once)} of yours {_have(usage.tasks_at_once)} not ended, "
            f"and you may have {quota.tasks_at_once} at once",
            hint="wait for one to end, or cancel one: octractl list",
        )
    if quota.tasks_a_day is not None and usage.tasks_a_day >= quota.tasks_a_day:
        raise QuotaExceededError(
            f"you have begun {_tasks(usage.tasks_a_day)} within 24 hours, and you may begin {quota.tasks_a_day}",
            hint="come back tomorrow, or ask the administrator: `quotas.tasks_a_day`",
        )
    if quota.cost_usd_a_day is not None and usage.cost_usd_a_day >= quota.cost_usd_a_day:
        raise QuotaExceededError(
            f"your tasks have cost ${usage.cost_usd_a_day:.2f} within 24 hours, "
            f"and they may cost ${quota.cost_usd_a_day:.2f}",
            hint="come back tomorrow, or ask the administrator: `quotas.cost_usd_a_day`",
        )


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
