"""What a scenario file says, and which of its replies answers a request. Pure: reads no file and opens no socket."""

import re
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FailureKind = Literal["error", "hang", "drop", "truncated", "drip", "cut", "broken", "endless", "no_choices", "refusal"]
# These spoil an answer, so they need one; the others stand in the place of an answer.
_SPOILERS = ("truncated", "drip", "cut")
_OF_KIND: dict[str, str] = {
    "status": "error",
    "headers": "error",
    "message": "error",
    "type": "error",
    "code": "error",
    "body": "error",
    "content_type": "error",
    "finish_reason": "truncated",
    "every_s": "drip",
    "pieces": "drip",
    "end": "cut",
}
_REQUEST_ID = re.compile(r"(?P<task>[^/]+)/(?P<step>.+)/#(?P<attempt>\d+)")

Seconds = Annotated[float, Field(ge=0, le=3600)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Failure(_Part):
    """How a reply goes wrong."""

    kind: FailureKind
    status: int = Field(default=500, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    message: str = "the rehearsal fails here on purpose"
    type: str = "rehearsed_error"
    code: str = ""
    body: str | None = None
    content_type: str = "application/json"
    finish_reason: Literal["length", "stop"] = "length"
    every_s: Seconds = 0.2
    pieces: int = Field(default=10, ge=2, le=1000)
    end: Literal["close", "reset"] = "close"

    @model_validator(mode="after")
    def _fields_belong_to_the_kind(self) -> Self:
        for name in sorted(self.model_fields_set - {"kind"}):
            if _OF_KIND[name] != self.kind:
                raise ValueError(f"`{name}` belongs to a failure of kind {_OF_KIND[name]}, not {self.kind}")
        if self.kind == "error" and "status" not in self.model_fields_set:
            raise ValueError("a failure of kind error needs `status`")
        return self


class Reply(_Part):
    """One answer, or one failure, and the requests that it is for."""

    step: str = Field(min_length=1)
    nth: int | None = Field(default=None, ge=1)
    variant: str | None = None
    delay_s: Seconds = 0.0
    # Of an answer; a failure of kind error has its own.
    headers: dict[str, str] = Field(default_factory=dict)
    answer: dict[str, Any] | None = None
    text: str | None = None
    failure: Failure | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        contents = [self.answer, self.text]
        given = sum(content is not None for content in contents)
        if given == 2:
            raise ValueError("`answer` and `text` exclude each other")
        spoils = self.failure is not None and self.failure.kind in _SPOILERS
        if self.failure is not None and spoils != bool(given):
            wants = "spoils an answer, so it needs `answer` or `text`" if spoils else "stands alone"
            raise ValueError(f"a failure of kind {self.failure.kind} {wants}")
        if self.headers and not given:
            raise ValueError("`headers` belong to an answer; those of an error stand in its `failure`")
        if self.failure is None and not given:
            raise ValueError("needs `answer`, `text` or `failure`")
        return self


class Scenario(_Part):
    """One scripted conversation with a model."""

    name: str
    title: str = Field(min_length=1)
    description: str = ""
    request: str = Field(min_length=1)
    checks: tuple[str, ...] = ()
    stack: str = ""
    reply: tuple[Reply, ...] = ()


class Asked(_Part):
    """What a request is, read from its id and its model name."""

    task: str
    step: str
    attempt: int
    scenario: str
    variant: str


def read_asked(request_id: str, model: str) -> Asked:
    """Reads `TASK/STEP/#ATTEMPT` and `NAME[:VARIANT]` (or `rehearsal/NAME…`); an id of another shape is all step."""
    name, _, variant = model.removeprefix("rehearsal/").partition(":")
    match = _REQUEST_ID.fullmatch(request_id)
    if match is None:
        return Asked(task="", step=request_id, attempt=0, scenario=name, variant=variant)
    return Asked(task=match["task"], step=match["step"], attempt=int(match["attempt"]), scenario=name, variant=variant)


def choose_reply(scenario: Scenario, asked: Asked, nth: int) -> Reply | None:
    """Returns the first reply in file order that is for the n-th request of this step, or None."""
    return next((reply for reply in scenario.reply if _is_for(reply, asked, nth)), None)


def _is_for(reply: Reply, asked: Asked, nth: int) -> bool:
    return (
        fnmatchcase(asked.step, reply.step)
        and (reply.nth is None or reply.nth == nth)
        and (reply.variant is None or fnmatchcase(asked.variant, reply.variant))
    )
