"""What can happen to a task: one dataclass for every `detail` of `octra.v1.Event`, with the same field names.

Pure. A unit test compares these with the generated descriptors, so the two cannot drift apart. An event is stored as
its kind (the name of its field in the `oneof`) and the JSON that protobuf's own JSON mapping reads.
"""

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from octrad.foundation.ids import TaskId
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Role


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The task went from one state to another. `from_` is the API's `from`, a word that Python keeps for itself."""

    from_: TaskState
    to: TaskState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step of the journal began."""

    title: str = ""


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step of the journal was recorded."""

    duration_ms: int
    commit: str = ""


@dataclass(frozen=True, slots=True)
class PlannedManager:
    """One domain of a plan."""

    name: str
    workers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """The Boss's plan was accepted."""

    title: str
    stack: str
    managers: tuple[PlannedManager, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillsPicked:
    """It was settled which fragments of the skill warehouse a worker is told. `by` is manager or search."""

    worker: str
    slugs: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class ModelAnswered:
    """One attempt at a model call ended, well or badly."""

    model: str
    outcome: str
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None
    duration_ms: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ModelWriting:
    """A long answer is coming: so many characters so far."""

    model: str
    characters: int


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """A command began in the sandbox."""

    command: str
    network: bool = False


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """A part of a command's output as it came."""

    text: str
    skipped_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """A command ended. `limit` names the limit that ended it: timeout, output, memory, disk or nothing."""

    command: str
    exit_code: int
    duration_ms: int = 0
    limit: str = ""
    already_proved: bool = False


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """Files of the tree were written and committed."""

    paths: tuple[str, ...]
    commit: str


@dataclass(frozen=True, slots=True)
class EditsRefused:
    """Edits that a model asked for were refused."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackagesAdded:
    """Packages that workers asked for were added to the environment."""

    packages: tuple[str, ...]
    commit: str


@dataclass(frozen=True, slots=True)
class RefusedPackage:
    """One package that was asked for, and why it is refused."""

    package: str
    reason: str


@dataclass(frozen=True, slots=True)
class PackagesRefused:
    """Packages that the plan or a worker asked for do not come into the environment."""

    refused: tuple[RefusedPackage, ...]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A manager's or the Boss's verdict."""

    approved: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshotted:
    """The tree was put into the Nix store and rooted."""

    snapshot_id: str
    store_path: str
    size_bytes: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Advised:
    """The advisor's note."""

    note: str
    next_command: str = ""


@dataclass(frozen=True, slots=True)
class Remarked:
    """Something that people should know and that changes nothing."""

    text: str
    warning: bool = False


EventDetail = (
    StateChanged
    | StepStarted
    | StepFinished
    | Planned
    | SkillsPicked
    | ModelAnswered
    | ModelWriting
    | CommandStarted
    | CommandOutput
    | CommandFinished
    | FilesChanged
    | EditsRefused
    | PackagesAdded
    | PackagesRefused
    | Reviewed
    | Snapshotted
    | Advised
    | Remarked
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a task. `seq` counts from 1 within the task without a gap."""

    task_id: TaskId
    seq: int
    at: datetime
    role: Role
    agent: str
    step: str
    detail: EventDetail


def _kind(detail_type: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", detail_type.__name__).lower()


KINDS: Final[dict[type, str]] = {detail: _kind(detail) for detail in get_args(EventDetail)}
_ADAPTERS: Final[dict[str, TypeAdapter[EventDetail]]] = {kind: TypeAdapter(detail) for detail, kind in KINDS.items()}
_STATE_PREFIX: Final = "TASK_STATE_"


def event_kind(detail: EventDetail) -> str:
    """The name of the field that holds this detail in the `oneof` of `octra.v1.Event`."""
    return KINDS[type(detail)]


def detail_json(detail: EventDetail) -> dict[str, Any]:
    """The detail as protobuf's JSON mapping reads it (`json_format.ParseDict`); what is absent is left out."""
    if isinstance(detail, StateChanged):
        return {"from": _state_name(detail.from_), "to": _state_name(detail.to), "reason": detail.reason}
    return {name: value for name, value in dataclasses.asdict(detail).items() if value is not None}


def parse_detail(kind: str, content: dict[str, Any]) -> EventDetail:
    """The detail that `detail_json` wrote. Fields that a newer octrad added are passed over."""
    if kind == "state_changed":
        return StateChanged(_state(content["from"]), _state(content["to"]), content["reason"])
    return _ADAPTERS[kind].validate_python(content)


def _state_name(state: TaskState) -> str:
    return f"{_STATE_PREFIX}{state}".upper()


def _state(name: str) -> TaskState:
    return TaskState(name.removeprefix(_STATE_PREFIX).lower())
