"""The messages that a model gets: the caller's, with the schema, and with a request for repair.

Pure, but for reading its two prompt files once.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template

from octrad.gateway.calls import ASSISTANT, SYSTEM, USER, Message

_PROMPTS = Path(__file__).parent / "prompts"
_SCHEMA = Template((_PROMPTS / "schema.md").read_text(encoding="utf-8").strip())
_REPAIR = Template((_PROMPTS / "repair.md").read_text(encoding="utf-8").strip())
# Of an invalid answer, shown back to the model that gave it; the head says enough of what it meant.
SHOWN_CHARACTERS = 60_000


def with_schema(messages: Sequence[Message], schema_json: str) -> tuple[Message, ...]:
    """Appends the schema to the (first) system message, which stays the stable prefix that providers cache.

    Always, also where the provider is told the schema itself: some drop it silently, and models answer better for it.
    """
    schema = json.dumps(json.loads(schema_json), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    text = _SCHEMA.substitute(schema=schema)
    if messages and messages[0].role == SYSTEM:
        return (Message(SYSTEM, f"{messages[0].content}\n\n{text}"), *messages[1:])
    return (Message(SYSTEM, text), *messages)


def with_repair(messages: Sequence[Message], answer: str, fault: str) -> tuple[Message, ...]:
    """Appends the invalid answer and what is wrong with it."""
    request = Message(USER, _REPAIR.substitute(fault=fault))
    # Providers refuse empty messages.
    shown = (Message(ASSISTANT, answer[:SHOWN_CHARACTERS]),) if answer.strip() else ()
    return (*messages, *shown, request)
