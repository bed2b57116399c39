"""The tool guides: how a tool is used where there is no network and nobody to ask. Data files, not code.

One file a tool in `library/guides/`. What a guide says goes into prompts, so everything in it is bounded. Pure.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from octrad.foundation.describe_faults import describe_faults
from octrad.foundation.errors import ConfigurationError, NotFoundError

# All that a guide says together: about what one prompt has room for.
GUIDE_CHARACTERS: Final = 4500
# In `says`, stands for whatever the tool prints there, within the line.
ANYTHING: Final = "…"
# Of `says`, so much must be in one piece: less would be found in any output.
_CERTAIN_CHARACTERS: Final = 8


@dataclass(frozen=True, slots=True)
class GuideCommand:
    """A command worth knowing.

    Args:
        run: what is typed.
        does: what comes of it.
        offline: whether it does so without a network, with what the environment and the project hold.
        when: what must be there first, or what it is for; often nothing.
    """

    run: str
    does: str
    offline: bool
    when: str


@dataclass(frozen=True, slots=True)
class GuideError:
    """Something that the tool says when it fails; `says` is a line of it, with `ANYTHING` for what differs."""

    says: str
    means: str
    cure: str


@dataclass(frozen=True, slots=True)
class Guide:
    """How one tool is used.

    Args:
        name: of the file.
        title: for people.
        ecosystem: what it belongs to, as `python`.
        programs: what it is called by in commands.
        packages: attributes of nixpkgs that bring it; the first is the tool's own.
        purpose: what it is for.
        offline: how it does without a network.
        commands: those worth knowing.
        layout: how a project is laid out and written for it.
        checks: commands that prove a project.
        errors: what it says when it fails, and what helps.
    """

    name: str
    title: str
    ecosystem: str
    programs: tuple[str, ...]
    packages: tuple[str, ...]
    purpose: str
    offline: tuple[str, ...]
    commands: tuple[GuideCommand, ...]
    layout: tuple[str, ...]
    checks: tuple[str, ...]
    errors: tuple[GuideError, ...]


class GuideNotFoundError(NotFoundError):
    """No guide has this name."""

    code = "guide_not_found"


def parse_guide(filename: str, text: str) -> Guide:
    """Validates the text of `NAME.toml`.

    Raises:
        ConfigurationError: it is not what it must be; the file and the key are named.
    """
    try:
        guide = _GuideFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the guide {filename} is not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(f"the guide {filename} is not valid: {describe_faults(error)}") from error
    if filename != f"{guide.name}.toml":
        raise ConfigurationError(f"the guide {filename} calls itself {guide.name!r}")
    characters = guide.count_characters()
    if characters > GUIDE_CHARACTERS:
        raise ConfigurationError(
            f"the guide {filename} says {characters} characters together, and may say {GUIDE_CHARACTERS}"
        )
    return guide.accept()


def require_guide(guides: Mapping[str, Guide], name: str) -> Guide:
    """The guide of that name.

    Raises:
        GuideNotFoundError: there is none; the hint lists the known ones.
    """
    if name in guides:
        return guides[name]
    raise GuideNotFoundError(f"there is no guide {name[:60]!r}", hint=f"the guides are {', '.join(sorted(guides))}")


def _one_line(text: str) -> str:
    """In a prompt it stays one, and what follows it is ours again."""
    if text != text.strip() or not text.isprintable():
        raise ValueError("must be one line, without control characters and spaces around it")
    return text


def _certain(text: str) -> str:
    """Holds a piece that is long enough to mean something."""
    if max(map(len, text.split(ANYTHING))) < _CERTAIN_CHARACTERS:
        raise ValueError(f"must have a piece of {_CERTAIN_CHARACTERS} characters between any two `{ANYTHING}`")
    return text


_Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_one_line)]
_Title = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
_CommandLine = Annotated[str, Field(min_length=1, max_length=160), AfterValidator(_one_line)]
_Says = Annotated[str, Field(max_length=200), AfterValidator(_one_line), AfterValidator(_certain)]
_Name = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
_Program = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
_Attribute = Annotated[str, Field(max_length=80, pattern=r"^[A-Za-z_][A-Za-z0-9_+-]*(\.[A-Za-z_][A-Za-z0-9_+-]*)*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def count_characters(self) -> int:
        """Of all texts in it."""
        return sum(_count(value) for _, value in self)


def _count(value: object) -> int:
    match value:
        case str():
            return len(value)
        case list():
            return sum(map(_count, value))
        case _Strict():
            return value.count_characters()
        case _:
            return 0


class _CommandEntry(_Strict):
    run: _CommandLine
    does: _Line
    offline: bool
    when: _Line | None = None


class _ErrorEntry(_Strict):
    says: _Says
    means: _Line
    cure: _Line


class _GuideFile(_Strict):
    name: _Name
    title: _Title
    ecosystem: _Name
    programs: Annotated[list[_Program], Field(min_length=1, max_length=10)]
    packages: Annotated[list[_Attribute], Field(min_length=1, max_length=10)]
    purpose: _Line
    offline: Annotated[list[_Line], Field(min_length=1, max_length=5)]
    layout: Annotated[list[_Line], Field(max_length=10)]
    checks: Annotated[list[_CommandLine], Field(max_length=8)]
    command: Annotated[list[_CommandEntry], Field(min_length=1, max_length=20)]
    error: Annotated[list[_ErrorEntry], Field(max_length=20)] = []

    def accept(self) -> Guide:
        return Guide(
            name=self.name,
            title=self.title,
            ecosystem=self.ecosystem,
            programs=tuple(self.programs),
            packages=tuple(self.packages),
            purpose=self.purpose,
            offline=tuple(self.offline),
            commands=tuple(GuideCommand(one.run, one.does, one.offline, one.when or "") for one in self.command),
            layout=tuple(self.layout),
            checks=tuple(self.checks),
            errors=tuple(GuideError(one.says, one.means, one.cure) for one in self.error),
        )
