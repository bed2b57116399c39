"""The skill warehouse: all fragments, those of some areas, those that fit a task, and those of given slugs. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from octrad.knowledge.skill_search import Found, SkillIndex
from octrad.knowledge.skills import Skill


@dataclass(frozen=True, slots=True)
class Selected:
    """The fragments of some slugs, in their order, and those slugs that there is no fragment for."""

    skills: tuple[Skill, ...]
    missing: tuple[str, ...]


class SkillWarehouse:
    """Makes its index once; every reading of the library has a warehouse of its own.

    Args:
        skills: the fragments by their slugs.
    """

    def __init__(self, skills: Mapping[str, Skill]) -> None:
        self._skills = skills
        self._index = SkillIndex(skills.values())
        # One spelling for each area, whatever the case in which files write it.
        self._areas = {skill.area.casefold(): skill.area for skill in reversed(self.catalog())}

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that have fragments, by name."""
        return tuple(sorted(self._areas.values()))

    def area(self, name: str) -> str | None:
        """An area as it is spelt here; None when there is none of that name."""
        return self._areas.get(name.strip().casefold())

    def catalog(self, areas: Iterable[str] = ()) -> tuple[Skill, ...]:
        """The fragments of some areas, or all of them for none, by area and slug."""
        wanted = _folded(areas)
        ordered = sorted(self._skills.values(), key=lambda skill: (skill.area.casefold(), skill.slug))
        return tuple(skill for skill in ordered if _is_of(skill, wanted))

    def search(self, role: str, tech: str, task: str, k: int, areas: Iterable[str] = ()) -> tuple[Found, ...]:
        """The `k` fragments that fit best; of some areas, or of all for none. Fewer where fewer have a word in common.

        A fragment's score does not depend on the areas.
        """
        wanted = _folded(areas)
        found = self._index.search(role=role, tech=tech, task=task, accept=lambda skill: _is_of(skill, wanted))
        return tuple(found[:k])

    def select(self, slugs: Sequence[str]) -> Selected:
        """The fragments of these slugs."""
        known = tuple(self._skills[slug] for slug in slugs if slug in self._skills)
        return Selected(known, tuple(slug for slug in slugs if slug not in self._skills))


def _folded(areas: Iterable[str]) -> frozenset[str]:
    return frozenset(area.casefold() for area in areas)


def _is_of(skill: Skill, wanted: Collection[str]) -> bool:
    return not wanted or skill.area.casefold() in wanted
