"""Takes a request: the task, its history, its first event, its embedding and its job appear together or not at all."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.errors import InvalidRequestError, OctraError
from octrad.foundation.ids import TaskId, new_id
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.embedding import EMBEDDING_MODEL, embed, vector_literal
from octrad.tasks.enqueue import enqueue
from octrad.tasks.find_task import lock_task
from octrad.tasks.machine import TaskState
from octrad.tasks.quota import UNLIMITED, Quota
from octrad.tasks.request_ids import find_answered, remember_answered, request_key
from octrad.tasks.storable_text import storable_text
from octrad.tasks.task import Role, Task, TaskPriority
from octrad.tasks.task_row import task_row
from octrad.tasks.transition import Cause, move_task
from octrad.tasks.usage import hold_to_quota

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
TITLE_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Submission:
    """What a user asks for. Without a `project` the task begins one of its own, named by its id."""

    request: str
    project: str = ""
    bundle_id: str = ""
    stack: str = ""
    model: str = ""
    checks: tuple[str, ...] = ()
    priority: TaskPriority = TaskPriority.P2
    rehearsal: bool = False
    allow_secrets: bool = False
    budget_usd: float | None = None
    skill_areas: tuple[str, ...] = ()


async def submit_task(
    database: Database,
    submission: Submission,
    *,
    request_id: str = "",
    uid: int = 0,
    user_name: str = "",
    quota: Quota = UNLIMITED,
) -> Task:
    """Records a task and queues it.

    Args:
        database: the truth.
        submission: what is asked for; limits are the API's to check.
        request_id: makes the call idempotent, unless empty.
        uid: the user who asks.
        user_name: what they are called.
        quota: what they may use.

    Raises:
        InvalidRequestError: a text holds what cannot be stored.
        RequestIdReusedError: the request id was used for another submission.
        QuotaExceededError: the user has used up what they may use.
        UnavailableError: the database does not answer.
    """
    _check_storable(submission)
    key = request_key("SubmitTask", request_id, uid, asdict(submission))
    async with database.connection() as connection, connection.transaction():
        answered = await find_answered(connection, key)
        if answered is not None:
            return await lock_task(connection, answered)
        await hold_to_quota(connection, uid, quota)
        draft = await _add_draft(connection, submission, uid, user_name)
        task = await move_task(connection, draft, TaskState.QUEUED, _cause(submission, uid))
        await enqueue(connection, task)
        await remember_answered(connection, key, task.id)
        # With the number of the event that was just appended.
        return await lock_task(connection, task.id)


def _cause(submission: Submission, uid: int) -> Cause:
    return Cause(Role.USER, "with secrets allowed in its snapshots" if submission.allow_secrets else "", uid)


def first_title(request: str) -> str:
    """What a task is called until the Boss names it: the first line of the request, cut."""
    line = next((line.strip() for line in request.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


async def _add_draft(connection: AsyncConnection, submission: Submission, uid: int, user_name: str) -> Task:
    task_id = TaskId(new_id())
    values = asdict(submission) | {
        "id": task_id,
        "uid": uid,
        "user_name": user_name,
        "project": submission.project or task_id,
        "title": first_title(submission.request),
        "checks": list(submission.checks),
        "skill_areas": list(submission.skill_areas),
    }
    await connection.execute(_QUERIES["add_project"], values)
    async with connection.cursor(row_factory=task_row) as cursor:
        await cursor.execute(_QUERIES["add_task"], values)
        draft = await cursor.fetchone()
    if draft is None:  # pragma: no cover - INSERT … RETURNING gives its row
        raise OctraError("the database took a task and gave nothing back")
    embedding = {
        "task_id": task_id,
        "model": EMBEDDING_MODEL,
        "embedding": vector_literal(embed(submission.request)),
    }
    await connection.execute(_QUERIES["add_embedding"], embedding)
    return draft


def _check_storable(submission: Submission) -> None:
    for field in ("request", "project", "bundle_id", "stack", "model"):
        _check_text(field, getattr(submission, field))
    for field, texts in (("checks", submission.checks), ("skill_areas", submission.skill_areas)):
        for text in texts:
            _check_text(field, text)


def _check_text(field: str, text: str) -> None:
    if storable_text(text) != text:
        raise InvalidRequestError(f"`{field}` holds a character that is no text (NUL or a lone surrogate)", field=field)
