"""What pydantic found wrong with a file that people write, in one line: each key with its fault. Pure."""

from pydantic import ValidationError

_FAULTS_AT_MOST = 5


def describe_faults(error: ValidationError) -> str:
    """The first few faults, as "`key`: what is wrong; …"."""
    faults = [f"`{_place(detail['loc'])}`: {_said(detail['msg'])}" for detail in error.errors()[:_FAULTS_AT_MOST]]
    more = error.error_count() - len(faults)
    return "; ".join(faults) + (f"; and {more} more" if more > 0 else "")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
