"""Messages of the API as JSON with the field names of the proto files. Pure.

Fields are always there, also when empty, so that a script need not ask. 64-bit numbers are strings and times are
RFC 3339, as protobuf's JSON mapping has them.
"""

import json

from google.protobuf import json_format
from google.protobuf.message import Message


def json_document(message: Message) -> str:
    """Returns a message as indented JSON."""
    return json.dumps(_to_json(message), indent=2)


def json_line(message: Message) -> str:
    """Returns a message as JSON on one line."""
    return json.dumps(_to_json(message), separators=(",", ":"))


def _to_json(message: Message) -> object:
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
