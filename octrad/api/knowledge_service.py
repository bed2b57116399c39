"""The KnowledgeService: what the library in use holds."""

from typing import Any

import grpc

from octra_proto.v1 import knowledge_pb2, knowledge_pb2_grpc
from octrad.api.guide_messages import guide_answer, guide_message
from octrad.api.parts import Parts
from octrad.knowledge.choose_guides import choose_ecosystem
from octrad.knowledge.guides import require_guide

Context = grpc.aio.ServicerContext[Any, Any]


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
