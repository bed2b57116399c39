"""The stacks: what a project of a kind needs, how it begins, and how it is usually checked. Data files, not code.

One file a stack in `library/stacks/`. A stack says nothing about how Nix or the sandbox work.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from octrad.foundation.describe_faults import describe_faults
from octrad.foundation.errors import ConfigurationError, InvalidRequestError

# Stands for the project's name in scaffold commands and files. A name is letters, digits and dashes: no quoting needed.
NAME_PLACEHOLDER = "@NAME@"


@dataclass(frozen=True, slots=True)
class RunTool:
    """A scaffold step that runs the stack's own tool."""

    command: str
    network: bool


@dataclass(frozen=True, slots=True)
class WriteFiles:
    """A scaffold step for stacks whose tool makes no project: pairs of path and content."""

    files: tuple[tuple[str, str], ...]


ScaffoldStep: TypeAlias = RunTool | WriteFiles


@dataclass(frozen=True, slots=True)
class Stack:
    """A kind of project."""

    name: str
    title: str
    attributes: tuple[str, ...]
    shell: str
    ignore: tuple[str, ...]
    variables: Mapping[str, str]
    scaffold: tuple[ScaffoldStep, ...]
    checks: tuple[str, ...]
    guides: tuple[str, ...]
    detect: tuple[str, ...]

    def scaffold_for(self, project: str) -> tuple[ScaffoldStep, ...]:
        """The scaffold steps with the project's name put in; `project` must be a checked name."""
        return tuple(_named(step, project) for step in self.scaffold)


def parse_stack(filename: str, text: str) -> Stack:
    """Validates the text of `NAME.toml`.

    Raises:
        ConfigurationError: it is not what it must be; the file and the key are named.
    """
    try:
        stack = _StackFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the stack {filename} is not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(f"the stack {filename} is not valid: {describe_faults(error)}") from error
    if filename != f"{stack.name}.toml":
        raise ConfigurationError(f"the stack {filename} calls itself {stack.name!r}")
    return stack.accept()


def require_stack(stacks: Mapping[str, Stack], name: str) -> Stack:
    """The stack of that name.

    Raises:
        InvalidRequestError: there is none; the hint lists the known ones.
    """
    if name in stacks:
        return stacks[name]
    raise InvalidRequestError(
        f"there is no stack {name[:60]!r}", field="stack", hint=f"the stacks are {', '.join(sorted(stacks))}"
    )


def detect_stack(stacks: Mapping[str, Stack], paths: Sequence[str]) -> str:
    """The stack whose detection files are most present at the top of a tree; empty when none is."""
    top = {path for path in paths if "/" not in path}
    counts = {name: len(top & set(stack.detect)) for name, stack in stacks.items()}
    best = max(sorted(counts), key=lambda name: counts[name], default="")
    return best if best and counts[best] else ""


def _named(step: ScaffoldStep, project: str) -> ScaffoldStep:
    match step:
        case RunTool(command, network):
            return RunTool(command.replace(NAME_PLACEHOLDER, project), network)
        case WriteFiles(named):
            return WriteFiles(tuple((path, content.replace(NAME_PLACEHOLDER, project)) for path, content in named))


_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_+-]*(?:\.[A-Za-z_][A-Za-z0-9_+-]*)*")
_Attribute = Annotated[str, Field(pattern=rf"^{_ATTRIBUTE.pattern}$")]
_Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _FileOfScaffold(_Strict):
    path: _Text
    content: str


class _ScaffoldEntry(_Strict):
    command: str = ""
    network: bool = False
    files: list[_FileOfScaffold] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "_ScaffoldEntry":
        if bool(self.command) == bool(self.files):
            raise ValueError("a scaffold step has either a command or files")
        return self

    def accept(self) -> ScaffoldStep:
        if self.command:
            return RunTool(self.command, self.network)
        return WriteFiles(tuple((file.path, file.content) for file in self.files))


class _StackFile(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: _Text
    attributes: list[_Attribute]
    shell: Literal["mkShell", "mkShellNoCC"]
    ignore: list[_Text] = Field(default_factory=list)
    variables: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] = Field(default_factory=dict)
    scaffold: list[_ScaffoldEntry] = Field(default_factory=list)
    checks: list[_Text] = Field(default_factory=list)
    guides: list[_Text] = Field(default_factory=list)
    detect: list[_Text] = Field(default_factory=list)

    def accept(self) -> Stack:
        return Stack(
            name=self.name,
            title=self.title,
            attributes=tuple(self.attributes),
            shell=self.shell,
            ignore=tuple(self.ignore),
            variables=dict(self.variables),
            scaffold=tuple(entry.accept() for entry in self.scaffold),
            checks=tuple(self.checks),
            guides=tuple(self.guides),
            detect=tuple(self.detect),
        )
