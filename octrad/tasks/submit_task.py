"""Takes a request: the task, its history, its fingerprint, its first event and its job appear together or not."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from octrad.foundation.errors import InvalidRequestError, OctraError
from octrad.foundation.ids import TaskId, new_id
from octrad.foundation.postgres.pool import Database
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.append_events import NewEvent, append_events
from octrad.tasks.charge_calls import charge_calls
from octrad.tasks.enqueue import enqueue
from octrad.tasks.events import EventDetail, Remarked
from octrad.tasks.find_duplicate import (
    Comparison,
    DuplicateRequestError,
    Fingerprint,
    ground_of,
    keep_fingerprint,
    refuse_duplicate,
)
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
_UNCOMPARED: Final = Comparison()


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


async def submit_task(  # noqa: PLR0913 - who asks, for what, and what it was compared by
    database: Database,
    submission: Submission,
    *,
    request_id: str = "",
    uid: int = 0,
    user_name: str = "",
    quota: Quota = UNLIMITED,
    comparison: Comparison = _UNCOMPARED,
) -> Task:
    """Records a task and queues it.

    Args:
        database: the truth.
        submission: what is asked for; limits are the API's to check.
        request_id: makes the call idempotent, unless empty.
        uid: the user who asks.
        user_name: what they are called.
        quota: what they may use.
        comparison: how the request is compared with earlier ones; by default it is taken in any case.

    Raises:
        InvalidRequestError: a text holds what cannot be stored.
        RequestIdReusedError: the request id was used for another submission.
        QuotaExceededError: the user has used up what they may use.
        DuplicateRequestError: an earlier task was asked for the same, or nearly so.
        UnavailableError: the database does not answer.
    """
    _check_storable(submission)
    key = request_key("SubmitTask", request_id, uid, asdict(submission))
    try:
        async with database.connection() as connection, connection.transaction():
            answered = await find_answered(connection, key)
            if answered is not None:
                return await lock_task(connection, answered)
            await hold_to_quota(connection, uid, quota)
            fingerprint = await _fingerprint(connection, submission)
            await refuse_duplicate(connection, fingerprint, comparison)
            draft = await _add_draft(connection, submission, uid, user_name)
            await keep_fingerprint(connection, draft.id, fingerprint, comparison.vector)
            task = await move_task(connection, draft, TaskState.QUEUED, _cause(submission, uid))
            await _tell_comparison(connection, task, comparison)
            await enqueue(connection, task)
            await remember_answered(connection, key, task.id)
            # With the number of the event that was just appended.
            return await lock_task(connection, task.id)
    except DuplicateRequestError as error:
        if comparison.calls:
            # There is no task of its own: what the comparison cost is put down to the one that it found.
            async with database.connection() as connection, connection.transaction():
                await charge_calls(connection, error.duplicate.task_id, comparison.calls)
        raise


async def is_new_request(
    database: Database,
    submission: Submission,
    *,
    request_id: str,
    uid: int,
    quota: Quota,
    refuse_at: float | None,
) -> bool:
    """Whether the submission would become a task, as far as can be told without a vector that costs something.

    Args:
        database: the truth.
        submission: what is asked for.
        request_id: False for one that was answered before.
        uid: the user who asks.
        quota: what they may use.
        refuse_at: as for `Comparison`.

    Raises:
        As `submit_task`.
    """
    _check_storable(submission)
    key = request_key("SubmitTask", request_id, uid, asdict(submission))
    async with database.connection() as connection, connection.transaction():
        if await find_answered(connection, key) is not None:
            return False
        await hold_to_quota(connection, uid, quota)
        fingerprint = await _fingerprint(connection, submission)
        await refuse_duplicate(connection, fingerprint, Comparison(refuse_at=refuse_at))
    return True


def _cause(submission: Submission, uid: int) -> Cause:
    return Cause(Role.USER, "with secrets allowed in its snapshots" if submission.allow_secrets else "", uid)


def first_title(request: str) -> str:
    """What a task is called until the Boss names it: the first line of the request, cut."""
    line = next((line.strip() for line in request.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


async def _fingerprint(connection: AsyncConnection, submission: Submission) -> Fingerprint:
    return Fingerprint(
        request=submission.request,
        project=submission.project,
        ground=await ground_of(connection, submission.project, submission.bundle_id),
        stack=submission.stack,
        # Of rehearsals the scenario decides what comes of a request.
        rehearsal=f"rehearsal {submission.model}" if submission.rehearsal else "",
    )


async def _tell_comparison(connection: AsyncConnection, task: Task, comparison: Comparison) -> None:
    await charge_calls(connection, task.id, comparison.calls)
    details: list[EventDetail] = [call.answered() for call in comparison.calls]
    if comparison.remark:
        details.append(Remarked(comparison.remark, warning=True))
    if details:
        await append_events(connection, task.id, [NewEvent(detail, Role.DAEMON) for detail in details])


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
