"""Whether one task more is within a quota."""

import pytest

from octrad.tasks.quota import UNLIMITED, Quota, QuotaExceededError, Usage, require_quota

USED = Usage(tasks_at_once=2, tasks_a_day=10, cost_usd_a_day=1.5)


@pytest.mark.parametrize(
    "quota", [UNLIMITED, Quota(tasks_at_once=3), Quota(tasks_a_day=11), Quota(cost_usd_a_day=1.51), Quota(3, 11, 2.0)]
)
def test_one_more_is_accepted_below_every_limit(quota: Quota) -> None:
    require_quota(quota, USED)


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        (Quota(tasks_at_once=2), "2 tasks of yours have not ended, and you may have 2 at once"),
        (Quota(tasks_at_once=1), "2 tasks of yours have not ended, and you may have 1 at once"),
        (Quota(tasks_a_day=10), "you have begun 10 tasks within 24 hours, and you may begin 10"),
        (Quota(cost_usd_a_day=1.5), "your tasks have cost $1.50 within 24 hours, and they may cost $1.50"),
        (Quota(9, 99, 0.01), "your tasks have cost $1.50 within 24 hours, and they may cost $0.01"),
    ],
)
def test_what_is_used_up_is_said_in_a_sentence(quota: Quota, said: str) -> None:
    with pytest.raises(QuotaExceededError) as caught:
        require_quota(quota, USED)
    assert caught.value.message == said
    assert caught.value.hint
