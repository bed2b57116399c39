"""What octrad's exit code says of an error: the numbers of sysexits.h."""

import os

from octrad.foundation import errors
from octrad.foundation.state_dir import StateDirInUseError

_CODES: dict[type[errors.OctraError], int] = {
    StateDirInUseError: os.EX_TEMPFAIL,
    errors.InvalidRequestError: os.EX_USAGE,
    errors.NotFoundError: os.EX_NOINPUT,
    errors.ConflictError: os.EX_TEMPFAIL,
    errors.ForbiddenError: os.EX_NOPERM,
    errors.UnavailableError: os.EX_UNAVAILABLE,
    errors.ExhaustedError: os.EX_TEMPFAIL,
    errors.ConfigurationError: os.EX_CONFIG,
}


def exit_code_of(error: errors.OctraError) -> int:
    """The code of the nearest kind that an error is below; EX_SOFTWARE when there is none."""
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), os.EX_SOFTWARE)
