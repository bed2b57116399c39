"""What a journaled model call costs over the bare request that it makes."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.postgres.embedded import ensure_running
from octrad.foundation.postgres.pool import Database
from octrad.gateway.calls import Attempt, Completed, Completion, Message
from octrad.gateway.client import GatewayClient
from octrad.tasks.journal import Journal
from octrad.tasks.journal_step import Step
from octrad.tasks.ledger import ModelCall
from octrad.tasks.migrate import migrate
from octrad.tasks.ownership import claim_task
from octrad.tasks.submit_task import Submission, submit_task
from octrad.tasks.task import Lease, Role
from tests.bench.figures import Figure
from tests.bench.timing import Pair, await_ms, medians
from tests.daemon import House, Rehearsal

CALLS = 200
WARM_UP_CALLS = 20
QUESTION = Completion("validate", (Message("user", "Is it done?"),), '{"type": "object"}')


def measure(daemon: House, rehearsal: Rehearsal) -> Iterator[Figure]:
    times = asyncio.run(calls_in_turn(daemon, rehearsal))
    yield Figure(
        "orchestration per model call, journaled", times.ours, "ms", "over", 8, "bare httpx call", times.reference
    )


async def calls_in_turn(daemon: House, rehearsal: Rehearsal) -> Pair:
    """A step of a real journal asked through the daemon's own gateway, and the bare request, in turn."""
    connection = ServantConnection("gateway", daemon.state_dir, daemon.base / "octrad.toml")
    gateway = GatewayClient(connection)
    try:
        async with own_journal() as journal, httpx.AsyncClient() as client:
            pairs = [
                (
                    await await_ms(ask_journaled(journal, gateway, number)),
                    await await_ms(ask_bare(client, rehearsal, number)),
                )
                for number in range(WARM_UP_CALLS + CALLS)
            ]
        return medians(pairs[WARM_UP_CALLS:])
    finally:
        await connection.close()


@asynccontextmanager
async def own_journal() -> AsyncIterator[Journal]:
    """The journal of a task in a database that no daemon serves: the daemon would claim the task."""
    with tempfile.TemporaryDirectory(prefix="octra-bench-") as state_dir:
        postgres = await ensure_running(Path(state_dir))
        try:
            await migrate(postgres.dsn)
            database = Database(postgres.dsn)
            await database.open()
            submitted = await submit_task(database, Submission("A bench"))
            task = await claim_task(database, submitted.id, "bench")
            assert task
            journal = Journal(database, Lease(task.id, task.generation))
            yield journal
            await journal.close()
            await database.close()
        finally:
            await postgres.stop()


async def ask_journaled(journal: Journal, gateway: GatewayClient, number: int) -> None:
    """One step as the pipeline makes it: asked, charged in the ledger, recorded, acknowledged."""

    async def ask(step: Step) -> str:
        step.on_recorded(lambda: gateway.acknowledge(step.request_id))
        completed: Completed = await gateway.complete(step.request_id, QUESTION)
        for attempt in completed.attempts:
            step.record_call(ledger_row(attempt))
        return completed.answer_json

    await journal.step(f"validate/{number}", ask, result=str, role=Role.BOSS)


def ledger_row(attempt: Attempt) -> ModelCall:
    return ModelCall(attempt.model, attempt.outcome, attempt.input_tokens, attempt.output_tokens)


async def ask_bare(client: httpx.AsyncClient, rehearsal: Rehearsal, number: int, model: str = "large") -> None:
    body = {"model": model, "messages": [{"role": "user", "content": "Is it done?"}]}
    headers = {"X-Client-Request-Id": f"bare/validate/{number}/#1"}
    (await client.post(f"{rehearsal.base_url}/chat/completions", json=body, headers=headers)).raise_for_status()
