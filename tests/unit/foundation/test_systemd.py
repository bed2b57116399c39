import pytest

from octrad.foundation.systemd.status_line import State, describe_state
from octrad.foundation.systemd.watchdog import watchdog_s


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (State(), "no tasks"),
        (State(running=1), "1 task runs"),
        (State(running=2, waiting=1), "2 tasks run, 1 waits"),
        (State(running=1, waiting=3), "1 task runs, 3 wait"),
        (State(waiting=1), "1 task waits"),
        (State(waiting=2), "2 tasks wait"),
        (State(running=2, has_database=False), "waiting for PostgreSQL; 2 tasks run"),
        (State(refused="`limits.x`"), "no tasks; the configuration in the file is refused: `limits.x`"),
        (State(running=2, is_stopping=True), "stopping: 2 tasks let go"),
        (State(running=1, is_stopping=True), "stopping: 1 task lets go"),
        (State(is_stopping=True, has_database=False), "stopping"),
    ],
)
def test_the_status_says_the_most_important_first(state: State, line: str) -> None:
    assert describe_state(state) == line


@pytest.mark.parametrize(
    ("environment", "limit_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_a_watchdog_that_watches_somebody_else_is_none_of_ours(
    environment: dict[str, str], limit_s: float | None
) -> None:
    assert watchdog_s(environment, pid=7) == limit_s
