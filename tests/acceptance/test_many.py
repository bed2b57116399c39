"""Twenty tasks at once on a small machine."""

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.soundness import asked_twice, assert_nothing_left, assert_sound
from tests.daemon import FINAL, House, Rehearsal

MANY = 20
FOLLOWED = 4
# A command of octractl, its own start included, while the machine builds.


@pytest.mark.timeout(300)
def test_twenty_tasks_all_finish_while_the_api_answers_and_nothing_is_lost(daemon: House, rehearsal: Rehearsal) -> None:
    request = SCENARIOS["python-cli"].request
    tasks = [daemon.submit(request, "--project", f"many-{number}") for number in range(MANY)]
    followers = [daemon.start_octractl("watch", task, "--progress", "json") for task in tasks[:FOLLOWED]]
    # Where it stands by then is a matter of speed.
    assert daemon.must("why", tasks[-1], "--json").json["answer"]

    states: dict[str, str] = {}
    while set(states.values()) - FINAL or len(states) < MANY:
        listed = daemon.must("list", "--limit", "100", "--json", timeout_s=30).json["tasks"]
        states = {task["id"]: task["state"] for task in listed if task["id"] in tasks}
    assert set(states.values()) == {"TASK_STATE_DONE"}, states

    for follower, task in zip(followers, tasks, strict=False):
        told = follower.communicate(timeout=60)[0].count('"seq":')
        assert told == int(daemon.show(task)["task"]["last_seq"])
    for task in tasks:
        assert asked_twice(rehearsal, task) == {}
    for task in (tasks[0], tasks[MANY // 2], tasks[-1]):
        assert_sound(daemon, task)
    assert_nothing_left(daemon, *tasks)
