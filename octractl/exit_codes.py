"""The exit codes of octractl: a promise to scripts, so they are listed once, here, and printed by `--help`.

64 to 78 are those of sysexits.h where they fit.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How octractl ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DUPLICATE = 3
    DATA = 65
    NOT_FOUND = 66
    UNAVAILABLE = 69
    INTERNAL = 70
    CANNOT_CREATE = 73
    IO = 74
    TRY_LATER = 75
    PROTOCOL = 76
    NO_PERMISSION = 77
    CONFIGURATION = 78
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANINGS = {
    ExitCode.OK: "it worked; for submit, watch and retry: the task is done",
    ExitCode.FAILED: "the task ended other than done, its state does not allow this, or no model answered the question",
    ExitCode.USAGE: "octractl does not understand its arguments",
    ExitCode.DUPLICATE: "the same was asked for before, or nearly so; submit --anyway goes on",
    ExitCode.DATA: "the daemon refused what was sent, or a snapshot is damaged",
    ExitCode.NOT_FOUND: "no such task, snapshot, file or repository",
    ExitCode.UNAVAILABLE: "octrad is not running or does not answer",
    ExitCode.INTERNAL: "a bug, of octrad or of octractl",
    ExitCode.CANNOT_CREATE: "the target cannot be created",
    ExitCode.IO: "reading or writing failed",
    ExitCode.TRY_LATER: "a limit or quota was reached, and it may work later; or a budget, and the task is paused",
    ExitCode.PROTOCOL: "octrad is older or newer than this octractl and does not know the call",
    ExitCode.NO_PERMISSION: "your role does not allow this, or you may not open octrad's socket",
    ExitCode.CONFIGURATION: "octrad is not configured for this",
    ExitCode.INTERRUPTED: "interrupted; a task that was followed goes on",
    ExitCode.BROKEN_PIPE: "nobody reads the output any more",
}


def exit_code_table() -> str:
    """Returns the codes with their meanings, one a line."""
    return "\n".join(f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items())
