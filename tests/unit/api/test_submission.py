from collections.abc import Mapping
from typing import Any

import pytest

from octra_proto.v1 import tasks_pb2
from octrad.api.model_choice import NoModelError, choose_models, is_rehearsal
from octrad.api.submission import submission_of
from octrad.foundation.config import Config, parse_config
from octrad.foundation.errors import InvalidRequestError
from octrad.knowledge.library import read_library
from octrad.knowledge.stacks import Stack
from octrad.tasks.task import TaskPriority

CONFIG = parse_config(
    """
    [models]
    chain = ["rehearsal/python-cli"]
    [providers.rehearsal]
    kind = "rehearsal"
    base_url = "http://127.0.0.1:1/v1"
    [providers.local]
    kind = "ollama"
    """
)

LIBRARY = read_library()
WAREHOUSE = LIBRARY.warehouse


@pytest.fixture(scope="module")
def stacks() -> Mapping[str, Stack]:
    return LIBRARY.stacks


def test_the_least_that_can_be_asked(stacks: Mapping[str, Stack]) -> None:
    submission = submission_of(tasks_pb2.SubmitTaskRequest(request="a todo list"), CONFIG, stacks, warehouse=WAREHOUSE)
    assert submission.request == "a todo list"
    assert submission.priority is TaskPriority.P2
    assert submission.model == ""
    assert submission.rehearsal


def test_all_that_can_be_asked(stacks: Mapping[str, Stack]) -> None:
    message = tasks_pb2.SubmitTaskRequest(
        request_id="1",
        request="a todo list",
        project="todo-list",
        bundle_id="0a" * 32,
        stack="python",
        model="local/qwen, rehearsal/python-cli",
        checks=["true", "false"],
        priority=tasks_pb2.TASK_PRIORITY_P0,
        skill_areas=["backend", "VPN", "Backend"],
    )
    submission = submission_of(message, CONFIG, stacks, warehouse=WAREHOUSE)
    assert submission.model == "local/qwen,rehearsal/python-cli"
    assert submission.checks == ("true", "false")
    assert submission.skill_areas == ("Backend", "VPN")
    assert submission.priority is TaskPriority.P0
    assert not submission.rehearsal


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"request": ""}, "request", "empty"),
        ({"request": " \n\t"}, "request", "empty"),
        ({"request": "x" * (256 * 1024 + 1)}, "request", "262,145 bytes"),
        ({"request": "ä" * (128 * 1024 + 1)}, "request", "bytes; at most 262,144"),
        ({"request": "a\0b"}, "request", r"U\+0000 at position 2"),
        ({"request": "a\x1b[31mred"}, "request", r"U\+001B"),
        ({"project": "Todo List"}, "project", "not a name"),
        ({"project": "-a"}, "project", "not a name"),
        ({"project": "a" * 64}, "project", "not a name"),
        ({"project": "../etc"}, "project", "not a name"),
        ({"stack": "cobol"}, "stack", "no stack 'cobol'"),
        ({"stack": "rust,cobol"}, "stack", "no stack 'cobol'"),
        ({"stack": "rust,rust"}, "stack", "no list of stacks"),
        ({"checks": [""]}, "checks", "empty"),
        ({"bundle_id": "../x"}, "bundle_id", "not one that UploadBundle gave"),
        ({"priority": 9}, "priority", "not one of P0 to P3"),
        ({"model": "gpt-5"}, "model", "no configured provider serves the model 'gpt-5'"),
        ({"model": "openai/gpt-5"}, "model", "no configured provider"),
        ({"model": "local/"}, "model", "no configured provider"),
        ({"model": "local/x, local/y,local/x"}, "model", "'local/x' is named twice"),
        ({"request_id": "a b"}, "request_id", "visible ASCII"),
        ({"request_id": "x" * 129}, "request_id", "visible ASCII"),
    ],
)
def test_a_field_that_cannot_be_accepted_is_named_with_its_mend(
    fields: dict[str, Any], field: str, words: str, stacks: Mapping[str, Stack]
) -> None:
    message = tasks_pb2.SubmitTaskRequest(**({"request": "a todo list"} | fields))
    with pytest.raises(InvalidRequestError, match=words) as caught:
        submission_of(message, CONFIG, stacks, warehouse=WAREHOUSE)
    assert caught.value.field == field
    assert caught.value.hint


def test_several_stacks_are_taken_in_their_order(stacks: Mapping[str, Stack]) -> None:
    message = tasks_pb2.SubmitTaskRequest(request="x", stack=" rust, node")
    assert submission_of(message, CONFIG, stacks, warehouse=WAREHOUSE).stack == "rust,node"


def test_an_unknown_stack_lists_the_known(stacks: Mapping[str, Stack]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        submission_of(tasks_pb2.SubmitTaskRequest(request="x", stack="cobol"), CONFIG, stacks, warehouse=WAREHOUSE)
    assert "python" in caught.value.hint
    assert "rust" in caught.value.hint


@pytest.mark.parametrize(("area", "near"), [("Bakend", "did you mean Backend? "), ("cooking", ""), ("", "")])
def test_an_unknown_area_of_skills_is_told_the_nearest_and_all(
    area: str, near: str, stacks: Mapping[str, Stack]
) -> None:
    message = tasks_pb2.SubmitTaskRequest(request="x", skill_areas=["CLI", area])
    with pytest.raises(InvalidRequestError) as caught:
        submission_of(message, CONFIG, stacks, warehouse=WAREHOUSE)
    assert caught.value.field == "skill_areas"
    assert caught.value.hint.startswith(f"{near}the areas are Backend, CLI, ")


@pytest.mark.parametrize(("project", "near"), [("Todo List", "todo-list"), ("9 lives!", "lives"), ("日本", "")])
def test_a_project_that_is_no_name_is_told_the_nearest(project: str, near: str, stacks: Mapping[str, Stack]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        submission_of(tasks_pb2.SubmitTaskRequest(request="x", project=project), CONFIG, stacks, warehouse=WAREHOUSE)
    assert (f"`{near}`" if near else "for example") in caught.value.hint


@pytest.mark.parametrize(
    "config", [Config(), parse_config('[models]\nchain = ["openai/gpt-5"]')], ids=["no chain", "no provider"]
)
def test_without_a_model_the_error_says_how_to_get_one(config: Config, stacks: Mapping[str, Stack]) -> None:
    with pytest.raises(NoModelError) as caught:
        submission_of(tasks_pb2.SubmitTaskRequest(request="x"), config, stacks, warehouse=WAREHOUSE)
    assert "chain = [" in caught.value.hint
    assert "rehearsal" in caught.value.hint


def test_the_first_model_decides_what_is_a_rehearsal() -> None:
    assert choose_models("", CONFIG) == ()
    assert is_rehearsal("", CONFIG)
    assert is_rehearsal("rehearsal/x,local/y", CONFIG)
    assert not is_rehearsal("local/y,rehearsal/x", CONFIG)
