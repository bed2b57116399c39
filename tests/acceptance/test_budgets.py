"""A budget from the command line: a task is paused, says why, is shown, and goes on when the budget is raised."""

from collections.abc import Iterator

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.acceptance.soundness import assert_nothing_left
from tests.daemon import House, Rehearsal, config_for, house

REQUEST = SCENARIOS["python-cli"].request
PRICED = """
[models.prices_usd_per_million]
"rehearsal/python-cli" = [3.0, 15.0]
[budgets]
project_usd = 1000.0
"""
# Less than any question costs.
LITTLE = "0.0001"
PAUSED = 75


@pytest.fixture(scope="module")
def priced(rehearsal: Rehearsal) -> Iterator[House]:
    """An octrad whose rehearsal costs something."""
    with house(config_for(rehearsal, extra=PRICED)) as started:
        yield started


@pytest.mark.timeout(300)
def test_a_task_whose_budget_is_used_up_is_paused_and_done_when_it_is_raised(
    priced: House, rehearsal: Rehearsal
) -> None:
    said = priced.octractl("submit", REQUEST, "--budget", LITTLE, "--project", "priced", "--json")
    assert said.exit_code == PAUSED, said
    task = said.json
    assert task["state"] == "TASK_STATE_PAUSED"
    assert task["budget_usd"] == float(LITTLE)
    assert f"The budget of task {task['id']} is used up" in task["note"]
    words = task["next_command"].split()
    assert words[:4] == ["octractl", "budget", "raise", task["id"]]
    asked = [row["step"] for row in rehearsal.requests(task["id"])]
    assert len(asked) == 1

    why = priced.must("why", task["id"]).stdout
    assert "is used up" in why
    assert f"budget raise {task['id']}" in why
    [waiting] = [step["name"] for step in priced.show(task["id"])["steps"] if step["state"] == "running"]
    assert f"{waiting} " in priced.must("show", task["id"]).stdout
    assert " waits " in priced.must("show", task["id"]).stdout
    refused = priced.octractl("retry", task["id"])
    assert refused.exit_code == 1
    assert f"budget raise {task['id']}" in refused.stderr
    watched = priced.octractl("watch", task["id"])
    assert watched.exit_code == PAUSED, "whoever follows later is not kept either"
    assert "is used up" in watched.stdout
    warned = [event["remarked"]["text"] for event in priced.events(task["id"]) if "remarked" in event]
    assert [text for text in warned if f"the budget of task {task['id']} is used to" in text] == warned[-1:]

    [project, own] = priced.must("budget", "--task", task["id"], "--json").json["budgets"]
    assert (project["scope"], project["name"]) == ("BUDGET_SCOPE_PROJECT", "priced")
    assert (own["scope"], own["name"]) == ("BUDGET_SCOPE_TASK", task["id"])
    assert own["spent_usd"] == task["cost_usd"] > own["limit_usd"] == float(LITTLE)
    assert own["reserved_usd"] == 0
    table = priced.must("budget").stdout
    assert task["id"] in table
    assert "priced" in table

    lower = priced.octractl("budget", "raise", task["id"], LITTLE)
    assert lower.exit_code == 1
    assert "is spent already" in lower.stderr
    raised = priced.must("budget", "raise", task["id"], "100", "--request-id", "once", "--json").json
    assert raised["queued_tasks"] == [task["id"]]
    assert raised["budget"]["limit_usd"] == 100
    again = priced.must("budget", "raise", task["id"], "100", "--request-id", "once", "--json").json
    assert again["queued_tasks"] == []
    # Whoever watches from the beginning reads past the pause.
    followed = priced.must("watch", task["id"])
    assert followed.stdout.startswith(f"task {task['id']} done")
    ended = priced.show(task["id"])
    assert (ended["task"]["note"], ended["task"]["next_command"]) == ("", "")
    asked = [row["step"] for row in rehearsal.requests(task["id"])]
    assert sorted(asked) == sorted(set(asked)) == sorted(call["step"] for call in ended["model_calls"])
    told = priced.must("audit-log", "--task", task["id"], "--json").json["events"]
    raises = [event["target"] for event in told if event["method"] == "octra.v1.BudgetService/RaiseBudget"]
    assert raises == [f"task:{task['id']}"] * 3
    assert_nothing_left(priced, task["id"])


