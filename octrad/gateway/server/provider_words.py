"""What a provider itself says in the text of an error, without the rest of the body. Pure.

Bodies repeat what was asked (`flagged_input`, for one), and words of the question must not decide what its failure
means: a program about billing is no bill.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_CODES = ("type", "code", "status")


@dataclass(frozen=True, slots=True)
class ProviderWords:
    """`message` is for people; `codes` are for programs, such as `insufficient_quota` or `API_KEY_INVALID`."""

    message: str
    codes: str = ""

    @property
    def all(self) -> str:
        """Both, to be searched."""
        return f"{self.message}\n{self.codes}"


def read_words(text: str) -> ProviderWords:
    """Returns what a text says: its JSON object's message and codes, or all of it where it holds no error object."""
    error = _error_object(text)
    if error is None:
        return ProviderWords(text)
    message = " ".join(_messages(error))
    return ProviderWords(message, " ".join(_codes(error))) if message else ProviderWords(text)


def _error_object(text: str) -> Mapping[str, Any] | None:
    start = text.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError):
        return None
    error = found.get("error", found)
    # Ollama's error is a string.
    return {"message": error} if isinstance(error, str) else error if isinstance(error, dict) else None


def _messages(error: Mapping[str, Any]) -> Iterator[str]:
    # OpenRouter's own message says no more than that its provider failed; what the provider said is `raw`.
    for said in (error.get("message"), _object(error.get("metadata")).get("raw")):
        if isinstance(said, str) and said:
            yield said


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(error[name]) for name in _CODES if error.get(name))
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if reason := _object(detail).get("reason"):
            yield str(reason)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
