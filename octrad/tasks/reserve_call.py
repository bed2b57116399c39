"""Admits a task's model call: what it may cost at most is reserved in every budget that limits the task, or in none.

The journal lets go of the reservation in the statement that records the step with its costs.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import NewEvent, StaleLeaseError, append_events
from octrad.tasks.budget import Admitted, Budget, Refused, Standing, Verdict, Wait, judge, warning
from octrad.tasks.budget_standing import lock_budgets, read_standings
from octrad.tasks.events import Remarked
from octrad.tasks.task import Lease, Role

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# Calls under way take seconds, of this octrad or of another.
LOOK_AGAIN_S: Final = 0.5


async def wait_for_room(
    database: Database,
    lease: Lease,
    step: str,
    budgets: Callable[[], Sequence[Budget]],
    most_usd: float,
    *,
    look_again_s: float = LOOK_AGAIN_S,
) -> Standing | None:
    """Reserves the call as soon as calls that are under way leave room for it; gives the budget that has none for it.

    Args:
        database: the truth; an outage is waited out.
        lease: the owner's.
        step: which makes the call.
        budgets: gives those that limit the task now: midnight may pass, and limits be changed, while it waits.
        most_usd: what the call may cost at most.
        look_again_s: how long to wait before asking again.

    Raises:
        StaleLeaseError: the task has another owner, or none.
    """
    while True:
        match await reserve_call(database, lease, step, budgets(), most_usd):
            case Admitted():
                return None
            case Refused(full):
                return full
            case Wait():
                _end_if_cancelled()
                await asyncio.sleep(look_again_s)


async def reserve_call(
    database: Database, lease: Lease, step: str, budgets: Sequence[Budget], most_usd: float
) -> Verdict:
    """Whether the call may be made now. Admitted before, the same step is admitted again.

    Args:
        database: the truth; an outage is waited out.
        lease: the owner's.
        step: which makes the call.
        budgets: those that limit the task.
        most_usd: what the call may cost at most.

    Raises:
        StaleLeaseError: the task has another owner, or none.
    """

    async def reserve(connection: AsyncConnection) -> Verdict:
        await lock_budgets(connection)
        values = {"task_id": lease.task_id, "generation": lease.generation, "step": step, "usd": most_usd}
        if await _is_there(connection, "keep_reservation", values):
            return Admitted()
        standings = await read_standings(connection, budgets)
        await _warn(connection, lease, standings)
        others_in_flight = await _is_there(connection, "makes_other_calls", values)
        verdict = judge(standings, others_in_flight=others_in_flight)
        if verdict == Admitted() and (await connection.execute(_QUERIES["add_reservation"], values)).rowcount == 0:
            raise StaleLeaseError(lease)
        return verdict

    return await database.run(reserve)


async def _is_there(connection: AsyncConnection, query: str, values: dict[str, object]) -> bool:
    return await (await connection.execute(_QUERIES[query], values)).fetchone() is not None


async def _warn(connection: AsyncConnection, lease: Lease, standings: Sequence[Standing]) -> None:
    """Tells of each limit that is nearly reached, once, in the task that came to it first."""
    for standing in standings:
        if not standing.is_nearly_reached:
            continue
        budget = standing.budget
        values = {
            "scope": budget.scope,
            "name": budget.name,
            "period": budget.period,
            "limit_usd": standing.limit_usd,
        }
        if (await connection.execute(_QUERIES["note_warning"], values)).rowcount:
            event = NewEvent(Remarked(warning(standing), warning=True), Role.DAEMON)
            await append_events(connection, lease.task_id, [event], lease=lease)


def _end_if_cancelled() -> None:
    """A cancelling that came together with an answer of the database is lost (see `end_tasks.py`): it is found here.

    Else what was cancelled with the others of its group would wait for what they reserved, for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
