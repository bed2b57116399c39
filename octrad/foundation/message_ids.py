"""The events that an operator may wait for, search for or be warned of, each with an id that never changes.

A record that carries one (`extra={"message_id": MessageId.TASK_DONE}`) can be found in the journal by MESSAGE_ID or by
OCTRA_EVENT, its name. `systemd/octra.catalog` says of each what it means and what to do: `journalctl -x`. Pure.
"""

from enum import StrEnum


class MessageId(StrEnum):
    """A 128-bit id for each event, as journald wants it. An event that changes its meaning gets a new one."""

    DAEMON_READY = "3776a8387b174c0f8dcb150bb82a498e"
    DAEMON_STOPPING = "8141bf88255c4398bd9542b718c22ffb"
    CONFIGURATION_RELOADED = "b73e1df0b4624f87ad9030786326c94b"
    CONFIGURATION_REFUSED = "57dc67ac51eb46aba14e1120932737e6"
    LIBRARY_FAULTY = "30dcb64ff78e4381a4447cf713246e09"
    TASK_QUEUED = "af224edcf00d41c6a1797855ddb512aa"
    TASK_STARTED = "f5c7fe9d57f742b9a4054798b79c4965"
    TASK_DONE = "973ae1fef10e4110b3c49b1166659dd1"
    TASK_FAILED = "7c401862cd3141d6ba54a683d21c4270"
    TASK_CANCELLED = "56aa26745ae14732974e54e281f73297"
    TASK_PAUSED = "5c0f8a0d6a3f4d0fb1f0a4a3f3a9c1d7"
    SNAPSHOT_TAKEN = "30d5b92acaf04df4916af652f3954f67"
    SNAPSHOT_PRUNED = "8a5386a2004043edaa713c64780acd6b"
    DATABASE_LOST = "1a763d9f20b1412b8ba197f66ca53285"
    DATABASE_BACK = "9dd5b4cec4614836bc10a533fbe05039"
    SERVANT_STARTED = "0c011adde2ad4e579df9e4fe3e618050"
    SERVANT_LOST = "00ef8a685e364ae7a4beb4a0720e0706"
    CALL_AUDITED = "38acfc09e5154be9aa18223e44044763"
    CALL_REFUSED = "1290b4fd6601485399bd6a228275e925"
    SECRET_FOUND = "941a7624aaa14ed88a7fa0469e2def0f"  # noqa: S105 - the id of an event

    @property
    def event(self) -> str:
        """The event's name, as OCTRA_EVENT has it."""
        return self.name.lower()
