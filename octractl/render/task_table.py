"""Lists of tasks as tables. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import tasks_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table
from octractl.render.task_page import rehearsal_mark, user_word
from octractl.states import priority_word, state_word


def task_table(tasks: Sequence[tasks_pb2.Task], now_s: float, width: int = 0) -> list[str]:
    """Returns the lines of a list of tasks.

    Args:
        tasks: in the order of their rows.
        now_s: Unix time that ages are counted to.
        width: columns of the terminal; 0 cuts nothing.
    """
    # Who they are is of interest only where there are several.
    has_users = len({task.uid for task in tasks}) > 1
    users = ("USER",) if has_users else ()
    rows = [_row(task, now_s, (user_word(task),) if has_users else ()) for task in tasks]
    return layout_table(("TASK", *users, "STATE", "PRI", "AGE", "STACK", "PROJECT", "TITLE"), rows, width)


def _row(task: tasks_pb2.Task, now_s: float, users: tuple[str, ...]) -> tuple[str, ...]:
    return (
        task.id,
        *users,
        state_word(task.state),
        priority_word(task.priority),
        figures.age(now_s - task.created_at.seconds),
        clean_line(task.stack) or "-",
        # A task without a project is one of its own; saying its id twice helps nobody.
        clean_line(task.project, 24) if task.project != task.id else "-",
        clean_line(task.title) + rehearsal_mark(task.rehearsal),
    )
