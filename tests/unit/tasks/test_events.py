from typing import get_args

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

from octra_proto.v1 import events_pb2
from octrad.tasks import events
from octrad.tasks.machine import TaskState

DETAILS: dict[str, FieldDescriptor] = {
    field.name: field for field in events_pb2.Event.DESCRIPTOR.oneofs_by_name["detail"].fields
}

SAMPLES: list[events.EventDetail] = [
    events.StateChanged(TaskState.DRAFT, TaskState.QUEUED),
    events.StateChanged(TaskState.RUNNING, TaskState.QUEUED, "octrad stopped"),
    events.StepStarted("Plan the work"),
    events.StepFinished(12, "abc"),
    events.Planned("Todo", "rust", (events.PlannedManager("backend", ("backend-1",)),), ("cargo test",)),
    events.SkillsPicked("backend-1", ("data-indexes",), "manager"),
    events.ModelAnswered("a/b", "ok", 10, 20, 3, 0.5, 1200),
    events.ModelAnswered("a/b", "rate", error="slow down"),
    events.ModelWriting("a/b", 2**40),
    events.CommandStarted("true", network=True),
    events.CommandOutput("x\n", 17),
    events.CommandFinished("true", 0, 5, "", already_proved=True),
    events.FilesChanged(("a", "b"), "abc"),
    events.EditsRefused(("no",)),
    events.PackagesAdded(("jq",), "abc"),
    events.PackagesRefused((events.RefusedPackage("nosuch", "it is not there"),)),
    events.Reviewed(approved=False, reasons=("why not",)),
    events.Snapshotted("k7f3", "/nix/store/x", 2**40, partial=True),
    events.Advised("It failed", "octractl retry k7f3"),
    events.Remarked("hm", warning=True),
]


def test_every_detail_of_the_api_has_a_dataclass_of_its_kind() -> None:
    assert {events.KINDS[detail] for detail in get_args(events.EventDetail)} == set(DETAILS)


@pytest.mark.parametrize("detail", get_args(events.EventDetail), ids=lambda detail: str(detail.__name__))
def test_fields_have_the_names_of_the_api(detail: type) -> None:
    ours = [name.removesuffix("_") for name in detail.__dataclass_fields__]  # type: ignore[attr-defined] # a dataclass
    message = DETAILS[events.KINDS[detail]].message_type
    assert message is not None
    assert ours == [field.name for field in message.fields]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_json_is_what_protobuf_reads(sample: events.EventDetail) -> None:
    kind, content = events.event_kind(sample), events.detail_json(sample)
    event = json_format.ParseDict({kind: content}, events_pb2.Event())
    assert event.WhichOneof("detail") == kind


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_what_is_stored_comes_back_the_same(sample: events.EventDetail) -> None:
    assert events.parse_detail(events.event_kind(sample), events.detail_json(sample)) == sample


def test_a_field_of_a_newer_octrad_is_passed_over() -> None:
    assert events.parse_detail("remarked", {"text": "x", "warning": False, "new": 1}) == events.Remarked("x")
