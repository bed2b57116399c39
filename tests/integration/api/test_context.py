"""The context of a project through real gRPC: what is added, cleaned up, listed and forgotten, and what is refused."""

from itertools import count
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from octra_proto.v1 import context_pb2, context_pb2_grpc, tasks_pb2
from tests.integration.api.conftest import reason_and_field

if TYPE_CHECKING:
    from octra_proto.v1.context_pb2_grpc import ContextServiceAsyncStub
    from octra_proto.v1.tasks_pb2_grpc import TaskServiceAsyncStub

RULE, FACT = context_pb2.CONTEXT_TYPE_RULE, context_pb2.CONTEXT_TYPE_FACT
_NUMBERS = count(1)


@pytest.fixture
def context(channel: grpc.aio.Channel) -> "ContextServiceAsyncStub":
    return context_pb2_grpc.ContextServiceStub(channel)


@pytest.fixture
async def project(tasks: "TaskServiceAsyncStub") -> str:
    """A project of the test's own, made by a task whose model is not there."""
    return await make_project(tasks)


async def make_project(tasks: "TaskServiceAsyncStub") -> str:
    name = f"context-{next(_NUMBERS)}"
    request = tasks_pb2.SubmitTaskRequest(request="x", project=name, model="rehearsal/there-is-none")
    await tasks.SubmitTask(request)
    return name


async def add(
    context: "ContextServiceAsyncStub", project: str, content: str, **fields: Any
) -> context_pb2.ContextEntry:
    request = context_pb2.AddContextRequest(project=project, content=content, **fields)
    return (await context.AddContext(request)).entry


async def listed(context: "ContextServiceAsyncStub", project: str, **fields: Any) -> list[context_pb2.ContextEntry]:
    request = context_pb2.ListContextRequest(project=project, page_size=200, **fields)
    return list((await context.ListContext(request)).entries)


async def test_what_a_person_says_is_global_and_says_who(context: "ContextServiceAsyncStub", project: str) -> None:
    entry = await add(context, project, "  prices are whole cents\n")
    assert (entry.content, entry.type, entry.scope) == (
        "prices are whole cents",
        FACT,
        context_pb2.CONTEXT_SCOPE_GLOBAL,
    )
    assert (entry.role, entry.task_id, entry.step, entry.important) == ("user", "", "", False)
    assert entry.user
    assert entry.HasField("created_at")
    assert not entry.HasField("ended_at")
    assert (await add(context, project, "x", type=RULE)).important
    assert [one.content for one in await listed(context, project)] == ["x", "prices are whole cents"]


@pytest.mark.parametrize(("characters", "cap"), [(100, 40), (300, 30), (900, 20)])
async def test_past_the_cap_the_five_oldest_unimportant_go_and_rules_stay(
    context: "ContextServiceAsyncStub", project: str, characters: int, cap: int
) -> None:
    rules = [await add(context, project, f"rule {number}", type=RULE) for number in range(3)]
    important = await add(context, project, "i" * characters, important=True)
    messages = [await add(context, project, f"{number:03}".ljust(characters, "x")) for number in range(cap - 1)]
    assert len(await listed(context, project)) == cap + len(rules)
    last = await add(context, project, "z" * characters)
    ids = {entry.id for entry in await listed(context, project)}
    assert ids == {entry.id for entry in (*rules, important, *messages[5:], last)}
    gone = {entry.id: entry for entry in await listed(context, project, include_ended=True) if entry.id not in ids}
    assert set(gone) == {entry.id for entry in messages[:5]}
    assert {entry.end for entry in gone.values()} == {context_pb2.CONTEXT_END_REMOVED}
    assert all(entry.HasField("ended_at") for entry in gone.values())


