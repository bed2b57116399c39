"""Where log records go: structured fields in the journal under systemd, text that people read otherwise.

Modules log a constant message with `logging.getLogger(__name__)`; what it is about stands in fields. Fields come
from `extra={"task": …}`, or from `log_fields(...)` around everything that is done for a task. What an operator may
search for also has `extra={"message_id": MessageId.TASK_DONE}`.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TextIO

from octrad.foundation.message_ids import MessageId

# Our fields and their names in the journal: `journalctl OCTRA_TASK=k7f3`.
FIELDS: Final = {
    "task": "OCTRA_TASK",
    "project": "OCTRA_PROJECT",
    "role": "OCTRA_ROLE",
    "step": "OCTRA_STEP",
    # Of calls, for the audit.
    "uid": "OCTRA_UID",
    "user": "OCTRA_USER",
    "method": "OCTRA_METHOD",
    "target": "OCTRA_TARGET",
}
# Libraries that tell more than people want to know at their `info`.
_QUIET = ("httpx", "httpcore", "procrastinate", "asyncio", "grpc")
# It warns of every attempt while the database is away; we say that once a pause ourselves.
_SILENT = ("psycopg.pool",)
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}

_context: ContextVar[dict[str, str] | None] = ContextVar("log_fields", default=None)


@contextmanager
def log_fields(*, task: str = "", project: str = "", role: str = "", step: str = "") -> Iterator[None]:
    """Everything logged within carries these fields, besides those that were set around it."""
    given = {"task": task, "project": project, "role": role, "step": step}
    token = _context.set({**(_context.get() or {}), **{name: value for name, value in given.items() if value}})
    try:
        yield
    finally:
        _context.reset(token)


def set_up_logging(identifier: str, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Sends all records of this process to the journal or, where standard error is not it, to standard error.

    Args:
        identifier: octrad, octrad-gateway or octrad-runner.
        level: the least that is logged.
        stream: in place of standard error.
    """
    handler: logging.Handler
    if stream is None and is_journal(sys.stderr):
        handler = JournalHandler(identifier)
    else:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in _SILENT:
        logging.getLogger(name).setLevel(max(level, logging.ERROR))


def is_journal(stream: TextIO) -> bool:
    """Whether a stream is connected to the journal, which systemd says in JOURNAL_STREAM as DEVICE:INODE."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """The fields of a record: its own before those around it."""
    around = _context.get() or {}
    own = {name: str(value) for name in FIELDS if (value := getattr(record, name, None)) is not None}
    found = {name: own.get(name) or around.get(name, "") for name in FIELDS}
    return {name: value for name, value in found.items() if value}


class TextFormatter(logging.Formatter):
    """One line for people: time, level, message, fields; then the traceback, if there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Adds the fields to the line."""
        line = super().formatMessage(record)
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        return f"{line} ({fields})" if fields else line


class JournalHandler(logging.Handler):
    """Writes records to the journal with our fields, and with nothing of their arguments."""

    def __init__(self, identifier: str) -> None:
        super().__init__()
        # Only here: it needs libsystemd, and a machine without systemd need not have it.
        from systemd.journal import send  # noqa: PLC0415

        self._send = send
        self._identifier = identifier

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        try:
            # The line is a number for the library, which writes all other fields as they are.
            self._send(self.format(record), CODE_LINE=record.lineno, **journal_fields(record, self._identifier))
        except Exception:  # noqa: BLE001 - the rule of logging: a handler never raises
            self.handleError(record)


def journal_fields(record: logging.LogRecord, identifier: str) -> dict[str, str]:
    """What a record is in the journal, besides its message."""
    named = {FIELDS[name]: value for name, value in fields_of(record).items()}
    return {
        **named,
        **_event_fields(record),
        "PRIORITY": str(_PRIORITY.get(record.levelno, 6)),
        "SYSLOG_IDENTIFIER": identifier,
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_FUNC": record.funcName or "",
    }


def _event_fields(record: logging.LogRecord) -> dict[str, str]:
    match getattr(record, "message_id", None):
        case MessageId() as message_id:
            return {"MESSAGE_ID": str(message_id), "OCTRA_EVENT": message_id.event}
        case _:
            return {}
