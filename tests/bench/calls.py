"""What a journaled model call costs over the bare request that it makes."""

import asyncio
import statistics
import time
from collections.abc import Iterator

import httpx

from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.embedded import ensure_running
from octrad.foundation.postgres.pool import Database
from octrad.gateway.calls import Completed, Completion, Message
from octrad.gateway.client import GatewayClient
from octrad.tasks.journal import Journal
from octrad.tasks.journal_step import Step
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Lease, Role
from tests.bench.figures import Figure
from tests.daemon import House, Rehearsal

CALLS = 200
QUESTION = Completion("validate", (Message("user", "Is it done?"),), '{"type": "object"}')


def measure(daemon: House, rehearsal: Rehearsal) -> Iterator[Figure]:
    reference = bare_calls(rehearsal)
    ours = asyncio.run(journaled_calls(daemon))
    yield Figure("orchestration per model call, journaled", ours, "ms", "over", 8, "bare httpx call", reference)


def bare_calls(rehearsal: Rehearsal) -> float:
    body = {"model": "large", "messages": [{"role": "user", "content": "Is it done?"}]}
    times = []
    with httpx.Client() as client:
        for number in range(CALLS):
            headers = {"X-Client-Request-Id": f"bare/validate/{number}/#1"}
            started = time.perf_counter()
            client.post(f"{rehearsal.base_url}/chat/completions", json=body, headers=headers).raise_for_status()
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


async def journaled_calls(daemon: House) -> float:
    """Steps of a real journal on the daemon's own database, asked through the real gateway."""
    connection = ServantConnection("gateway", daemon.state_dir, daemon.base / "octrad.toml")
    gateway = GatewayClient(connection)
    database = Database((await ensure_running(daemon.state_dir)).dsn)
    await database.open()
    try:
        task = await submit_task(database, Submission("A bench"))
        journal = Journal(database, Lease(task.id, task.generation))

        async def ask(step: Step) -> str:
            completed: Completed = await gateway.complete(step.request_id, QUESTION)
            step.on_recorded(lambda: gateway.acknowledge(step.request_id))
            return completed.answer_json

        times = []
        for number in range(CALLS):
            started = time.perf_counter()
            await journal.step(f"validate/{number}", ask, result=str, role=Role.BOSS)
            times.append((time.perf_counter() - started) * 1000)
        return statistics.median(times)
    finally:
        await database.close()
        await connection.close()
