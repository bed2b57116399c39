"""Where log records go: fields into journald under systemd, one line of plain text each on standard error elsewhere.

A record's `extra` fields in capitals (OCTRA_TASK, OCTRA_PROJECT, OCTRA_ROLE, OCTRA_STEP) become journal fields.
"""

import logging
import os
import sys

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# They say at INFO what is of no use to an operator, or log arguments that may hold what must not be logged.
_QUIET = ("procrastinate", "psycopg", "psycopg.pool", "grpc", "aiohttp.access", "LiteLLM", "httpx", "asyncio")


def set_up_logging(program: str, *, debug: bool = False) -> None:
    """Sends every record to the place that fits how we were started. Call it once, first."""
    root = logging.getLogger()
    root.handlers[:] = [_handler(program)]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _handler(program: str) -> logging.Handler:
    if _is_journal(os.environ.get("JOURNAL_STREAM", "")):
        from systemd.journal import JournalHandler  # noqa: PLC0415 - of no use elsewhere

        handler: logging.Handler = JournalHandler(SYSLOG_IDENTIFIER=program)
        return handler
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(logging.Formatter(_FORMAT))
    return plain


def _is_journal(stream: str) -> bool:
    """Whether standard error is the journal's stream that systemd names, as sd_journal_stream_fd(3) tells to check."""
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{found.st_dev}:{found.st_ino}"
