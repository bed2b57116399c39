"""Ranks the fragments of the warehouse for what is asked: BM25F, with the reasons. Pure and deterministic.

BM25F (Robertson, Zaragoza, Taylor: Simple BM25 extension to multiple weighted fields, 2004): occurrences of a term are
added up over the fields, each with the field's weight and against the field's ordinary length, and only then damped.
Why this is no library's: docs/decisions/skills-are-ranked-by-our-own-bm25.md.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from octrad.knowledge.skill_terms import terms_of
from octrad.knowledge.skills import Skill

# How soon further occurrences of a term count for nothing.
_K1: Final = 1.2
_READ: Final[Mapping[str, Callable[[Skill], Iterable[str]]]] = {
    "name": lambda skill: (skill.name,),
    "keywords": lambda skill: skill.keywords,
    "tech": lambda skill: skill.tech,
    "area": lambda skill: (skill.area,),
    "text": lambda skill: (skill.text,),
}
# What an occurrence in each field counts.
_FIELD_WEIGHTS: Final = {"name": 3.0, "keywords": 2.5, "tech": 1.5, "area": 1.5, "text": 0.8}
# How much a field that is longer than usual takes from each of its words.
_LENGTH_WEIGHTS: Final = {"name": 0.5, "keywords": 0.4, "tech": 0.3, "area": 0.0, "text": 0.6}
# What a term counts by where it was asked for: the role is often one word that says little.
_PART_WEIGHTS: Final = {"role": 0.5, "tech": 0.8, "task": 1.0}
# From this weight on a fragment's score grows, and below it shrinks, by a step for each.
_MIDDLE_WEIGHT: Final = 3
_WEIGHT_STEP: Final = 0.05
_FIELDS: Final = tuple(_READ)


@dataclass(frozen=True, slots=True)
class TermScore:
    """What one term added to a score in one field."""

    term: str
    field: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """A fragment that fits. The scores of its terms add up to its own."""

    skill: Skill
    score: float
    terms: tuple[TermScore, ...]


class SkillIndex:
    """The fragments, by their terms.

    Args:
        skills: all of them; what a term is worth follows from how many have it.
    """

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._skills = sorted(skills, key=lambda skill: skill.slug)
        counts = [{field: Counter(_terms(skill, field)) for field in _READ} for skill in self._skills]
        ordinary = {field: _ordinary_length(one[field].total() for one in counts) for field in _READ}
        # For each term, in the order of the fragments: where it stands, in which field, and what it counts there. Flat
        # numbers, because there are thousands of them in a process that should stay small.
        self._postings: dict[str, array[float]] = defaultdict(lambda: array("d"))
        for place, fields in enumerate(counts):
            for field, terms in fields.items():
                length = 1 - _LENGTH_WEIGHTS[field] * (1 - terms.total() / ordinary[field])
                for term, times in terms.items():
                    self._postings[term].extend((place, _FIELDS.index(field), _FIELD_WEIGHTS[field] * times / length))

    def search(self, *, role: str, tech: str, task: str, accept: Callable[[Skill], bool]) -> list[Found]:
        """The fragments that have a term of what is asked, the best first, ties in the order of the slugs."""
        wanted = _wanted({"role": role, "tech": tech, "task": task})
        reasons: dict[int, list[TermScore]] = defaultdict(list)
        for term, weight in wanted.items():
            holders = self._holders(term)
            for place, fields in holders.items():
                if accept(self._skills[place]):
                    reasons[place] += self._score(place, term, fields, weight * self._rarity(len(holders)))
        found = [self._found(place, terms) for place, terms in reasons.items()]
        return sorted(found, key=lambda one: (-one.score, one.skill.slug))

    def _holders(self, term: str) -> dict[int, dict[str, float]]:
        """The places of the fragments that have a term, with what it counts in each of their fields."""
        holders: dict[int, dict[str, float]] = {}
        numbers = self._postings.get(term, array("d"))
        for place, field, counted in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
            holders.setdefault(int(place), {})[_FIELDS[int(field)]] = counted
        return holders

    def _score(self, place: int, term: str, fields: Mapping[str, float], worth: float) -> Iterable[TermScore]:
        total = sum(fields.values())
        damped = worth * self._standing(place) / (_K1 + total)
        return (TermScore(term, field, damped * counted) for field, counted in fields.items())

    def _found(self, place: int, terms: list[TermScore]) -> Found:
        ordered = sorted(terms, key=lambda one: (-one.score, one.term, one.field))
        # Rounded, so that the order of additions decides nothing.
        return Found(self._skills[place], round(math.fsum(one.score for one in ordered), 9), tuple(ordered))

    def _rarity(self, holders: int) -> float:
        return math.log(1 + (len(self._skills) - holders + 0.5) / (holders + 0.5))

    def _standing(self, place: int) -> float:
        return 1 + _WEIGHT_STEP * (self._skills[place].weight - _MIDDLE_WEIGHT)


def _terms(skill: Skill, field: str) -> Iterable[str]:
    return (term for text in _READ[field](skill) for term in terms_of(text))


def _ordinary_length(lengths: Iterable[int]) -> float:
    known = list(lengths)
    return max(1.0, sum(known) / len(known)) if known else 1.0


def _wanted(parts: Mapping[str, str]) -> dict[str, float]:
    wanted: dict[str, float] = {}
    for part, text in parts.items():
        for term in dict.fromkeys(terms_of(text)):
            wanted[term] = wanted.get(term, 0.0) + _PART_WEIGHTS[part]
    return wanted
