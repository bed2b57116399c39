"""What a person asked the advisor about a task, and what was said: recorded once, beside the steps of the runs.

The journal's writes need the owner's lease, and a task that has ended has none. So this is a transaction of its own,
under the lock of the task's row: an answer, its rows of the ledger and its events, all or nothing, however often.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from pydantic import TypeAdapter

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import NewEvent, append_events
from octrad.tasks.charge_calls import charge_calls
from octrad.tasks.events import EventDetail, Remarked
from octrad.tasks.find_task import lock_task
from octrad.tasks.ledger import ModelCall
from octrad.tasks.storable_text import storable_text
from octrad.tasks.task import Role

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
_REMARK_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True)
class Consultation:
    """A question and its answer; or, where there is none, what went wrong and what to do about it."""

    question: str
    answer: str = ""
    model: str = ""
    rehearsal: bool = False
    failure: str = ""
    hint: str = ""


async def record_consultation(
    database: Database, task_id: TaskId, step: str, consultation: Consultation, calls: Sequence[ModelCall]
) -> None:
    """Writes it down under the name of a step, with what it cost; what is there already stays as it is.

    Raises:
        TaskNotFoundError: there is no such task.
        UnavailableError: the database stays away.
    """
    values = {
        "task_id": task_id,
        "step": step,
        "role": Role.ADVISOR,
        "title": storable_text(f"Asked: {consultation.question}")[:200],
        "duration_ms": sum(call.duration_ms for call in calls),
        "result": TypeAdapter(Consultation).dump_json(consultation).decode(),
    }

    async def record(connection: AsyncConnection) -> None:
        await lock_task(connection, task_id)
        if await (await connection.execute(_QUERIES["add_step"], values)).fetchone() is None:
            return
        await charge_calls(connection, task_id, calls)
        details: list[EventDetail] = [*(call.answered() for call in calls), _remark(consultation)]
        await append_events(connection, task_id, [NewEvent(detail, Role.ADVISOR, step=step) for detail in details])

    await database.run(record)


def _remark(consultation: Consultation) -> Remarked:
    said = consultation.answer or f"no answer: {consultation.failure}"
    return Remarked(f"“{consultation.question}” {said}"[:_REMARK_CHARACTERS], warning=not consultation.answer)
