"""Fragments of the skill warehouse as text. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import knowledge_pb2
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.table import layout_table

_HEADER = ("AREA", "SKILL", "NAME")


def skill_table(skills: Sequence[knowledge_pb2.Skill], width: int = 0) -> list[str]:
    """Returns fragments, one a line."""
    return layout_table(_HEADER, [_cells(skill) for skill in skills], width)


def found_table(found: Sequence[knowledge_pb2.FoundSkill], width: int = 0) -> list[str]:
    """Returns what a search found, the best first."""
    rows = [(f"{one.score:.2f}", *_cells(one.skill)) for one in found]
    return layout_table(("SCORE", *_HEADER), rows, width)


def explanation_lines(found: Sequence[knowledge_pb2.FoundSkill]) -> list[str]:
    """Returns what a search found, each with what its score is made of."""
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.score:.2f}  {clean_line(one.skill.slug)}: {clean_line(one.skill.name)}")
        lines += [f"      {term.score:.2f}  {clean_line(term.term)} in {clean_line(term.field)}" for term in one.terms]
    return lines


def skill_lines(skills: Sequence[knowledge_pb2.Skill]) -> list[str]:
    """Returns fragments, whole, with an empty line between them."""
    lines: list[str] = []
    for skill in skills:
        lines += [""] if lines else []
        lines += [
            f"{clean_line(skill.slug)}: {clean_line(skill.name)}{_own(skill)}",
            f"area:     {clean_line(skill.area)}, weight {skill.weight} of 5",
            f"keywords: {', '.join(map(clean_line, skill.keywords))}",
            *([f"tech:     {', '.join(map(clean_line, skill.tech))}"] if skill.tech else []),
            *(f"  {line}" for line in clean_block(skill.text).split("\n")),
        ]
    return lines


def _cells(skill: knowledge_pb2.Skill) -> tuple[str, str, str]:
    return clean_line(skill.area), clean_line(skill.slug), clean_line(skill.name) + _own(skill)


def _own(skill: knowledge_pb2.Skill) -> str:
    return " (yours)" if skill.own else ""
