"""What a question is told follows from when it was first put, whatever is said while octrad is away."""

from octrad.tasks.context.add_entries import say
from octrad.tasks.context.entry import Author, ContextScope, ContextType, Statement
from octrad.tasks.context.read_entries import ContextQuery, list_entries
from octrad.tasks.events import StepFinished
from octrad.tasks.machine import TaskState
from octrad.tasks.submit_task import Submission
from octrad.tasks.task import Role
from tests.integration.pipeline.desk import Desk


async def test_a_question_in_flight_is_asked_for_again_as_it_was_put(desk: Desk) -> None:
    task_id = await desk.submit("remembers", Submission(request="build it", project="greetings"))
    # The German worker's question is on its way, and the English one's answer is recorded.
    await desk.interrupt(task_id, StepFinished, "work/english/1")
    rule = Statement(ContextScope.GLOBAL, ContextType.RULE, "Be polite.")
    await say(desk.database, "greetings", Author(Role.USER, uid=0), rule)
    task = await desk.run(task_id)
    assert task.state is TaskState.DONE, task.note
    asked = desk.requests(task_id)
    assert sorted(asked) == sorted(set(asked))
    said = (await list_entries(desk.database, ContextQuery("greetings"))).entries
    assert [(entry.content, entry.step) for entry in said] == [
        ("Be polite.", ""),
        ("English was written first.", "work/english/1"),
    ]
