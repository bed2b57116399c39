"""All that the agents are told of their craft: stacks, guides and skills, those that are shipped and the user's own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from octrad.knowledge.guides import Guide, parse_guide
from octrad.knowledge.shelf import Shelf, read_shelf
from octrad.knowledge.skill_warehouse import SkillWarehouse
from octrad.knowledge.skills import Skill, parse_skill
from octrad.knowledge.stacks import Stack, parse_stack


@dataclass(frozen=True, slots=True)
class Library:
    """What was read at one moment. A run keeps the one that it began with."""

    stack_shelf: Shelf[Stack]
    guide_shelf: Shelf[Guide]
    skill_shelf: Shelf[Skill]
    # Of the skills, ready to be searched.
    warehouse: SkillWarehouse

    @property
    def stacks(self) -> Mapping[str, Stack]:
        """The kinds of project."""
        return self.stack_shelf.entries

    @property
    def guides(self) -> Mapping[str, Guide]:
        """How tools are used."""
        return self.guide_shelf.entries

    @property
    def own(self) -> tuple[str, ...]:
        """The user's own, as KIND/NAME."""
        shelves = {"stacks": self.stack_shelf.own, "guides": self.guide_shelf.own, "skills": self.skill_shelf.own}
        return tuple(f"{kind}/{name}" for kind, names in shelves.items() for name in sorted(names))

    @property
    def faults(self) -> tuple[str, ...]:
        """Why files of the user's are passed over, a sentence each, with the path."""
        return (*self.stack_shelf.faults, *self.guide_shelf.faults, *self.skill_shelf.faults)

    @property
    def digest(self) -> str:
        """The SHA-256 of every name and every byte in it."""
        digests = (self.stack_shelf.digest, self.guide_shelf.digest, self.skill_shelf.digest)
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def read_library(own_dir: Path | None = None) -> Library:
    """Reads what is shipped, and the user's own in `stacks`, `guides` and `skills` of `own_dir`.

    Raises:
        ConfigurationError: a shipped file is not what it must be.
    """
    skills = read_shelf("skills", ".md", parse_skill, own_dir)
    return Library(
        stack_shelf=read_shelf("stacks", ".toml", parse_stack, own_dir),
        guide_shelf=read_shelf("guides", ".toml", parse_guide, own_dir),
        skill_shelf=skills,
        warehouse=SkillWarehouse(skills.entries),
    )
