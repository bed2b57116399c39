"""What a question may cost at most, and the hash of what it is made of."""

import pytest

from octrad.gateway.calls import Completion, Message, Model
from octrad.knowledge.library import read_library
from octrad.pipeline.questions.content_hash import hash_content
from octrad.pipeline.questions.estimate_call import most_usd


def model(input_usd: float | None, output_usd: float | None, output_tokens: int = 1000) -> Model:
    return Model("p/m", "p", True, "", 0, input_usd, output_usd, False, output_tokens)  # noqa: FBT003 - fields in order


def question(characters: int, max_output_tokens: int = 0) -> Completion:
    messages = (Message("system", "s" * (characters - 2)),)
    return Completion("plan", messages, "{}", max_output_tokens=max_output_tokens)


@pytest.mark.parametrize(
    ("asked", "models", "usd"),
    [
        # 1,000 tokens twice and an answer to repair, and two answers of 1,000 tokens.
        (question(3000), [model(1.0, 10.0)], (3000 * 1 + 2000 * 10) / 1e6),
        (question(3000, max_output_tokens=10), [model(1.0, 10.0)], (2010 * 1 + 20 * 10) / 1e6),
        (question(3000), [model(1.0, 10.0), model(2.0, 20.0), model(0.1, 0.1)], (3000 * 2 + 2000 * 20) / 1e6),
        # No price and nothing are the same to a budget: neither spends of it.
        (question(3000), [model(None, None)], 0.0),
        (question(3000), [model(0.0, 0.0)], 0.0),
        (question(3000), [model(None, None), model(1.0, 10.0)], (3000 * 1 + 2000 * 10) / 1e6),
        (question(3000), [], 0.0),
    ],
)
def test_a_call_costs_at_most_two_answers_of_the_dearest_model(
    asked: Completion, models: list[Model], usd: float
) -> None:
    assert most_usd(asked, models) == pytest.approx(usd)


def test_content_hash_is_the_same_each_time() -> None:
    content = hash_content(read_library())
    assert len(content) == 64
    assert hash_content(read_library()) == content
