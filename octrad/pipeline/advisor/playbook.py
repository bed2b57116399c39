"""A playbook: what to say and do about one cause of a task's end. One TOML file a cause, read strictly. Pure.

Values get into a playbook's text only through named placeholders, cleaned and quoted for the shell: a model's name or
a step's cannot become a second command.
"""

import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from octrad.foundation.describe_faults import describe_faults
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.calls import Outcome
from octrad.pipeline.advisor.clean_text import clean_line
from octrad.pipeline.advisor.situation import OUTPUT_CHARACTERS, Situation
from octrad.pipeline.ending import Kept

SUFFIX = ".toml"
# What may stand in braces. The first is always known; a line with one that is not known is left out.
ALWAYS_KNOWN = "task"
PLACEHOLDERS = (ALWAYS_KNOWN, "project", "stack", "step", "command", "models", "model", "provider", "other_model")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_VALUE_CHARACTERS = 200
# What a value may hold at worst; a template that keeps this one word keeps every value one word.
_HOSTILE = "a '\"$(b) `c`; d\\"


@dataclass(frozen=True, slots=True)
class Match:
    """Conditions that must all hold; an empty one holds always."""

    code: str = ""
    failure_class: str = ""
    reason: str = ""
    stack: str = ""
    step: str = ""
    kept: str = ""
    pattern: str = ""

    @property
    def conditions(self) -> int:
        """How many there are: the more, the more specific."""
        parts = (self.code, self.failure_class, self.reason, self.stack, self.step, self.kept, self.pattern)
        return sum(map(bool, parts))

    def holds(self, situation: Situation) -> bool:
        """Whether all of them hold."""
        return (
            self.code in {"", situation.code}
            and self.failure_class in {"", situation.failure_class}
            and self.reason in {"", situation.reason}
            and self.stack in {"", *situation.stack.split(",")}
            and self.kept in {"", situation.kept}
            and (not self.step or fnmatchcase(situation.step, self.step))
            and (not self.pattern or re.search(self.pattern, _said(situation), re.MULTILINE) is not None)
        )


@dataclass(frozen=True, slots=True)
class Playbook:
    """What to say and do about one cause.

    Args:
        name: that of the file, without its suffix.
        matches: what it is for: any one of them; none fits everything.
        priority: of two that fit, the one with the greater goes first, however specific the other is.
        title: what happened, in one sentence.
        explanation: what that means.
        steps: what people can do about it.
        commands: the next step, to type: the first whose placeholders are all known.
    """

    name: str
    matches: tuple[Match, ...]
    priority: int
    title: str
    explanation: str
    steps: tuple[str, ...]
    commands: tuple[str, ...]

    def fit(self, situation: Situation) -> int | None:
        """How many conditions of the best match hold; None when it is not for this."""
        if not self.matches:
            return 0
        return max((match.conditions for match in self.matches if match.holds(situation)), default=None)


def parse_playbook(filename: str, text: str) -> Playbook:
    """Validates the text of `NAME.toml`.

    Raises:
        ConfigurationError: it is not what it must be; the file and the keys are named.
    """
    name = filename.removesuffix(SUFFIX)
    if not filename.endswith(SUFFIX) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"{filename[:80]!r} is no name of a playbook: lower-case letters, digits and dashes")
    try:
        return _PlaybookFile.model_validate(tomllib.loads(text)).accept(name)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the playbook {filename} is not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(f"the playbook {filename} is not valid: {describe_faults(error)}") from error


def fill(template: str, values: Mapping[str, str]) -> str | None:
    """The template with its values, each quoted for the shell; None when one of them is not known."""
    wanted = {found[1]: values.get(found[1], "") for found in _PLACEHOLDER.finditer(template)}
    if not all(wanted.values()):
        return None
    return _PLACEHOLDER.sub(lambda found: shlex.quote(wanted[found[1]]), template)


def values_of(situation: Situation, other_model: str) -> dict[str, str]:
    """What the placeholders stand for, each one line; empty where it is not known."""
    model = situation.hops[-1].model if situation.hops else ""
    values = {
        "task": situation.task_id,
        "project": situation.project,
        "stack": situation.stack,
        "step": situation.step,
        "command": situation.command,
        # Half a list would name other models.
        "models": situation.models if len(situation.models) <= _VALUE_CHARACTERS else "",
        "model": model,
        "provider": model.partition("/")[0],
        "other_model": other_model,
    }
    return {name: clean_line(value, _VALUE_CHARACTERS) for name, value in values.items()}


def _said(situation: Situation) -> str:
    """What a pattern is looked for in."""
    parts = (situation.message, situation.snapshot_failure, *(hop.error for hop in situation.hops))
    return "\n".join([*parts, situation.output[-OUTPUT_CHARACTERS:]])


def _one_line(text: str) -> str:
    if clean_line(text) != text:
        raise ValueError("must be one line of plain text")
    return text


def _is_template(text: str) -> str:
    unknown = sorted({found[1] for found in _PLACEHOLDER.finditer(text)} - set(PLACEHOLDERS))
    if unknown:
        raise ValueError(f"`{{{unknown[0]}}}` is not a placeholder; known: {', '.join(PLACEHOLDERS)}")
    return text


def _keeps_values_whole(template: str) -> str:
    filled = fill(template, dict.fromkeys(PLACEHOLDERS, _HOSTILE)) or ""
    if not _words(template):
        raise ValueError("is no command line")
    if sum(word.count(_HOSTILE) for word in _words(filled)) != len(_PLACEHOLDER.findall(template)):
        raise ValueError("a placeholder may not stand in quotes: its value is quoted already")
    return template


def _words(command: str) -> list[str]:
    """The words that a shell takes it for; none where a quote is not closed."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _is_pattern(text: str) -> str:
    try:
        re.compile(text, re.MULTILINE)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


def _ends_known(commands: list[str]) -> list[str]:
    if commands and set(_PLACEHOLDER.findall(commands[-1])) - {ALWAYS_KNOWN, "project"}:
        raise ValueError("the last one may name only {task} and {project}, which are always known")
    return commands


_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_Glob = Annotated[str, Field(min_length=1, max_length=200)]
_Sentence = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
_Template = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_one_line), AfterValidator(_is_template)]
_Command = Annotated[_Template, AfterValidator(_keeps_values_whole)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _MatchEntry(_Strict):
    code: _Word | None = None
    failure_class: Outcome | None = Field(default=None, alias="class")
    reason: _Word | None = None
    stack: _Glob | None = None
    step: _Glob | None = None
    kept: Kept | None = None
    pattern: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_is_pattern)] | None = None

    def accept(self) -> Match:
        return Match(**{name: str(value) for name, value in self if value is not None})


class _PlaybookFile(_Strict):
    title: _Sentence
    explanation: Annotated[str, Field(min_length=1, max_length=1000)]
    priority: int = Field(default=0, ge=-100, le=100)
    steps: Annotated[list[_Template], Field(max_length=6)] = []
    commands: Annotated[list[_Command], Field(min_length=1, max_length=4), AfterValidator(_ends_known)]
    match: list[_MatchEntry] = []

    def accept(self, name: str) -> Playbook:
        return Playbook(
            name=name,
            matches=tuple(entry.accept() for entry in self.match),
            priority=self.priority,
            title=self.title,
            explanation=clean_line(self.explanation),
            steps=tuple(self.steps),
            commands=tuple(self.commands),
        )
