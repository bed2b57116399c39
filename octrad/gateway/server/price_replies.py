"""Has LiteLLM look for the price of a reply only where its price is the one that is paid.

It looks for that of each, and for a model that it does not know the search takes a twelfth of the CPU of a call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_is_priced: ContextVar[bool] = ContextVar("is_priced", default=True)


@contextmanager
def replies_priced(*, priced: bool) -> Iterator[None]:
    """Around one request: whether its reply has a price that LiteLLM can know."""
    token = _is_priced.set(priced)
    try:
        yield
    finally:
        _is_priced.reset(token)


def price_only_what_has_a_price(logging_class: Any) -> None:  # LiteLLM's, whose type is not imported before its time
    """Has the class find no cost within `replies_priced(priced=False)`."""
    calculate = logging_class._response_cost_calculator  # noqa: SLF001 - LiteLLM offers no other way

    def calculate_if_priced(self: Any, *arguments: Any, **named: Any) -> float | None:
        return calculate(self, *arguments, **named) if _is_priced.get() else None

    logging_class._response_cost_calculator = calculate_if_priced  # noqa: SLF001 - as above
