"""The stacks: what a project of a kind needs, how it begins, and how it is usually checked. Data files, not code.

One file a stack in `library/stacks/`. A stack says nothing about how Nix or the sandbox work.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from octrad.foundation.describe_faults import describe_faults
from octrad.foundation.errors import ConfigurationError, InvalidRequestError

# Stand for the project's name in scaffold commands and files: `guest-book`, and for tools that take no dashes
# `guest_book` and `GuestBook`. A name is letters, digits and dashes: no quoting needed.
NAME_PLACEHOLDER = "@NAME@"
SNAKE_NAME_PLACEHOLDER = "@SNAKE_NAME@"
CAMEL_NAME_PLACEHOLDER = "@CAMEL_NAME@"
# What one project may consist of.
STACKS_AT_MOST = 4


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
    """A kind of project.

    Args:
        name: that of its file.
        title: for people.
        attributes: of nixpkgs.
        shell: which of nixpkgs' shells holds them.
        ignore: lines of .gitignore.
        variables: of its environment.
        scaffold: how a project begins.
        checks: how one is usually checked, offline.
        guides: those of its tools.
        detect: globs of the files that a project of this kind has.
        refines: the more general stack that its files look like as well.
    """

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
    refines: str = ""

    @property
    def needs_network(self) -> bool:
        """Whether a step of its scaffold is granted the network."""
        return any(isinstance(step, RunTool) and step.network for step in self.scaffold)

    def scaffold_for(self, project: str, directory: str = "") -> tuple[ScaffoldStep, ...]:
        """The scaffold steps with the project's name put in, made to work below `directory`; both must be checked."""
        return tuple(_placed(_named(step, project), directory) for step in self.scaffold)


@dataclass(frozen=True, slots=True)
class PlacedStack:
    """A stack in a project, and the directory that is its own; empty: the root."""

    name: str
    directory: str = ""


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


def split_names(text: str) -> tuple[str, ...]:
    """The names of stacks in a text like `rust,node`, the main one first."""
    return tuple(name for part in text.split(",") if (name := part.strip()))


def require_stacks(stacks: Mapping[str, Stack], text: str) -> tuple[str, ...]:
    """The names in a text like `rust,node`, all of them known; none for an empty text.

    Raises:
        InvalidRequestError: one is unknown or named twice, or there are too many.
    """
    names = split_names(text)
    for name in names:
        require_stack(stacks, name)
    if len(names) > STACKS_AT_MOST or len(set(names)) < len(names) or (text and not names):
        raise InvalidRequestError(
            f"{text[:60]!r} is no list of stacks",
            field="stack",
            hint=f"name each once, at most {STACKS_AT_MOST}, with commas: rust,node",
        )
    return names


def _named(step: ScaffoldStep, project: str) -> ScaffoldStep:
    match step:
        case RunTool(command, network):
            return RunTool(_with_name(command, project), network)
        case WriteFiles(named):
            return WriteFiles(tuple((_with_name(path, project), _with_name(text, project)) for path, text in named))


def _with_name(text: str, project: str) -> str:
    parts = project.split("-")
    named = text.replace(NAME_PLACEHOLDER, project).replace(SNAKE_NAME_PLACEHOLDER, "_".join(parts))
    return named.replace(CAMEL_NAME_PLACEHOLDER, "".join(part.capitalize() for part in parts))


def _placed(step: ScaffoldStep, directory: str) -> ScaffoldStep:
    if not directory:
        return step
    match step:
        case RunTool(command, network):
            return RunTool(f"mkdir -p {directory} && cd {directory} && {{ {command}; }}", network)
        case WriteFiles(named):
            return WriteFiles(tuple((f"{directory}/{path}", content) for path, content in named))


_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_+-]*(?:\.[A-Za-z_][A-Za-z0-9_+-]*)*")
_Attribute = Annotated[str, Field(pattern=rf"^{_ATTRIBUTE.pattern}$")]
_Text = Annotated[str, Field(min_length=1)]
_Glob = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*-]+(/[A-Za-z0-9_.*-]+)*$")]


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
    detect: list[_Glob] = Field(default_factory=list)
    refines: str = ""

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
            refines=self.refines,
        )