async def test_forget_marks_what_contains_the_text_or_has_the_id(
    context: "ContextServiceAsyncStub", project: str
) -> None:
    rule = await add(context, project, "Never use jQuery", type=RULE)
    fact = await add(context, project, "jquery is slow", important=True)
    other = await add(context, project, "prices are whole cents")
    request = context_pb2.ForgetContextRequest(project=project, text="JQuery", request_id=f"forget-{project}")
    for _ in range(2):
        answer = await context.ForgetContext(request)
        assert (answer.forgotten, [entry.id for entry in answer.entries]) == (2, [fact.id, rule.id])
        assert {entry.end for entry in answer.entries} == {context_pb2.CONTEXT_END_FORGOTTEN}
    assert [entry.id for entry in await listed(context, project)] == [other.id]
    one = await context.ForgetContext(context_pb2.ForgetContextRequest(project=project, id=other.id))
    assert one.forgotten == 1
    assert await listed(context, project) == []
    assert len(await listed(context, project, include_ended=True)) == 3
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await context.ForgetContext(context_pb2.ForgetContextRequest(project=project, text="jquery"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert reason_and_field(caught.value)[0] == "nothing_to_forget"


async def test_projects_know_nothing_of_each_other(
    context: "ContextServiceAsyncStub", tasks: "TaskServiceAsyncStub", project: str
) -> None:
    other = await make_project(tasks)
    entry = await add(context, project, "prices are whole cents")
    assert await listed(context, other, include_ended=True) == []
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await context.ForgetContext(context_pb2.ForgetContextRequest(project=other, id=entry.id))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert [one.id for one in await listed(context, project)] == [entry.id]


async def test_adding_again_changes_nothing(context: "ContextServiceAsyncStub", project: str) -> None:
    first = await add(context, project, "prices are whole cents", request_id=f"add-{project}")
    assert await add(context, project, "prices are whole cents", request_id=f"add-{project}") == first
    assert await add(context, project, "prices are whole cents") == first
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await add(context, project, "something else", request_id=f"add-{project}")
    assert reason_and_field(caught.value)[0] == "request_id_reused"
    assert len(await listed(context, project)) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"content": ""}, "content"),
        ({"content": "x" * 2001}, "content"),
        ({"content": "a\x1b[2J"}, "content"),
        ({"type": 99}, "type"),
        ({"project": ""}, "project"),
        ({"project": "My Project"}, "project"),
        ({"request_id": "\n"}, "request_id"),
    ],
)
async def test_bad_additions_are_refused(
    context: "ContextServiceAsyncStub", project: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await context.AddContext(context_pb2.AddContextRequest(**({"project": project, "content": "x"} | fields)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    reason, hint, named = reason_and_field(caught.value)
    assert (reason, named) == ("invalid_request", field)
    assert hint


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "text"),
        ({"text": "x", "id": 1}, "id"),
        ({"id": -1}, "id"),
        ({"text": "a\0"}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"text": "x", "project": ""}, "project"),
    ],
)
async def test_bad_forgetting_is_refused(
    context: "ContextServiceAsyncStub", project: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await context.ForgetContext(context_pb2.ForgetContextRequest(**({"project": project} | fields)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_and_field(caught.value)[2] == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"project": ""}, "project"),
        ({"task": "x"}, "task"),
        ({"scope": 99}, "scope"),
        ({"page_size": 201}, "page_size"),
        ({"page_token": "x"}, "page_token"),
    ],
)
async def test_bad_lists_are_refused(
    context: "ContextServiceAsyncStub", project: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await context.ListContext(context_pb2.ListContextRequest(**({"project": project} | fields)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_and_field(caught.value)[2] == field


async def test_a_project_that_was_never_worked_on_has_no_context(context: "ContextServiceAsyncStub") -> None:
    requests = (
        context.ListContext(context_pb2.ListContextRequest(project="no-such")),
        context.AddContext(context_pb2.AddContextRequest(project="no-such", content="x")),
        context.ForgetContext(context_pb2.ForgetContextRequest(project="no-such", text="x")),
    )
    for request in requests:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await request
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert reason_and_field(caught.value)[0] == "project_not_found"
