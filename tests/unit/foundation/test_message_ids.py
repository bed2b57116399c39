import re
import string
from pathlib import Path

import pytest

from octrad.foundation.logging import FIELDS
from octrad.foundation.message_ids import MessageId
from tests.daemon import ROOT

CATALOG = ROOT / "systemd" / "octra.catalog"
# What a body may quote: our own fields, and what journald knows of every record of ours.
QUOTABLE = {*FIELDS.values(), "SYSLOG_IDENTIFIER"}


def entries(catalog: Path) -> dict[str, list[str]]:
    """The lines of each entry, by its id."""
    found: dict[str, list[str]] = {}
    for line in catalog.read_text(encoding="utf-8").splitlines():
        if line.startswith("-- "):
            lines = found.setdefault(line.removeprefix("-- "), [])
            assert not lines, f"{line} is there twice"
        elif found:
            lines.append(line)
    return found


def test_the_catalog_covers_exactly_the_events() -> None:
    assert sorted(entries(CATALOG)) == sorted(MessageId)


def test_ids_are_of_128_bits_and_differ() -> None:
    assert all(re.fullmatch(r"[0-9a-f]{32}", message_id) for message_id in MessageId)
    assert len(set(MessageId)) == len(MessageId.__members__)


@pytest.mark.parametrize("message_id", MessageId, ids=lambda found: found.event)
def test_an_entry_says_what_happened_and_what_to_do(message_id: MessageId) -> None:
    lines = entries(CATALOG)[message_id]
    head, body = lines[: lines.index("")], lines[lines.index("") + 1 :]
    assert [line.partition(": ")[0] for line in head] == ["Subject", "Defined-By", "Support"]
    assert len(" ".join(body).split()) > 10
    assert set(re.findall(r"@([^@ ]+)@", "\n".join(lines))) <= QUOTABLE


def test_an_event_is_named_as_people_type_it() -> None:
    assert MessageId.TASK_DONE.event == "task_done"
    assert all(set(message_id.event) <= {*string.ascii_lowercase, "_"} for message_id in MessageId)