def test_a_question_about_a_task_is_held_to_its_budget(priced: House) -> None:
    task = priced.octractl("submit", REQUEST, "--budget", LITTLE, "--json").json
    refused = priced.octractl("advise", task["id"], "Is it any good?")
    assert f"error: the budget of task {task['id']} is used up" in refused.stderr, refused
    assert f"hint: octractl budget raise {task['id']}" in refused.stderr
    assert "is used up" in priced.must("advise", task["id"]).stdout
    priced.must("cancel", task["id"])


def test_costs_are_added_up_and_shown_with_the_hash_of_what_was_asked(priced: House) -> None:
    task = priced.wait(priced.submit(REQUEST, "--project", "counted"))
    costs = priced.must("cost", "--by", "role", "--project", "counted", "--json").json
    assert costs["total"]["cost_usd"] == pytest.approx(task["cost_usd"])
    assert int(costs["total"]["calls"]) == sum(int(cost["calls"]) for cost in costs["costs"])
    assert {cost["key"] for cost in costs["costs"]} >= {"boss", "worker"}
    assert priced.must("cost", "--since", "7d").stdout.splitlines()[-1].startswith("total ")
    shown = priced.show(task["id"])
    assert {call["content_hash"] for call in shown["model_calls"]} == {shown["content_hash"]}
    assert shown["content_hashes"] == 1
    assert f"content:  {shown['content_hash'][:12]}\n" in priced.must("show", task["id"]).stdout


@pytest.mark.timeout(120)
def test_a_paused_task_is_cancelled_with_what_there_is(priced: House) -> None:
    said = priced.octractl("submit", REQUEST, "--budget", LITTLE, "--json")
    assert said.exit_code == PAUSED, said
    task = said.json["id"]
    assert priced.must("cancel", task).stdout.startswith(f"task {task} cancelled")
    ended = priced.show(task)["task"]
    assert ended["next_command"] == f"octractl retry {task}"
    assert_nothing_left(priced, task)


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (("submit", "x", "--budget", "-1"), 2, "--budget"),
        (("submit", "x", "--budget", "nan"), 65, "budget_usd is nan"),
        (("budget", "raise", "5"), 2, "name one budget"),
        (("budget", "raise", "--day", "--month", "5"), 2, "name one budget"),
        (("budget", "raise", "--day", "much"), 2, "no amount"),
        (("budget", "raise", "--day", "inf"), 65, "must be more than 0"),
        (("budget", "raise", "--day", "5"), 1, "no budget limits a day"),
        (("budget", "raise", "--user", "nobody-of-that-name", "5"), 65, "has no user"),
        (("budget", "raise", "--project", "never-begun", "5"), 66, "there is no project"),
        (("budget", "raise", "zzzz", "5"), 66, "there is no task"),
        (("budget", "--task", "zzzz"), 66, "there is no task"),
        (("cost", "--since", "yesterday"), 2, "neither a date"),
        (("cost", "--project", "never-begun"), 66, "there is no project"),
    ],
)
def test_what_means_no_budget_is_refused_by_name(
    priced: House, words: tuple[str, ...], exit_code: int, told: str
) -> None:
    said = priced.octractl(*words)
    assert (said.exit_code, said.stdout) == (exit_code, ""), said
    assert told in said.stderr


@pytest.mark.parametrize(
    ("words", "target"),
    [
        (("--day",), "day"),
        (("--month",), "month"),
        (("--user", "root"), "user:root"),
        (("--project", "p"), "project:p"),
    ],
)
def test_audit_log_says_which_budget_somebody_wanted_to_raise(
    priced: House, words: tuple[str, ...], target: str
) -> None:
    # Nothing limits these here; that somebody asked is written down before it is looked at.
    assert priced.octractl("budget", "raise", *words, "5").exit_code != 0
    assert priced.must("audit-log", "--limit", "1", "--json").json["events"][0]["target"] == target


def test_where_nothing_is_limited_or_was_asked_that_is_said(daemon: House) -> None:
    assert "no budget" in daemon.must("budget").stderr
    assert daemon.must("cost", "--by", "model", "--since", "9999-01-01").stderr == "no model was asked\n"
