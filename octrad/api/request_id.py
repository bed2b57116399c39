"""Request ids: what makes a mutating call safe to repeat."""

import re

from octrad.foundation.errors import InvalidRequestError

_ID = re.compile(r"[!-~]{0,128}")


def require_request_id(request_id: str) -> None:
    """Accepts up to 128 visible ASCII characters; none means that the call is not to be repeated.

    Raises:
        InvalidRequestError: it is something else.
    """
    if not _ID.fullmatch(request_id):
        raise InvalidRequestError(
            "request_id is not up to 128 visible ASCII characters",
            field="request_id",
            hint="a UUID would do; leave it empty when you will not repeat the call",
        )
