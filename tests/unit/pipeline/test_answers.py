import json

import jsonschema
import pytest
from pydantic import BaseModel, ValidationError

from octrad.pipeline import answers
from octrad.pipeline.answer_schema import answer_schema
from octrad.pipeline.apply_edits import SUBJECT_LENGTH, subject_of
from octrad.pipeline.change_files import edits_of, refuse_nothing_changed
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
