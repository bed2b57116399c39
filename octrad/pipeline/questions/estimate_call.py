"""What one question may cost at most, before it is asked. Pure.

Far above what it mostly costs: nobody knows beforehand how long an answer becomes. What a chain costs whose models one
after the other answer at length, and wrongly, is not foreseen.
"""

from collections.abc import Sequence
from typing import Final

from octrad.gateway.calls import Completion, Model

# On the safe side: English has four, code three.
CHARACTERS_A_TOKEN: Final = 3
# An answer, and the repair of one that was not valid.
ANSWERS: Final = 2
_MILLION: Final = 1_000_000


def most_usd(completion: Completion, models: Sequence[Model]) -> float:
    """US dollars, at the prices of the dearest model; nothing where none has a price.

    Args:
        completion: the question.
        models: that may be asked.
    """
    characters = sum(len(message.content) for message in completion.messages) + len(completion.schema_json)
    input_tokens = _tokens_of(characters)
    return max((_answers_usd(completion, model, input_tokens) for model in models), default=0.0)


def estimate_tokens(text: str) -> int:
    """How many tokens a text is at most."""
    return _tokens_of(len(text))


def _tokens_of(characters: int) -> int:
    return -(-characters // CHARACTERS_A_TOKEN)


def _answers_usd(completion: Completion, model: Model, input_tokens: int) -> float:
    output_tokens = completion.max_output_tokens or model.output_tokens
    # A repair carries the answer that it repairs.
    asked = ANSWERS * input_tokens + (ANSWERS - 1) * output_tokens
    answered = ANSWERS * output_tokens
    usd_per_million = (model.input_usd_per_million or 0.0, model.output_usd_per_million or 0.0)
    return (asked * usd_per_million[0] + answered * usd_per_million[1]) / _MILLION
