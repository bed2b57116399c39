"""What agents are told, through the API and through octractl."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import grpc
import pytest

from octra_proto.v1 import knowledge_pb2, knowledge_pb2_grpc
from tests.daemon import ROOT, House
from tests.integration.api.conftest import reason_and_field

if TYPE_CHECKING:
    from octra_proto.v1.knowledge_pb2_grpc import KnowledgeServiceAsyncStub


@pytest.fixture
def knowledge(channel: grpc.aio.Channel) -> "KnowledgeServiceAsyncStub":
    return knowledge_pb2_grpc.KnowledgeServiceStub(channel)


async def test_guides_are_listed_by_ecosystem(knowledge: "KnowledgeServiceAsyncStub") -> None:
    listed = await knowledge.ListGuides(knowledge_pb2.ListGuidesRequest())
    order = [(guide.ecosystem, guide.name) for guide in listed.guides]
    assert order == sorted(order)
    assert len(order) >= 38
    assert not any(guide.own for guide in listed.guides)
    python = await knowledge.ListGuides(knowledge_pb2.ListGuidesRequest(ecosystem="python"))
    assert [guide.name for guide in python.guides] == ["pip", "poetry", "uv"]


async def test_a_guide_is_told_in_parts_and_as_it_goes_into_prompts(knowledge: "KnowledgeServiceAsyncStub") -> None:
    told = await knowledge.GetGuide(knowledge_pb2.GetGuideRequest(name="cargo"))
    assert told.guide.title == "Rust: cargo"
    assert {command.offline for command in told.commands} == {True, False}
    for text in (*told.offline, *told.layout, *(error.cure for error in told.errors)):
        assert text in told.prompt_text
    assert len(told.prompt_text) <= 3 * told.prompt_tokens


async def test_unknown_guide_and_ecosystem_are_refused_with_the_known(knowledge: "KnowledgeServiceAsyncStub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await knowledge.GetGuide(knowledge_pb2.GetGuideRequest(name="cobol"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert "cargo" in reason_and_field(caught.value)[1]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await knowledge.ListGuides(knowledge_pb2.ListGuidesRequest(ecosystem="cobol"))
    reason, hint, field = reason_and_field(caught.value)
    assert (reason, field) == ("invalid_request", "ecosystem")
    assert "python" in hint


def test_octractl_shows_the_table_and_one_guide(octrad: House) -> None:
    table = octrad.must("guides").stdout
    assert "ECOSYSTEM" in table
    assert "OpenTofu" in table
    one = octrad.must("guides", "go").stdout
    assert "GOPROXY=off" in one
    assert octrad.must("guides", "go", "--json").json["prompt_text"] in one
    refused = octrad.octractl("guides", "gp")
    assert refused.exit_code == 66
    assert "there is no guide 'gp'" in refused.stderr
    assert octrad.octractl("guides", "go", "--ecosystem", "go").exit_code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [(("guides", "op"), {"opentofu"}), (("guides", "--ecosystem", "py"), {"python"}), (("guides", "zz"), set())],
)
def test_names_and_ecosystems_of_guides_are_completed(
    octrad: House, words: tuple[str, ...], expected: set[str]
) -> None:
    typed = ["octractl", "--socket", str(octrad.socket), *words]
    environment = os.environ | {
        "_OCTRACTL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }
    argv = [sys.executable, "-m", "octractl"]
    said = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert {line.removeprefix("plain,") for line in said.stdout.split()} == expected
