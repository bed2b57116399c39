from octra_proto.v1 import knowledge_pb2
from octractl.render.guide_page import guide_page, guide_table


def test_table_tells_whose_each_guide_is() -> None:
    guides = [
        knowledge_pb2.Guide(name="pip", title="Python: pip", ecosystem="python"),
        knowledge_pb2.Guide(name="zag", title="Zag,\n\x1b[31mour way", ecosystem="zigzag", own=True),
    ]
    lines = [" ".join(line.split()) for line in guide_table(guides)]
    assert lines == ["ECOSYSTEM GUIDE WHOSE TITLE", "python pip shipped Python: pip", "zigzag zag yours Zag, our way"]


def test_page_is_the_text_of_the_prompt_made_safe_to_print() -> None:
    guide = knowledge_pb2.Guide(name="zag", ecosystem="zigzag", own=True)
    answer = knowledge_pb2.GetGuideResponse(guide=guide, prompt_text="Zag.\n- `a`: \x07b", prompt_tokens=7)
    assert guide_page(answer) == ["zag (zigzag, yours), 7 tokens at most", "", "Zag.", "- `a`: \\x07b"]
