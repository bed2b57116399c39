"""Whether what a model said is an answer: JSON that satisfies the question's schema. Pure.

Nothing here is raised by LiteLLM: no choices, no text, bad JSON and a reply cut at its length all look like success.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match

from octrad.foundation.errors import InvalidRequestError

FAULT_CHARACTERS = 400
# The finish reason of a refusal, in the words of the OpenAI protocol.
REFUSED = "content_filter"
# And, in ours, that of a reply that was so long that it was not read to its end.
ENDLESS = "endless"
# More than the largest change that is taken needs; an answer travels in one message and lies in a spool.
ANSWER_CHARACTERS = 8_000_000
_FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*)\n[ \t]*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """What came back. `text` is None where there was no choice at all."""

    text: str | None
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Valid:
    """An answer, as JSON text."""

    answer_json: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """Not an answer: `reason` for the ledger, `fault` in words that the model can act on."""

    reason: str
    fault: str


@lru_cache(maxsize=64)
def compile_schema(schema_json: str) -> Draft202012Validator:
    """Returns the validator of a schema.

    Raises:
        InvalidRequestError: it is not a JSON schema.
    """
    try:
        schema = json.loads(schema_json)
        Draft202012Validator.check_schema(schema)
    except (json.JSONDecodeError, SchemaError) as error:
        raise InvalidRequestError(f"not a JSON schema: {error.args[0]}", field="schema_json") from error
    return Draft202012Validator(schema)


def validate(said: Said, validator: Draft202012Validator) -> Valid | Invalid:
    """Returns the answer or what is wrong with it."""
    fault_of_text = _fault_of_text(said)
    if fault_of_text is not None:
        return fault_of_text
    text = (said.text or "").strip()
    try:
        answer = _read(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno} of {len(text)} characters"
        return Invalid("not_json", f"not a JSON text: {error.msg} at {place}")
    except RecursionError:
        return Invalid("not_json", "JSON nested too deep")
    fault = best_match(validator.iter_errors(answer))
    return Valid(json.dumps(answer, ensure_ascii=False)) if fault is None else Invalid("schema", _words(fault))


def _fault_of_text(said: Said) -> Invalid | None:
    if said.finish_reason == REFUSED:
        return Invalid("refusal", "the model refused to answer")
    if said.finish_reason == ENDLESS:
        return Invalid("too_long", f"the answer did not end; at most {ANSWER_CHARACTERS:,} characters are taken")
    if not said.text or not said.text.strip():
        return Invalid("empty", "there was no text")
    if said.finish_reason == "length":
        return Invalid("truncated", "the answer was cut at its greatest length; give a shorter one")
    if len(said.text) > ANSWER_CHARACTERS:
        length = f"{len(said.text):,} characters; at most {ANSWER_CHARACTERS:,} are taken"
        return Invalid("too_long", f"the answer has {length}; give a shorter one")
    return None


def _read(text: str) -> Any:  # any JSON value: the schema decides
    """Reads JSON, also where a model wrapped it into a fence or put words around one object."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        for inner in _unwrapped(text):
            try:
                return json.loads(inner, parse_constant=_refuse_constant)
            except json.JSONDecodeError:
                continue
        raise error from None


def _unwrapped(text: str) -> list[str]:
    fenced = _FENCED.search(text)
    candidates = [fenced[1]] if fenced else []
    start, end = text.find("{"), text.rfind("}")
    return [*candidates, text[start : end + 1]] if 0 <= start < end else candidates


def _refuse_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _words(error: ValidationError) -> str:
    place = error.json_path.removeprefix("$").removeprefix(".") or "the answer"
    return f"{place}: {error.message}"[:FAULT_CHARACTERS]
