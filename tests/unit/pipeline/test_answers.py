import json

import jsonschema
import pytest
from pydantic import BaseModel, ValidationError

from octrad.pipeline.apply_edits import SUBJECT_LENGTH, subject_of
from octrad.pipeline.change_files import edits_of, refuse_nothing_changed
from octrad.pipeline.questions import answers
from octrad.pipeline.questions.answer_schema import answer_schema
from octrad.runner.edits import Removal, Replacement, WholeFile

ALL: list[type[BaseModel]] = [
    answers.GradeAnswer,
    answers.SmallPlanAnswer,
    answers.PlanAnswer,
    answers.AssignAnswer,
    answers.WorkAnswer,
    answers.ScaffoldFixAnswer,
    answers.ReviewAnswer,
    answers.ValidateAnswer,
    answers.NoteWordingAnswer,
    answers.ConsultAnswer,
]
# What an answer can do without.
OPTIONAL = {"context", "more_stacks", "packages", "skills"}
STRICT_KEYWORDS = {"type", "properties", "items", "enum", "anyOf", "$ref", "$defs", "description", "required"}


@pytest.mark.parametrize("answer", ALL)
def test_schema_is_valid_and_within_what_providers_take(answer: type[BaseModel]) -> None:
    schema = json.loads(answer_schema(answer))
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in [schema, *schema.get("$defs", {}).values()]:
        assert set(part) <= STRICT_KEYWORDS | {"additionalProperties"}
        assert part["additionalProperties"] is False
        assert part["required"] == sorted(part["required"])
        assert set(part["properties"]) - set(part["required"]) <= OPTIONAL


def test_schema_is_the_same_text_every_time() -> None:
    assert answer_schema(answers.PlanAnswer) == answer_schema(answers.PlanAnswer)


@pytest.mark.parametrize("grade", [0, 6, 2.5, "two"])
def test_grades_are_whole_numbers_from_1_to_5(grade: object) -> None:
    with pytest.raises(ValidationError):
        answers.GradeAnswer.model_validate({"grade": grade, "reason": "r"})


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        answers.ValidateAnswer.model_validate({"approved": True, "reasons": [], "note": "trust me"})


CONTEXT_FACT = {"scope": "team", "type": "fact", "content": "x"}


@pytest.mark.parametrize(
    "context",
    [
        [CONTEXT_FACT] * 6,
        [CONTEXT_FACT | {"scope": "everybody"}],
        [CONTEXT_FACT | {"type": "order"}],
        [CONTEXT_FACT | {"content": " \n "}],
        [CONTEXT_FACT | {"content": "x" * 2001}],
        [CONTEXT_FACT | {"important": True}],
        None,
    ],
)
def test_context_is_little_and_of_known_scopes_and_types(context: object) -> None:
    with pytest.raises(ValidationError):
        answers.ValidateAnswer.model_validate({"approved": True, "reasons": [], "context": context})


@pytest.mark.parametrize("context", [{}, {"context": []}, {"context": [CONTEXT_FACT]}])
def test_an_answer_may_say_something_and_need_not(context: dict[str, object]) -> None:
    answer = {"approved": True, "reasons": []} | context
    jsonschema.validate(answer, json.loads(answer_schema(answers.ValidateAnswer)))
    answers.ValidateAnswer.model_validate(answer)


@pytest.mark.parametrize("check", ["", "true\nrm -rf /", "true\x00", "a" * 1001, "\x1b[2J"])
def test_checks_are_one_printable_line(check: str) -> None:
    with pytest.raises(ValidationError):
        answers.SmallPlanAnswer(title="t", name="n", stack="s", packages=[], brief="b", checks=[check])


def test_changes_are_removals_then_files_then_edits() -> None:
    answer = answers.WorkAnswer.model_validate(
        {
            "summary": "s",
            "edits": [{"path": "a", "search": "x", "replace": "y"}],
            "files": [{"path": "b", "content": "c", "executable": True}],
            "removals": ["d"],
        }
    )
    assert edits_of(answer) == [Removal("d"), WholeFile("b", "c", executable=True), Replacement("a", "x", "y")]
    assert refuse_nothing_changed(answer) == []


def test_answer_that_changes_nothing_is_refused() -> None:
    assert refuse_nothing_changed(answers.WorkAnswer(summary="s", files=[], edits=[], removals=[]))


def test_answer_that_only_asks_for_packages_is_refused_where_they_are_not_heard() -> None:
    answer = answers.WorkAnswer(summary="s", files=[], edits=[], removals=[], packages=["jq"])
    assert refuse_nothing_changed(answer, may_ask=True) == []
    assert "no more packages" in refuse_nothing_changed(answer, may_ask=False)[0]


def test_answer_of_before_there_were_requests_asks_for_none() -> None:
    recorded = '{"summary": "s", "files": [], "edits": [], "removals": ["a"]}'
    assert answers.WorkAnswer.model_validate_json(recorded).packages == []


@pytest.mark.parametrize(
    ("summary", "subject"),
    [
        ("Add a list\n\nand more", "Add a list"),
        ("Red \x1b[31m alert\x07", "Red  [31m alert"),
        ("\n", "Change files"),
        ("x" * 100, "x" * (SUBJECT_LENGTH - 1) + "…"),
    ],
)
def test_subject_is_the_printable_first_line(summary: str, subject: str) -> None:
    assert subject_of(summary) == subject
