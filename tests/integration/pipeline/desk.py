"""A pipeline with everything real around it: PostgreSQL, both servants as processes, a rehearsal over HTTP.

Only the queue is left out: a test claims its task itself, so that it decides when a run is interrupted.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from octrad.foundation.cache import open_cache
from octrad.foundation.config import Advisor, Audit, Budgets, Cache, Config, Limits, Packages
from octrad.foundation.end_tasks import end_tasks
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Connection, Database
from octrad.foundation.settings import Settings
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library_in_use import LibraryInUse
from octrad.pipeline.price_list import PriceList
from octrad.pipeline.run import Pipeline
from octrad.pipeline.tools import Tools
from octrad.runner.client import RunnerClient
from octrad.tasks.cancel_signal import CancelSignal
from octrad.tasks.event_log import EventLog
from octrad.tasks.events import KINDS, Event
from octrad.tasks.find_task import get_task
from octrad.tasks.ownership import claim_task, release_task
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Lease, Task
from octrad.tasks.wakeups import Wakeups
from tests.daemon import Rehearsal

RUN_TIMEOUT_S = 100
MACHINE = "here"


_IS_THERE = "SELECT FROM events WHERE task_id = %(task)s AND kind = %(kind)s AND step = %(step)s"


class _HaltingDatabase(Database):
    """Connections that nobody gets away from once an event is there: whoever wrote last waits, and is cancelled."""

    def __init__(self, dsn: str, event: Mapping[str, str]) -> None:
        super().__init__(dsn)
        self.halted = asyncio.Event()
        self._event = event

    @asynccontextmanager
    async def connection(self, *, timeout_s: float = 5.0) -> AsyncIterator[Connection]:
        async with super().connection(timeout_s=timeout_s) as connection:
            yield connection
            is_there = await (await connection.execute(_IS_THERE, self._event)).fetchone() is not None
        if is_there:
            self.halted.set()
            await asyncio.Event().wait()


@dataclass
class Desk:
    """Where a test submits tasks and runs them."""

    database: Database
    state_dir: Path
    rehearsal: Rehearsal
    gateway: GatewayClient
    runner: RunnerClient
    limits: Limits
    budgets: Budgets = field(default_factory=Budgets)
    audit: Audit = field(default_factory=Audit)
    advisor: Advisor = field(default_factory=Advisor)
    library: LibraryInUse = field(default_factory=LibraryInUse)
    packages: Packages = field(default_factory=Packages)

    def pipeline(self, database: Database | None = None) -> Pipeline:
        """A new one, as after a start of the daemon."""
        tools = Tools(
            database=database or self.database,
            gateway=self.gateway,
            runner=self.runner,
            limits=self.limits,
            audit=self.audit,
            library=self.library.current,
            prices=PriceList(self.gateway),
            cache=open_cache(Cache()),
            advisor=self.advisor,
        )
        config = Config(
            limits=self.limits,
            budgets=self.budgets,
            audit=self.audit,
            advisor=self.advisor,
            packages=self.packages,
        )
        return Pipeline(tools, Settings(config), self.library)

    async def submit(self, scenario: str, submission: Submission | None = None) -> TaskId:
        submission = submission or Submission(request="build it")
        chain = ",".join(f"rehearsal/{name}" for name in scenario.split(","))
        return (await submit_task(self.database, replace(submission, model=chain))).id

    async def run(self, task_id: TaskId, cancel: CancelSignal | None = None) -> Task:
        """Claims the task and runs it to its end."""
        lease = await self.claim(task_id)
        async with asyncio.timeout(RUN_TIMEOUT_S):
            await self.pipeline().run_task(lease, cancel or CancelSignal())
        return await get_task(self.database, task_id)

    async def claim(self, task_id: TaskId) -> Lease:
        task = await claim_task(self.database, task_id, MACHINE)
        assert task is not None
        return Lease(task.id, task.generation)

    async def interrupt(self, task_id: TaskId, at: type, step: str) -> None:
        """Runs the task until an event of a step is there, not a write further, and stops as a drained daemon does."""
        lease = await self.claim(task_id)
        database = _HaltingDatabase(self.database.dsn, {"task": task_id, "kind": KINDS[at], "step": step})
        await database.open()
        running = asyncio.create_task(self.pipeline(database).run_task(lease, CancelSignal()))
        waiting = asyncio.create_task(database.halted.wait())
        await asyncio.wait({running, waiting}, timeout=RUN_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        await end_tasks(waiting, running)
        await database.close()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await release_task(self.database, lease, "the test drains")

    async def wait_for(self, task_id: TaskId, kind: type, step: str) -> None:
        """Waits until an event of this kind and step was written."""
        wakeups = Wakeups(self.database.dsn)
        listening = asyncio.create_task(wakeups.run())
        try:
            await wakeups.listening(10)
            async with asyncio.timeout(RUN_TIMEOUT_S):
                async for event in EventLog(self.database, wakeups).watch(task_id, 0):
                    if isinstance(event, Event) and event.step == step and isinstance(event.detail, kind):
                        return
        finally:
            await end_tasks(listening)

    async def events(self, task_id: TaskId, kind: type | None = None) -> list[Event]:
        log = EventLog(self.database, Wakeups(self.database.dsn))
        found = await log.read(task_id, 0, limit=10_000)
        return [event for event in found if kind is None or isinstance(event.detail, kind)]

    def requests(self, task_id: TaskId) -> list[str]:
        """The steps that the rehearsal was asked for, in order."""
        return [row["step"] for row in self.rehearsal.requests(task_id)]

    def tree(self, task_id: TaskId) -> list[Path]:
        """What is left of the task's working directory."""
        return list((self.state_dir / "runner" / "trees").glob(f"{task_id}*"))

    def git(self, store_path: str, *arguments: str) -> str:
        """Runs git in a snapshot."""
        argv = ["git", "-c", "safe.directory=*", "-C", store_path, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout.strip()
