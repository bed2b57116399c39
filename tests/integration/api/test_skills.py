"""The skill warehouse over the API: all of it, a part, what fits, and what is refused."""

from typing import TYPE_CHECKING

import grpc
import pytest

from octra_proto.v1 import knowledge_pb2, knowledge_pb2_grpc, tasks_pb2
from tests.integration.api.conftest import reason_and_field

if TYPE_CHECKING:
    from octra_proto.v1.tasks_pb2_grpc import TaskServiceAsyncStub


@pytest.fixture
def knowledge(channel: grpc.aio.Channel) -> "knowledge_pb2_grpc.KnowledgeServiceAsyncStub":
    return knowledge_pb2_grpc.KnowledgeServiceStub(channel)


async def test_catalog_is_whole_or_of_some_areas(knowledge: "knowledge_pb2_grpc.KnowledgeServiceAsyncStub") -> None:
    everything = await knowledge.ListSkills(knowledge_pb2.ListSkillsRequest())
    assert len(everything.skills) >= 60
    assert {"Backend", "CLI", "VPN", "Nix"} <= set(everything.areas)
    narrowed = await knowledge.ListSkills(knowledge_pb2.ListSkillsRequest(areas=["vpn", "Nix"]))
    assert {skill.area for skill in narrowed.skills} == {"VPN", "Nix"}
    assert narrowed.areas == everything.areas


async def test_search_ranks_narrows_and_explains(knowledge: "knowledge_pb2_grpc.KnowledgeServiceAsyncStub") -> None:
    request = knowledge_pb2.SearchSkillsRequest(
        role="network", tech="wireguard", task="large transfers hang in the tunnel", explain=True
    )
    answer = await knowledge.SearchSkills(request)
    assert len(answer.found) == 3
    assert answer.found[0].skill.slug == "vpn-mtu"
    for one in answer.found:
        assert sum(term.score for term in one.terms) == pytest.approx(one.score)
    request.areas.append("Proxy")
    request.k, request.explain = 1, False
    [only] = (await knowledge.SearchSkills(request)).found
    assert (only.skill.area, len(only.terms)) == ("Proxy", 0)


async def test_fragments_come_in_the_order_asked_for(
    knowledge: "knowledge_pb2_grpc.KnowledgeServiceAsyncStub",
) -> None:
    request = knowledge_pb2.GetSkillsRequest(slugs=["vpn-mtu", "cli-arguments"])
    assert [skill.slug for skill in (await knowledge.GetSkills(request)).skills] == ["vpn-mtu", "cli-arguments"]


@pytest.mark.parametrize(
    ("call", "request_", "field", "hint"),
    [
        ("ListSkills", knowledge_pb2.ListSkillsRequest(areas=["Fronted"]), "areas", "did you mean Frontend? the areas"),
        ("SearchSkills", knowledge_pb2.SearchSkillsRequest(areas=["x"]), "areas", "the areas are Backend, "),
        ("SearchSkills", knowledge_pb2.SearchSkillsRequest(k=51), "k", "0 means 3"),
        ("SearchSkills", knowledge_pb2.SearchSkillsRequest(task="a\x1b"), "task", "send plain text"),
        ("SearchSkills", knowledge_pb2.SearchSkillsRequest(role="x" * 20_001), "role", ""),
        ("GetSkills", knowledge_pb2.GetSkillsRequest(slugs=["vpn-mtu"] * 51), "slugs", ""),
        ("GetSkills", knowledge_pb2.GetSkillsRequest(slugs=["vpn-mtv"]), "", "did you mean `vpn-mtu`? "),
    ],
)
async def test_what_is_not_there_is_refused_with_the_nearest(
    knowledge: "knowledge_pb2_grpc.KnowledgeServiceAsyncStub", call: str, request_: object, field: str, hint: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(knowledge, call)(request_)
    _, told, named = reason_and_field(caught.value)
    assert named == field
    assert told.startswith(hint)


async def test_task_is_refused_for_an_area_that_is_not_there(tasks: "TaskServiceAsyncStub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(request="a tool", skill_areas=["Testng"]))
    _, hint, field = reason_and_field(caught.value)
    assert (field, hint.startswith("did you mean Testing? ")) == ("skill_areas", True)
