"""The JSON schema that goes with a question, within what providers take.

They want no additional properties, and none of the keywords that bound sizes or patterns; those bounds are pydantic's,
and a breach of them goes back to the model in words. What has a default may be left out: an answer without it is not
worth a second call. (OpenAI's strict mode would have it required; the gateway does not ask for that mode.)
"""

import json
from functools import cache
from typing import TypeAlias

from pydantic import BaseModel

_KEPT = frozenset({"type", "properties", "items", "enum", "anyOf", "$ref", "$defs", "description"})

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"


@cache
def answer_schema(answer: type[BaseModel]) -> str:
    """Returns the schema of an answer as JSON text; the same text for the same model, always."""
    return json.dumps(_strict(answer.model_json_schema()), sort_keys=True)


def _strict(schema: JsonValue) -> JsonValue:
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, JsonValue] = {}
    for key in _KEPT & schema.keys():
        kept[key] = _strict_part(key, schema[key])
    if schema.get("type") == "object":
        required = schema.get("required")
        kept["required"] = [*sorted(map(str, required))] if isinstance(required, list) else []
        kept["additionalProperties"] = False
    return kept


def _strict_part(key: str, value: JsonValue) -> JsonValue:
    match key, value:
        case (("properties" | "$defs"), dict()):
            return {name: _strict(part) for name, part in value.items()}
        case "items", dict():
            return _strict(value)
        case "anyOf", list():
            return [_strict(part) for part in value]
        case _:
            return value
