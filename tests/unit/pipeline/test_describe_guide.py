"""Guides as prompts carry them: whole lines within a budget, the important ones first."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.knowledge.library import read_library
from octrad.knowledge.match_errors import match_errors
from octrad.pipeline.describe import describe_guides, guides_of
from octrad.pipeline.describe_guide import (
    ERRORS_AT_MOST,
    ERRORS_TOKENS,
    GUIDES_TOKENS,
    describe_errors,
    render_guide,
    render_guides,
)
from octrad.pipeline.plan import Plan
from octrad.pipeline.questions.answers import WorkAnswer
from octrad.pipeline.questions.ask import word_question
from octrad.pipeline.questions.estimate_call import estimate_tokens
from octrad.pipeline.questions.prompts import fence
from tests.unit.knowledge.guide_files import made_guide

LIBRARY = read_library()
GUIDES = LIBRARY.guides
GOLDEN = Path(__file__).parent / "golden"
ZAG_IN_FULL = """\
Zag, our way. Zags.
Without a network:
- It needs nothing.
Commands that work without a network:
- `zag check`: checks
Checks:
- `zag check`
Layout:
- One file.
Commands that need a network, and fail without one:
- `zag fetch`: fetches (there is a network)
Errors:
- `` zag: cannot find `…` ``: It is not there. Cure: Write it."""
BROKEN_MAKEFILE = "Makefile:2: *** missing separator (did you mean TAB instead of 8 spaces?).  Stop.\n"


def same_as_golden(name: str, text: str) -> bool:
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    return text == golden.read_text(encoding="utf-8")


def test_a_guide_in_full() -> None:
    assert render_guide(made_guide(), 1000) == ZAG_IN_FULL


def test_what_matters_least_goes_first() -> None:
    headings = [
        "Errors:",
        "Layout:",
        "Commands that need a network",
        "Checks:",
        "Commands that work",
        "Without a network",
    ]
    guide, gone = made_guide(), 0
    for budget in range(estimate_tokens(ZAG_IN_FULL), -1, -1):
        text = render_guide(guide, budget)
        now = [heading not in text for heading in headings]
        assert now == sorted(now, reverse=True), "one that matters more went before one that matters less"
        assert sum(now) >= gone
        gone = sum(now)
    assert gone == len(headings)
    assert render_guide(guide, 0) == ""


@given(name=st.sampled_from(sorted(GUIDES)), budget=st.integers(0, 2 * GUIDES_TOKENS), more=st.integers(0, 500))
def test_text_keeps_to_its_budget_cuts_no_line_and_grows_with_it(name: str, budget: int, more: int) -> None:
    whole = render_guide(GUIDES[name], 1_000_000).splitlines()
    text = render_guide(GUIDES[name], budget)
    assert estimate_tokens(text) <= budget
    lines = iter(whole)
    assert all(line in lines for line in text.splitlines()), "lines of the whole, in its order"
    assert set(text.splitlines()) <= set(render_guide(GUIDES[name], budget + more).splitlines())


@given(st.lists(st.sampled_from(sorted(GUIDES)), max_size=6, unique=True), st.integers(0, 2 * GUIDES_TOKENS))
def test_several_guides_share_a_budget_fairly(names: list[str], budget: int) -> None:
    guides = [GUIDES[name] for name in names]
    text = render_guides(guides, budget)
    assert estimate_tokens(text) <= budget
    assert text == render_guides(guides, budget)
    for guide in guides:
        fair = budget // len(guides) - 1
        alone = render_guide(guide, min(fair, GUIDES_TOKENS))
        assert set(alone.splitlines()) <= set(text.splitlines()), "nobody gets less than an equal share"


def test_what_one_guide_does_not_need_is_the_others() -> None:
    zag = made_guide()
    text = render_guides([GUIDES["cargo"], zag], 1000)
    assert ZAG_IN_FULL in text
    assert len(text) > 2 * len(render_guide(GUIDES["cargo"], 400))


def test_known_errors_are_few_and_within_their_budget() -> None:
    output = "\n".join(error.says.replace("…", "x") for guide in GUIDES.values() for error in guide.errors)
    text = describe_errors(match_errors(list(GUIDES.values()), output))
    assert 1 <= len(text.splitlines()) <= ERRORS_AT_MOST
    assert estimate_tokens(text) <= ERRORS_TOKENS
    assert describe_errors(()) == "nothing"


@pytest.mark.parametrize("name", ["cargo", "npm", "pip"])
def test_guide_is_as_it_was_read_last(name: str) -> None:
    assert same_as_golden(f"guide_{name}.txt", render_guide(GUIDES[name], GUIDES_TOKENS) + "\n")


def test_fix_of_an_error_that_a_guide_knows_is_as_it_was_read_last() -> None:
    plan = Plan("A tool", "tool", "rust", ("gnumake",), "It does it.", (), ("make test",))
    guides = guides_of(plan, LIBRARY.stacks, GUIDES)
    assert [guide.name for guide in guides] == ["cargo", "make"]
    values = dict.fromkeys(("request", "plan", "tree", "files", "feedback"), "…")
    values |= {
        "problems": f"{fence('this command', 'make test')}\nended with exit code 2 and said:\n"
        f"{fence('output', BROKEN_MAKEFILE)}",
        "known": describe_errors(match_errors(guides, BROKEN_MAKEFILE)),
        "guides": describe_guides(guides),
        "context": "nothing",
    }
    question = word_question("fix", "fix", WorkAnswer, values)
    assert "Cure: Begin it with one tab." in question.messages[1].content
    assert same_as_golden("fix_known_error.txt", f"{question.messages[1].content}\n")
