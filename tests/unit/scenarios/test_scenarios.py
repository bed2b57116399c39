"""The shipped scenarios answer what the pipeline asks: every answer is of its question's shape."""

import json
import tomllib
from fnmatch import fnmatchcase

import jsonschema
import pytest
from pydantic import BaseModel

from octrad.knowledge.library import read_library
from octrad.pipeline.plan import accept_plan, refuse_plan
from octrad.pipeline.questions import answers
from octrad.pipeline.questions.answer_schema import answer_schema
from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios
from octrad.rehearsal.scenario import Reply

SCENARIOS = load_scenarios(SCENARIOS_DIR)
# The one reply that is wrong on purpose.
WRONG = {("flaky-model", "grade", 3)}
REPLIES = [
    pytest.param(name, reply, id=f"{name}-{number}")
    for name, scenario in SCENARIOS.items()
    for number, reply in enumerate(scenario.reply)
    if reply.answer is not None and (name, reply.step, reply.nth) not in WRONG
]


def shape(name: str, step: str) -> type[BaseModel]:
    if step.startswith("scaffold/"):
        return answers.ScaffoldFixAnswer
    if step.startswith("plan"):
        return answers.SmallPlanAnswer if grade_of(name) <= 2 else answers.PlanAnswer
    shapes: dict[str, type[BaseModel]] = {
        "grade": answers.GradeAnswer,
        "assign": answers.AssignAnswer,
        "work": answers.WorkAnswer,
        "fix": answers.WorkAnswer,
        "review": answers.ReviewAnswer,
        "validate": answers.ValidateAnswer,
    }
    return shapes[step.split("/", maxsplit=1)[0]]


def grade_of(name: str) -> int:
    [*_, last] = [reply for reply in SCENARIOS[name].reply if reply.step == "grade"]
    assert last.answer
    return int(last.answer["grade"])


@pytest.mark.parametrize(("name", "reply"), REPLIES)
def test_answer_is_of_its_questions_shape(name: str, reply: Reply) -> None:
    asked = shape(name, reply.step)
    asked.model_validate(reply.answer)
    # As the gateway judges: there no field has a default.
    jsonschema.validate(reply.answer, json.loads(answer_schema(asked)))


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_plan_is_accepted_and_every_worker_has_an_answer(name: str) -> None:
    scenario = SCENARIOS[name]
    [answer] = [reply.answer for reply in scenario.reply if reply.step == "plan"]
    model = shape(name, "plan").model_validate(answer)
    assert isinstance(model, answers.PlanAnswer | answers.SmallPlanAnswer)
    assert refuse_plan(model, read_library().stacks, scenario.stack) == []
    steps = [reply.step for reply in scenario.reply]
    plan = accept_plan(model, scenario.checks)
    wanted = [f"work/{worker.name}/1" for worker in plan.workers] + ["validate/1"]
    wanted += [step for manager in plan.managers for step in (f"assign/{manager.name}", f"review/{manager.name}/1")]
    for step in wanted:
        assert any(fnmatchcase(step, glob) for glob in steps), step


def test_the_scenarios_that_others_count_on_are_there() -> None:
    assert {
        "asks-for-packages",
        "change-repository",
        "cmake-cli",
        "conflict",
        "fix-after-failure",
        "flaky-model",
        "go-cli",
        "hostile",
        "never-passes",
        "node-web",
        "python-cli",
        "python-node",
        "rust-cli",
        "scaffold-fails-once",
        "skills",
        "slow",
    } <= set(SCENARIOS)


def test_duration_of_the_slow_check_can_be_changed_in_one_place() -> None:
    text = (SCENARIOS_DIR / "slow.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)
    assert text.count("\nseconds=20\n") == 1
