"""Makes a mutating call idempotent: the same request id again changes nothing and gives the task of the first call."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection

from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.queries import load_queries

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))


class RequestIdReusedError(InvalidRequestError):
    """The request id was used before, for a call with other arguments."""

    code = "request_id_reused"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"request id `{request_id[:80]}` was used before for something else",
            field="request_id",
            hint="use a new request id for every new request",
        )


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What a call is known by: each user's ids are their own. An empty `request_id` is remembered for nobody."""

    method: str
    request_id: str
    digest: str
    uid: int


def request_key(method: str, request_id: str, uid: int, arguments: dict[str, Any]) -> RequestKey:
    """The key of a call with these arguments (anything that JSON can tell)."""
    digest = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()
    return RequestKey(method, request_id, digest, uid)


async def find_answered(connection: AsyncConnection, key: RequestKey) -> TaskId | None:
    """The task that the same call was answered with; None when it is new.

    Until the transaction ends, a second call with the same id waits here.

    Raises:
        RequestIdReusedError: the id belongs to another call.
    """
    if not key.request_id:
        return None
    values = {"uid": key.uid, "method": key.method, "request_id": key.request_id}
    await connection.execute(_QUERIES["lock_request"], values)
    row = await (await connection.execute(_QUERIES["find_request"], values)).fetchone()
    if row is None:
        return None
    if row[0] != key.digest:
        raise RequestIdReusedError(key.request_id)
    return TaskId(row[1])


async def remember_answered(connection: AsyncConnection, key: RequestKey, task_id: TaskId) -> None:
    """Writes down what the call was answered with, in the transaction that did it."""
    if not key.request_id:
        return
    values = {
        "method": key.method,
        "request_id": key.request_id,
        "digest": key.digest,
        "task_id": task_id,
        "uid": key.uid,
    }
    await connection.execute(_QUERIES["add_request"], values)
