"""Twenty tasks at once on a small machine."""

import threading
import time

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House

MANY = 20


@pytest.mark.timeout(600)
def test_twenty_tasks_all_finish_while_the_api_answers(daemon: House) -> None:
    request = SCENARIOS["python-cli"].request
    tasks = [daemon.submit(request, "--project", f"many-{number}") for number in range(MANY)]
    slowest = 0.0
    followers = [threading.Thread(target=daemon.wait, args=(task,)) for task in tasks[:4]]
    for follower in followers:
        follower.start()
    unfinished = set(tasks)
    while unfinished:
        started = time.monotonic()
        listed = daemon.must("list", "--limit", "100", "--json", timeout_s=30).json["tasks"]
        slowest = max(slowest, time.monotonic() - started)
        unfinished -= {task["id"] for task in listed if task["state"] in ("TASK_STATE_DONE", "TASK_STATE_FAILED")}
    for follower in followers:
        follower.join(60)
    states = {task: daemon.show(task)["task"]["state"] for task in tasks}
    assert set(states.values()) == {"TASK_STATE_DONE"}, states
    assert len({daemon.show(task)["task"]["store_path"] for task in tasks}) >= 1
    assert slowest < 20, "the API has to answer while the machine is busy"
