"""The fragments of the skill warehouse: a few lines each that an expert would tell somebody who begins such work.

One Markdown file a fragment in `library/skills/`: frontmatter in TOML between two lines `+++`, and three to six lines.
"""

import tomllib
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from octrad.foundation.describe_faults import describe_faults
from octrad.foundation.errors import ConfigurationError

LEAST_LINES: Final = 3
MOST_LINES: Final = 6
LINE_CHARACTERS: Final = 240
NAME_CHARACTERS: Final = 80
_FENCE: Final = "+++"
_ORDINARY_WEIGHT: Final = 3


@dataclass(frozen=True, slots=True)
class Skill:
    """One fragment.

    Args:
        slug: its name in lists and answers, and of its file.
        name: what it is about, for people and models.
        area: the field of work that it belongs to.
        keywords: words of those who look for it that its name does not have.
        tech: the techniques that it is about; none: it does not depend on any.
        weight: how much it is worth among fragments that fit alike, from 1 to 5.
        text: the lines that go into a prompt.
    """

    slug: str
    name: str
    area: str
    keywords: tuple[str, ...]
    tech: tuple[str, ...]
    weight: int
    text: str


def parse_skill(filename: str, text: str) -> Skill:
    """Validates the text of `SLUG.md`.

    Raises:
        ConfigurationError: it is not what it must be; the file and what is wrong are named.
    """
    frontmatter, body = _split(filename, text)
    try:
        head = _Frontmatter.model_validate(tomllib.loads(frontmatter))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the frontmatter of the skill {filename} is not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(f"the skill {filename} is not valid: {describe_faults(error)}") from error
    if filename != f"{head.slug}.md":
        raise ConfigurationError(f"the skill {filename} calls itself {head.slug!r}")
    _check_lines(filename, body)
    return Skill(head.slug, head.name, head.area, tuple(head.keywords), tuple(head.tech), head.weight, "\n".join(body))


def _split(filename: str, text: str) -> tuple[str, list[str]]:
    first, *lines = text.splitlines() or [""]
    if first.strip() != _FENCE or _FENCE not in lines:
        raise ConfigurationError(f"the skill {filename} must begin with frontmatter in TOML between two lines `+++`")
    end = lines.index(_FENCE)
    return "\n".join(lines[:end]), [line.rstrip() for line in lines[end + 1 :] if line.strip()]


def _check_lines(filename: str, body: list[str]) -> None:
    if not LEAST_LINES <= len(body) <= MOST_LINES:
        raise ConfigurationError(
            f"the skill {filename} has {len(body)} lines of guidance; it must be {LEAST_LINES} to {MOST_LINES}"
        )
    for number, line in enumerate(body, start=1):
        if len(line) > LINE_CHARACTERS:
            raise ConfigurationError(
                f"line {number} of the skill {filename} is longer than {LINE_CHARACTERS} characters"
            )
        if any(unicodedata.category(character) == "Cc" for character in line.replace("\t", " ")):
            raise ConfigurationError(f"line {number} of the skill {filename} holds a control character")


_OneLine = Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS, pattern=r"^[^\x00-\x1f\x7f]+$")]


class _Frontmatter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _OneLine
    slug: Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    area: Annotated[str, Field(max_length=30, pattern=r"^[A-Za-z][A-Za-z0-9 -]*$")]
    keywords: Annotated[list[_OneLine], Field(min_length=1, max_length=20)]
    tech: Annotated[list[_OneLine], Field(max_length=20)] = Field(default_factory=list)
    weight: Annotated[int, Field(ge=1, le=5)] = _ORDINARY_WEIGHT
