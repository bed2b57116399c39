"""CancelTask: asks for the end of a task and answers when nothing of it is left."""

from octrad.api.parts import Parts
from octrad.tasks.cancel_task import cancel_task
from octrad.tasks.machine import is_final
from octrad.tasks.task import Task

# Longer than the partial snapshot of a large tree takes.
WAIT_S = 120.0


async def cancel_and_wait(parts: Parts, task: Task, *, reason: str, request_id: str, uid: int) -> Task:
    """The task in its final state, whose working directory is gone and of which no process runs.

    Raises:
        ExhaustedError: it has not ended within `WAIT_S`; it is still being wound up.
    """
    asked = await cancel_task(parts.database, task.id, reason=reason, request_id=request_id, uid=uid)
    return asked if is_final(asked.state) else await parts.log.wait_until_final(task.id, WAIT_S)
