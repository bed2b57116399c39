import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.errors import InvalidRequestError
from octrad.gateway.server.validate_answer import ANSWER_CHARACTERS, Invalid, Said, Valid, compile_schema, validate

SCHEMA = compile_schema('{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}')


@pytest.mark.parametrize(
    "text",
    [
        '{"n": 1}',
        '  {"n": 1}\n',
        '```json\n{"n": 1}\n```',
        '```\n{"n": 1}\n```',
        'Sure! Here it is:\n{"n": 1}\nAnything else?',
    ],
)
def test_answer_is_found(text: str) -> None:
    assert validate(Said(text, "stop"), SCHEMA) == Valid('{"n": 1}')


@pytest.mark.parametrize(
    ("said", "reason", "words"),
    [
        (Said(None, ""), "empty", "no text"),
        (Said(" \n", "stop"), "empty", "no text"),
        (Said('{"n": 1}', "length"), "truncated", "shorter"),
        (Said('{"n": 1}' + " " * ANSWER_CHARACTERS, "stop"), "too_long", "8,000,008 characters; at most 8,000,000"),
        (Said("", "content_filter"), "refusal", "refused"),
        (Said('{"n": 1', "stop"), "not_json", "line 1, column"),
        (Said("no", "stop"), "not_json", "not a JSON text"),
        (Said('{"n": NaN}', "stop"), "not_json", "NaN"),
        (Said("[" * 100_000, "stop"), "not_json", ""),
        (Said("[1]", "stop"), "schema", "the answer: [1] is not of type 'object'"),
        (Said("{}", "stop"), "schema", "'n' is a required property"),
        (Said('{"n": "x"}', "stop"), "schema", "n: 'x' is not of type 'integer'"),
    ],
)
def test_what_is_no_answer_says_why(said: Said, reason: str, words: str) -> None:
    verdict = validate(said, SCHEMA)
    assert isinstance(verdict, Invalid)
    assert verdict.reason == reason
    assert words in verdict.fault


@given(st.text(), st.sampled_from(["stop", "length", "", "tool_calls"]))
def test_any_text_gets_a_verdict(text: str, finish_reason: str) -> None:
    verdict = validate(Said(text, finish_reason), SCHEMA)
    assert isinstance(verdict, Invalid) or "n" in json.loads(verdict.answer_json)


@pytest.mark.parametrize("schema", ["", "{", '{"type": "nonsense"}', "5"])
def test_wrong_schema_is_refused(schema: str) -> None:
    with pytest.raises(InvalidRequestError, match="not a JSON schema"):
        compile_schema(schema)
