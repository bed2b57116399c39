"""The one error that octractl raises on purpose: what is wrong, what to do, and how the process ends."""

from collections.abc import Mapping

from octractl.exit_codes import ExitCode


class OctractlError(Exception):
    """Something that the caller must know.

    Args:
        message: what is wrong, without a full stop.
        hint: what to do about it; a command where there is one.
        exit_code: how the process ends.
        facts: what the daemon tells programs of it.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        exit_code: ExitCode = ExitCode.FAILED,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.facts = facts or {}
