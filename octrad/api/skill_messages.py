"""Fragments of the skill warehouse as messages of the API. Pure."""

from octra_proto.v1 import knowledge_pb2
from octrad.knowledge.library import Library
from octrad.knowledge.skill_search import Found
from octrad.knowledge.skills import Skill


def skill_message(skill: Skill, library: Library) -> knowledge_pb2.Skill:
    """One fragment."""
    return knowledge_pb2.Skill(
        slug=skill.slug,
        name=skill.name,
        area=skill.area,
        keywords=skill.keywords,
        tech=skill.tech,
        weight=skill.weight,
        text=skill.text,
        own=skill.slug in library.skill_shelf.own,
    )


def found_message(found: Found, library: Library, *, explain: bool) -> knowledge_pb2.FoundSkill:
    """One that fits, with what made it so where that is asked for."""
    terms = found.terms if explain else ()
    return knowledge_pb2.FoundSkill(
        skill=skill_message(found.skill, library),
        score=found.score,
        terms=[knowledge_pb2.TermScore(term=one.term, field=one.field, score=one.score) for one in terms],
    )
