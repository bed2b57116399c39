"""Tool guides as messages of the API. Pure."""

from octra_proto.v1 import knowledge_pb2
from octrad.knowledge.guides import Guide
from octrad.pipeline.describe_guide import GUIDES_TOKENS, render_guide
from octrad.pipeline.questions.estimate_call import estimate_tokens


def guide_message(guide: Guide, *, own: bool) -> knowledge_pb2.Guide:
    """What a list tells of a guide."""
    return knowledge_pb2.Guide(
        name=guide.name,
        title=guide.title,
        ecosystem=guide.ecosystem,
        own=own,
        purpose=guide.purpose,
        programs=guide.programs,
        packages=guide.packages,
    )


def guide_answer(guide: Guide, *, own: bool) -> knowledge_pb2.GetGuideResponse:
    """All of a guide, and its text as a prompt carries it in which it is alone."""
    text = render_guide(guide, GUIDES_TOKENS)
    return knowledge_pb2.GetGuideResponse(
        guide=guide_message(guide, own=own),
        offline=guide.offline,
        commands=[
            knowledge_pb2.GuideCommand(run=one.run, does=one.does, offline=one.offline, when=one.when)
            for one in guide.commands
        ],
        layout=guide.layout,
        checks=guide.checks,
        errors=[knowledge_pb2.GuideError(says=one.says, means=one.means, cure=one.cure) for one in guide.errors],
        prompt_text=text,
        prompt_tokens=estimate_tokens(text),
    )
