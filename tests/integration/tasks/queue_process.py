"""An octrad's queue as a process of its own, to be killed.

Each task makes three steps, and waits for a file in the second.

Arguments: the DSN, and a directory. `DIR/log` gets a line for every piece of work that was really done.
"""

import asyncio
import os
import sys
from pathlib import Path

import octrad.tasks.queue
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.postgres.pool import Database
from octrad.tasks.cancel_signal import CancelSignal
from octrad.tasks.journal import Journal
from octrad.tasks.journal_step import Step
from octrad.tasks.machine import TaskState
from octrad.tasks.queue import TaskQueue
from octrad.tasks.task import Lease, Role
from octrad.tasks.transition import change_state
from octrad.tasks.wakeups import Wakeups
from tests.integration.tasks.steps import plain_advice


async def main(dsn: str, directory: Path) -> None:
    def note(line: str) -> None:
        with (directory / "log").open("a") as log:
            log.write(line + "\n")

    async def work(step: Step) -> str:
        note(step.request_id)
        while step.name == "second" and not (directory / "go").exists():  # noqa: ASYNC110 - a file cannot notify
            await asyncio.sleep(0.01)
        return step.name

    database = Database(dsn)
    await database.open()

    async def run(lease: Lease, _: CancelSignal) -> None:
        journal = Journal(database, lease)
        for name in ("first", "second", "third"):
            assert await journal.step(name, work, result=str, role=Role.WORKER) == name
        await change_state(database, lease, TaskState.REVIEW)
        await change_state(database, lease, TaskState.DONE)

    wakeups = Wakeups(dsn)
    listening = asyncio.create_task(wakeups.run())
    # Whatever it takes up it takes up at its start: nothing comes of a poll.
    octrad.tasks.queue._POLL_S = 3600.0  # type: ignore[misc] # noqa: SLF001 - a constant, on purpose
    queue = TaskQueue(database, wakeups, run, plain_advice, machine="here", tasks_at_once=4, drain_s=5)
    note(f"started {os.getpid()}")
    await queue.serve()
    await end_tasks(listening)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
