"""What an audit counts is what a run would ask."""

import json

import pytest

from octrad.gateway.calls import Completion, ModelRole
from octrad.knowledge.library import read_library
from octrad.pipeline.audit.audit_questions import Work, first_questions, stand_in
from octrad.pipeline.boss import DIFF_BYTES, grade_values
from octrad.pipeline.questions.answer_schema import answer_schema
from octrad.pipeline.questions.answers import GradeAnswer, WorkAnswer
from octrad.pipeline.questions.prompts import load_prompt, render
from octrad.pipeline.relevant_files import FILES_BYTES, ListedFile

FILES = (ListedFile("Cargo.toml", 120, "file"), ListedFile("src/main.rs", 900, "file"))
LIBRARY = read_library()
STACKS, GUIDES = LIBRARY.stacks, LIBRARY.guides


def ask(work: Work) -> dict[str, Completion]:
    return {question.question: question for question in first_questions(work, STACKS, GUIDES, tuple(ModelRole))}


def length(question: Completion) -> int:
    return sum(len(message.content) for message in question.messages)


def test_grade_is_worded_as_the_run_words_it() -> None:
    question = ask(Work("a todo list", FILES, "shown"))["grade"]
    rendered = render(load_prompt("grade"), grade_values("a todo list", FILES))
    assert [message.content for message in question.messages] == [rendered.system, rendered.user]
    assert question.schema_json == answer_schema(GradeAnswer)


def test_work_carries_request_tree_files_and_the_guides_of_the_stack() -> None:
    question = ask(Work("a todo list", FILES, "the contents of main.rs"))["work"]
    said = question.messages[1].content
    for words in ("a todo list", "src/main.rs (900 bytes)", "the contents of main.rs", "Stack: rust"):
        assert words in said
    assert json.loads(question.schema_json) == json.loads(answer_schema(WorkAnswer))


def test_later_work_is_as_long_as_a_prompt_may_become() -> None:
    asked = ask(Work("a todo list", (), "No file has contents worth showing."))
    assert length(asked["grade"]) < length(asked["work"])
    assert length(asked["later work"]) > length(asked["work"]) + FILES_BYTES
    assert length(asked["later review"]) > length(asked["review"]) + FILES_BYTES
    assert length(asked["later validate"]) > DIFF_BYTES > length(asked["validate"])


@pytest.mark.parametrize(
    ("roles", "names"),
    [
        ([ModelRole.BOSS], ["grade", "plan", "validate", "later validate"]),
        ([ModelRole.MANAGER], ["assign"]),
        ([ModelRole.WORKER], ["work", "later work"]),
        ([ModelRole.REVIEWER], ["review", "later review"]),
        ([ModelRole.ADVISOR], ["advise"]),
        ([ModelRole.WORKER, ModelRole.MANAGER], ["assign", "work", "later work"]),
        ([], []),
    ],
)
def test_only_questions_of_the_roles_are_worded_each_with_its_role(roles: list[ModelRole], names: list[str]) -> None:
    questions = first_questions(Work("a todo list", FILES, ""), STACKS, GUIDES, roles)
    assert [question.question for question in questions] == names
    assert {question.role for question in questions} == set(roles)


def test_review_and_verdict_carry_request_plan_tree_and_files() -> None:
    asked = ask(Work("a todo list", FILES, "the contents of main.rs", checks=("make prove",)))
    for name in ("assign", "review", "validate"):
        said = asked[name].messages[1].content
        assert all(words in said for words in ("a todo list", "src/main.rs (900 bytes)", "make prove")), name
    assert "the contents of main.rs" in asked["review"].messages[1].content
    assert "`make prove` exited 0" in asked["validate"].messages[1].content


def test_stack_and_checks_that_the_user_asked_for_are_in_the_plan() -> None:
    asked = ask(Work("a tool", FILES, "", stack="python", checks=("make prove",)))
    assert "the stack `python`, and no other" in asked["plan"].messages[1].content
    assert "make prove" in asked["plan"].messages[1].content
    assert "Stack: python" in asked["work"].messages[1].content


def test_boss_is_told_what_the_files_look_like() -> None:
    files = (
        ListedFile("pyproject.toml", 1, "file"),
        ListedFile("uv.lock", 1, "file"),
        ListedFile("web/package.json", 1, "file"),
    )
    asked = ask(Work("a tool", files, ""))
    assert "no stack in particular; the files look like `uv`, `node` in `web/`" in asked["plan"].messages[1].content
    assert "Stack: uv at the root, `node` in `web/`" in asked["work"].messages[1].content


def test_several_stacks_that_the_user_asked_for_are_in_the_plan() -> None:
    asked = ask(Work("a tool", FILES, "", stack="rust,node"))
    wanted = "the stacks `rust` at the root and `node` in directories of their own, and no others"
    assert wanted in asked["plan"].messages[1].content
    for words in ("Stack: rust at the root, `node`", "- cargo test", "- npm test", "Cargo", "npm"):
        assert words in asked["work"].messages[1].content


def test_stand_in_has_the_length_of_what_it_stands_for() -> None:
    assert [len(stand_in(length)) for length in (0, 1, 2, 3, 1000)] == [0, 1, 2, 3, 1000]
