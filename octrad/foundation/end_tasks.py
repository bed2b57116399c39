"""Ends asyncio tasks for certain: cancels them, and again, until they have ended.

Once is not always enough: before Python 3.12 `asyncio.wait_for` loses a cancellation that comes together with the
answer (https://github.com/python/cpython/issues/86296), and psycopg waits with it. A task that loops then never ends.
"""

import asyncio
from typing import Any

_ASK_AGAIN_S = 1.0


async def end_tasks(*tasks: asyncio.Task[Any], ask_again_s: float = _ASK_AGAIN_S) -> None:
    """Cancels the tasks and returns when all have ended; what they raised stays with them.

    One that has to tidy up gets `ask_again_s` seconds for it before it is cancelled again. Whoever is cancelled while
    it waits here asks them again at once and waits on: else it would leave them behind, working for nobody.
    Has no deadline of its own: a task that refuses to end for good is a bug, and its owner's deadline finds it.

    Raises:
        asyncio.CancelledError: the caller was cancelled meanwhile; the tasks have ended all the same.
    """
    cancelled: asyncio.CancelledError | None = None
    while unfinished := {task for task in tasks if not task.done()}:
        for task in unfinished:
            task.cancel()
        try:
            await asyncio.wait(unfinished, timeout=ask_again_s)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
