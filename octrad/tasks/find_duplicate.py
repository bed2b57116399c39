"""Finds the earlier task that was asked for the same, or for nearly the same, so that nobody pays for it twice.

Equal is a matter of text (`normalise_request.py`), near one of vectors, of which those of one model are compared with
each other and with no others. Only requests on the same ground are compared: what they build on, the stack that they
ask for, and whether a rehearsal answers. What failed or was cancelled is no reason not to ask again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from octrad.foundation.errors import ConflictError
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries
from octrad.tasks.embedding import EMBEDDING_MODEL, embed, vector_literal
from octrad.tasks.ledger import ModelCall
from octrad.tasks.machine import TaskState
from octrad.tasks.normalise_request import hash_request

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
# What `compared_by` says of equal texts.
BY_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class RequestVector:
    """What a provider's embedding model makes of a request."""

    model: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a request is compared with earlier ones.

    Args:
        refuse_at: the cosine from which an earlier request is so near that this one is refused; None: it never is.
        vector: of a provider's model; None: only text and words are compared.
        calls: what was asked for that, for the ledger.
        remark: what the task's readers are to know of it; empty: nothing.
    """

    refuse_at: float | None = None
    vector: RequestVector | None = None
    calls: tuple[ModelCall, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A request, as it is compared; see `request_fingerprints` in the database."""

    request: str
    project: str
    ground: str
    stack: str
    rehearsal: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An earlier task that was asked for the same or nearly so. `snapshot_id` is empty where there is none to restore.

    `compared_by` is `text` for an equal request, else the model of the vectors.
    """

    task_id: TaskId
    title: str
    state: str
    snapshot_id: str
    compared_by: str
    similarity: float

    @property
    def words(self) -> str:
        """What it is, for people."""
        result = f"; its snapshot is {self.snapshot_id}" if self.snapshot_id else ""
        return f"task {self.task_id} “{self.title}” {self._likeness}; it is {self.state}{result}"

    @property
    def _likeness(self) -> str:
        if self.compared_by == BY_TEXT:
            return "has the same request"
        by = "its words" if self.compared_by == EMBEDDING_MODEL else self.compared_by
        return f"has nearly the same request ({100 * self.similarity:.0f} % by {by})"

    @property
    def next_command(self) -> str:
        """What to do with it."""
        if self.snapshot_id:
            return f"octractl restore {self.task_id} DIRECTORY"
        verb = "show" if self.state == TaskState.DONE else "watch"
        return f"octractl {verb} {self.task_id}"


class DuplicateRequestError(ConflictError):
    """The same was asked for before, or nearly so."""

    code = "duplicate_request"

    def __init__(self, duplicate: Duplicate) -> None:
        hint = f"{duplicate.next_command}; or submit it all the same, with --anyway"
        super().__init__(duplicate.words, hint=hint)
        self.duplicate = duplicate

    @property
    def facts(self) -> Mapping[str, str]:
        """The earlier task, for programs."""
        found = self.duplicate
        return {
            "task_id": found.task_id,
            "state": found.state,
            "snapshot_id": found.snapshot_id,
            "compared_by": found.compared_by,
            "similarity": f"{found.similarity:.4f}",
        }


async def ground_of(connection: AsyncConnection, project: str, bundle_id: str) -> str:
    """What a request builds on: a repository that was sent, the project that it continues, or nothing."""
    if bundle_id:
        return f"repository {bundle_id}"
    if not project:
        return ""
    row = await (await connection.execute(_QUERIES["continues_project"], {"project": project})).fetchone()
    return f"project {project}" if row and row[0] else ""


async def refuse_duplicate(connection: AsyncConnection, asked: Fingerprint, comparison: Comparison) -> None:
    """Accepts a request that nobody made before. Until the transaction ends, other submissions wait here.

    Raises:
        DuplicateRequestError: an earlier task was asked for the same, or nearly so.
    """
    if comparison.refuse_at is None:
        return
    await connection.execute(_QUERIES["lock_duplicates"])
    await connection.execute(_QUERIES["scan_in_order"])
    async with connection.cursor(row_factory=class_row(Duplicate)) as cursor:
        await cursor.execute(_QUERIES["find_duplicate"], _search(asked, comparison.vector, comparison.refuse_at))
        duplicate = await cursor.fetchone()
    if duplicate is not None:
        raise DuplicateRequestError(duplicate)


async def keep_fingerprint(
    connection: AsyncConnection, task_id: TaskId, asked: Fingerprint, vector: RequestVector | None
) -> None:
    """Writes down what later requests are compared with."""
    values = {
        "task_id": task_id,
        "sha256": hash_request(asked.request),
        "ground": asked.ground,
        "stack": asked.stack,
        "rehearsal": asked.rehearsal,
    }
    await connection.execute(_QUERIES["add_fingerprint"], values)
    for made in (RequestVector(EMBEDDING_MODEL, embed(asked.request)), *([vector] if vector else [])):
        embedding = {"task_id": task_id, "model": made.model, "embedding": vector_literal(made.values)}
        await connection.execute(_QUERIES["add_embedding"], embedding)


def _search(asked: Fingerprint, vector: RequestVector | None, similarity: float) -> dict[str, Any]:
    return {
        "sha256": hash_request(asked.request),
        "words": vector_literal(embed(asked.request)),
        "model": vector.model if vector else None,
        "meaning": vector_literal(vector.values) if vector else None,
        "dimensions": len(vector.values) if vector else 0,
        "similarity": similarity,
        "project": asked.project,
        "ground": asked.ground,
        "stack": asked.stack,
        "rehearsal": asked.rehearsal,
    }
