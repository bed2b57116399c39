"""The key that a client sent, repeated to it: providers do that in errors, and it must get no further than the gateway.

Nobody but the client hears of it, and nothing here keeps it.
"""

import base64
from collections.abc import Mapping
from urllib.parse import quote


def key_of(headers: Mapping[str, str]) -> str:
    """Returns the bearer token of a request."""
    return headers.get("Authorization", "").removeprefix("Bearer ")


def echo_key(text: str, key: str) -> str:
    """Replaces `{key}`, `{key:base64}` and `{key:url}` by the key: as it is, and as headers and addresses spell it."""
    encoded = base64.b64encode(key.encode()).decode()
    return text.replace("{key}", key).replace("{key:base64}", encoded).replace("{key:url}", quote(key, safe=""))
