"""Tool guides as text. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import knowledge_pb2
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.table import layout_table


def guide_table(guides: Sequence[knowledge_pb2.Guide], width: int = 0) -> list[str]:
    """Returns the guides in the order in which they came."""
    rows = [
        (clean_line(g.ecosystem), clean_line(g.name), "yours" if g.own else "shipped", clean_line(g.title))
        for g in guides
    ]
    return layout_table(("ECOSYSTEM", "GUIDE", "WHOSE", "TITLE"), rows, width)


def guide_page(answer: knowledge_pb2.GetGuideResponse) -> list[str]:
    """Returns a guide as it goes into prompts, with a line on what it is before it."""
    guide = answer.guide
    whose = "yours" if guide.own else "shipped"
    head = f"{clean_line(guide.name)} ({clean_line(guide.ecosystem)}, {whose}), {answer.prompt_tokens} tokens at most"
    return [head, "", *clean_block(answer.prompt_text).splitlines()]
