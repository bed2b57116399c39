"""Amounts of US dollars: what may limit something."""

import math

from octrad.foundation.errors import InvalidRequestError


def require_usd(amount: float, field: str) -> float:
    """Accepts an amount of US dollars.

    Raises:
        InvalidRequestError: it is not more than nothing, or no number.
    """
    if math.isfinite(amount) and amount > 0:
        return amount
    raise InvalidRequestError(
        f"{field} is {amount:g}, and must be more than 0", field=field, hint="an amount of US dollars, like 2.50"
    )
