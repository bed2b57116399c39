"""Counts the tokens of questions with the tokenizers that LiteLLM brings. Downloads nothing; slow, so in a thread.

Two of OpenAI's are on disk. They are the own ones of OpenAI's models; of all others the count is an approximation,
mostly within a tenth or two, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from octrad.gateway.calls import Message
from octrad.gateway.server.providers import Target

# Names of models by which LiteLLM finds the tokenizers on disk. Another name might mean one that is to be fetched.
_O200K, _CL100K = "gpt-4o", "gpt-4"


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Which tokenizer counts for a model."""

    counts_as: str
    approximate: bool


def tokenizer_of(target: Target) -> Tokenizer:
    """Returns the model's own where it is there, else the nearest."""
    from tiktoken import encoding_name_for_model  # noqa: PLC0415 - the gateway starts without it

    provider, _, model = target.litellm_model.partition("/")
    if provider != "openai" or not target.priced:  # what only speaks OpenAI's protocol may be anything
        return Tokenizer(_O200K, approximate=True)
    try:
        encoding = encoding_name_for_model(model)
    except KeyError:
        return Tokenizer(_O200K, approximate=True)
    own = {"o200k_base": _O200K, "cl100k_base": _CL100K}.get(encoding)
    return Tokenizer(own or _O200K, approximate=own is None)


def count_tokens(litellm: ModuleType, counts_as: str, messages: Sequence[Message]) -> int:
    """Returns how many tokens the messages take, with what the chat protocol puts around them."""
    told = [{"role": message.role, "content": message.content} for message in messages]
    return int(litellm.token_counter(model=counts_as, messages=told))
