import io
import logging
import os
import sys
from collections.abc import Iterator

import pytest

from octrad.foundation.logging import (
    TextFormatter,
    fields_of,
    is_journal,
    journal_fields,
    log_fields,
    set_up_logging,
)
from octrad.foundation.message_ids import MessageId


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("octrad.x", logging.WARNING, "/x.py", 7, "hello %s", ("world",), None, "function")
    made.__dict__.update(extra)
    return made


@pytest.fixture
def _restored_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_record_carries_the_fields_around_it_and_its_own_first() -> None:
    with log_fields(task="t1", project="p"), log_fields(role="worker", task="t2"):
        assert fields_of(record(role="boss")) == {"task": "t2", "project": "p", "role": "boss"}
    assert fields_of(record()) == {}


def test_text_has_the_fields_at_its_end() -> None:
    line = TextFormatter().format(record(task="t1", step="plan"))
    assert line.endswith("WARNING octrad.x: hello world (task=t1 step=plan)")


def test_journal_gets_our_names_and_no_arguments() -> None:
    fields = journal_fields(record(task="t1", step="plan"), "octrad-runner")
    assert fields["OCTRA_TASK"] == "t1"
    assert fields["OCTRA_STEP"] == "plan"
    assert fields["PRIORITY"] == "4"
    assert fields["SYSLOG_IDENTIFIER"] == "octrad-runner"
    assert "OCTRA_ROLE" not in fields
    assert not any("world" in value for value in fields.values())


def test_journal_gets_the_id_and_the_name_of_an_event() -> None:
    fields = journal_fields(record(message_id=MessageId.TASK_DONE), "octrad")
    assert fields["MESSAGE_ID"] == MessageId.TASK_DONE
    assert fields["OCTRA_EVENT"] == "task_done"
    assert not {"MESSAGE_ID", "OCTRA_EVENT"} & set(journal_fields(record(), "octrad"))


def test_root_is_a_user_like_any_other() -> None:
    assert journal_fields(record(uid=0, user="root"), "octrad")["OCTRA_UID"] == "0"


def test_journal_is_recognised_by_device_and_inode(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a stream, not a path
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert is_journal(stream)
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + 1}")
        assert not is_journal(stream)
    assert not is_journal(io.StringIO())


@pytest.mark.usefixtures("_restored_root")
def test_text_goes_to_the_stream_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logging("octrad")
    logging.getLogger("octrad.y").info("started", extra={"task": "k7"})
    logging.getLogger("httpx").info("too much")
    assert stream.getvalue().endswith("INFO    octrad.y: started (task=k7)\n")
