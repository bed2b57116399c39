"""The KnowledgeService: what the library in use holds."""

import difflib
from typing import Any, Final

import grpc

from octra_proto.v1 import knowledge_pb2, knowledge_pb2_grpc
from octrad.api.guide_messages import guide_answer, guide_message
from octrad.api.parts import Parts
from octrad.api.plain_text import require_plain_text
from octrad.api.skill_areas import require_areas
from octrad.api.skill_messages import found_message, skill_message
from octrad.foundation.errors import InvalidRequestError, NotFoundError
from octrad.knowledge.choose_guides import choose_ecosystem
from octrad.knowledge.guides import require_guide
from octrad.knowledge.library import Library

Context = grpc.aio.ServicerContext[Any, Any]

USUAL_K: Final = 3
# Fragments in one answer to a search or a look-up.
GREATEST_K: Final = 50
QUERY_CHARACTERS: Final = 20_000


class SkillNotFoundError(NotFoundError):
    """No fragment has this slug."""

    code = "skill_not_found"


class KnowledgeServicer(knowledge_pb2_grpc.KnowledgeServiceServicer):
    """The library over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def ListGuides(
        self, request: knowledge_pb2.ListGuidesRequest, context: Context
    ) -> knowledge_pb2.ListGuidesResponse:
        shelf = self._parts.library.current.guide_shelf
        guides = choose_ecosystem(shelf.entries, request.ecosystem)
        return knowledge_pb2.ListGuidesResponse(
            guides=[guide_message(guide, own=guide.name in shelf.own) for guide in guides]
        )

    async def GetGuide(
        self, request: knowledge_pb2.GetGuideRequest, context: Context
    ) -> knowledge_pb2.GetGuideResponse:
        shelf = self._parts.library.current.guide_shelf
        guide = require_guide(shelf.entries, request.name)
        return guide_answer(guide, own=guide.name in shelf.own)

    async def ListSkills(
        self, request: knowledge_pb2.ListSkillsRequest, context: Context
    ) -> knowledge_pb2.ListSkillsResponse:
        library = self._parts.library.current
        areas = require_areas(request.areas, library.warehouse, "areas")
        skills = [skill_message(skill, library) for skill in library.warehouse.catalog(areas)]
        return knowledge_pb2.ListSkillsResponse(skills=skills, areas=library.warehouse.areas)

    async def SearchSkills(
        self, request: knowledge_pb2.SearchSkillsRequest, context: Context
    ) -> knowledge_pb2.SearchSkillsResponse:
        library = self._parts.library.current
        areas = require_areas(request.areas, library.warehouse, "areas")
        for field, text in (("role", request.role), ("tech", request.tech), ("task", request.task)):
            _require_query(text, field)
        k = _require_k(request.k)
        found = library.warehouse.search(request.role, request.tech, request.task, k, areas)
        return knowledge_pb2.SearchSkillsResponse(
            found=[found_message(one, library, explain=request.explain) for one in found]
        )

    async def GetSkills(
        self, request: knowledge_pb2.GetSkillsRequest, context: Context
    ) -> knowledge_pb2.GetSkillsResponse:
        library = self._parts.library.current
        if len(request.slugs) > GREATEST_K:
            raise InvalidRequestError(f"{len(request.slugs)} slugs are too many; at most {GREATEST_K}", field="slugs")
        selected = library.warehouse.select(request.slugs)
        if selected.missing:
            raise _not_found(selected.missing[0], library)
        return knowledge_pb2.GetSkillsResponse(skills=[skill_message(skill, library) for skill in selected.skills])


def _require_query(text: str, field: str) -> None:
    if len(text) > QUERY_CHARACTERS:
        raise InvalidRequestError(f"{field} has {len(text):,} characters; at most {QUERY_CHARACTERS:,}", field=field)
    require_plain_text(text, field)


def _require_k(k: int) -> int:
    if not 0 <= k <= GREATEST_K:
        raise InvalidRequestError(f"k {k} is not between 1 and {GREATEST_K}", field="k", hint="0 means 3")
    return k or USUAL_K


def _not_found(slug: str, library: Library) -> SkillNotFoundError:
    near = difflib.get_close_matches(slug[:60], library.skill_shelf.entries, 1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return SkillNotFoundError(f"there is no skill `{slug[:60]}`", hint=f"{hint}`octractl skills list` shows them")
