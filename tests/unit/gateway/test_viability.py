"""Which models can do a work: the table of what stands in the way and what is only remarked on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.gateway.audits import CountedQuestion, Probed, RateLimit
from octrad.gateway.calls import Outcome
from octrad.gateway.server.viability import Situation, judge_model

FINE = Situation(
    name="p/m",
    key_fault="",
    context_tokens=100_000,
    output_tokens=16_000,
    questions=(CountedQuestion("grade", 1_000), CountedQuestion("work", 9_000)),
    probed=None,
)


def probed(outcome: Outcome, *limits: RateLimit, model: str = "p/m") -> Probed:
    return Probed(model, outcome, "" if outcome is Outcome.OK else "its words", 0, limits)


@pytest.mark.parametrize(
    ("situation", "hindrances"),
    [
        (FINE, []),
        (replace(FINE, key_fault="no key for p/m"), [(Outcome.AUTH, "no key for p/m")]),
        # 9,000 + 16,000 tokens are 75 % of 33,334, and a little more of 33,333.
        (replace(FINE, context_tokens=33_334), []),
        (replace(FINE, context_tokens=33_333), [(Outcome.CONTEXT, "`work` takes 25,000 tokens with its answer")]),
        (replace(FINE, context_tokens=0), []),
        (replace(FINE, questions=()), []),
        (replace(FINE, probed=probed(Outcome.OK)), []),
        (replace(FINE, probed=probed(Outcome.AUTH)), [(Outcome.AUTH, "refuses the key: its words")]),
        (replace(FINE, probed=probed(Outcome.AUTH, model="p/other")), [(Outcome.AUTH, "refuses the key")]),
        (replace(FINE, probed=probed(Outcome.BILLING)), [(Outcome.BILLING, "cannot pay: its words")]),
        (replace(FINE, probed=probed(Outcome.BAD_MODEL)), [(Outcome.BAD_MODEL, "does not take the model: its words")]),
        (replace(FINE, probed=probed(Outcome.BAD_MODEL, model="p/other")), []),
        (replace(FINE, probed=probed(Outcome.RATE)), []),
        (replace(FINE, probed=probed(Outcome.TRANSIENT)), []),
        (replace(FINE, probed=probed(Outcome.OK, RateLimit("tokens", 9_000))), []),
        (replace(FINE, probed=probed(Outcome.OK, RateLimit("tokens", 8_999))), [(Outcome.CONTEXT, "may send 8,999")]),
        (replace(FINE, probed=probed(Outcome.OK, RateLimit("input-tokens", 50))), [(Outcome.CONTEXT, "may send 50")]),
        (replace(FINE, probed=probed(Outcome.OK, RateLimit("requests", 1), RateLimit("tokens", 0))), []),
        (
            replace(FINE, context_tokens=100, probed=probed(Outcome.BILLING)),
            [(Outcome.BILLING, "cannot pay"), (Outcome.CONTEXT, "75 % of its 100 are to be filled")],
        ),
    ],
)
def test_what_stands_in_the_way(situation: Situation, hindrances: list[tuple[Outcome, str]]) -> None:
    found = judge_model(situation).hindrances
    assert [one.outcome for one in found] == [outcome for outcome, _ in hindrances]
    assert all(words in one.words for one, (_, words) in zip(found, hindrances, strict=True)), found


@pytest.mark.parametrize(
    ("situation", "words"),
    [
        (
            replace(FINE, mark="down: the key was refused"),
            "while another model can be asked: down: the key was refused",
        ),
        (replace(FINE, context_tokens=0), "how much it can hold is not known"),
        (replace(FINE, probed=probed(Outcome.RATE)), "at its rate limit now: its words"),
        (replace(FINE, probed=probed(Outcome.TRANSIENT)), "could not be tried: its words"),
        (replace(FINE, probed=probed(Outcome.BAD_MODEL, model="p/other")), "the provider does not take p/other"),
    ],
)
def test_what_is_only_remarked_on(situation: Situation, words: str) -> None:
    verdict = judge_model(situation)
    assert verdict.hindrances == ()
    assert len(verdict.remarks) == 1
    assert words in verdict.remarks[0]


def test_what_is_skipped_is_not_passed_over() -> None:
    marked = replace(FINE, mark="down: the key was refused")
    assert judge_model(marked).passed_over
    skipped = judge_model(replace(marked, key_fault="no key for p/m"))
    assert (skipped.passed_over, skipped.remarks) == (False, ())
    assert not judge_model(FINE).passed_over


def test_question_that_only_may_come_up_is_remarked_on() -> None:
    later = replace(FINE, questions=(*FINE.questions, CountedQuestion("later work", 90_000)))
    assert judge_model(later).hindrances
    verdict = judge_model(later, {"later work"})
    assert verdict.hindrances == ()
    assert verdict.remarks[0].startswith("may come up: `later work` takes 106,000 tokens")


def test_nothing_is_remarked_on_where_all_is_well() -> None:
    assert judge_model(replace(FINE, probed=probed(Outcome.OK))).remarks == ()


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_three_quarters_of_a_window_are_never_exceeded(window: int, question: int, answer: int) -> None:
    situation = replace(
        FINE, context_tokens=window, output_tokens=answer, questions=(CountedQuestion("work", question),)
    )
    assert bool(judge_model(situation).hindrances) == (question + answer > window * 3 / 4)
