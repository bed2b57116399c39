"""Text that PostgreSQL takes. What a command printed or a model wrote may hold what its `text` and `jsonb` refuse."""

from typing import Any


def storable_text(text: str) -> str:
    """The text without NUL characters and lone surrogates, each replaced by U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def storable_json(value: Any) -> Any:
    """The same for every text inside a JSON value."""
    match value:
        case str():
            return storable_text(value)
        case dict():
            return {key: storable_json(item) for key, item in value.items()}
        case list() | tuple():
            return [storable_json(item) for item in value]
        case _:
            return value
