"""Pages of a list: how long one is, and the token that asks for the next. Pure."""

import base64
import binascii
import json
from typing import Final

from octrad.foundation.errors import InvalidRequestError

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 200


def page_length(asked: int) -> int:
    """How many things a page holds; 0 asks for the default.

    Raises:
        InvalidRequestError: a negative number, or more than a page may hold.
    """
    if not 0 <= asked <= LARGEST_PAGE:
        raise InvalidRequestError(f"a page holds 1 to {LARGEST_PAGE}, not {asked}", field="page_size")
    return asked or DEFAULT_PAGE


def page_token(kind: str, position: int) -> str:
    """The token of the page that begins after `position`, for a list of this kind."""
    return base64.urlsafe_b64encode(json.dumps([kind, position]).encode()).decode().rstrip("=")


def read_page_token(kind: str, token: str) -> int | None:
    """The position that the page begins after; None for the first page.

    Raises:
        InvalidRequestError: no token of ours, or of another kind of list.
    """
    if not token:
        return None
    try:
        content = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _unknown_token() from error
    match content:
        case [str(token_kind), int(position)] if token_kind == kind and position >= 0:
            return position
        case _:
            raise _unknown_token()


def _unknown_token() -> InvalidRequestError:
    return InvalidRequestError("this page token is not from the same list", field="page_token")
